/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the integration services share: the header, negotiation, one call after the other.
 *
 * A call's answer has the service's message type, the answer flag and the call's transaction id.
 * The id tells an answer that comes too late from the one that is waited for; Linux sends back
 * what it got. The transaction id of the packet cannot do that: the file copy daemon of Linux 6.10
 * and later answers with all ones there.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "replay/host/ic.h"

#define MAX_TOLD 8 /* faults of one opening that are told */

enum { NEGOTIATE = 0 }; /* message type */
enum { TRANSACTION = 1, REQUEST = 2, ANSWER = 4 };

#define PIPE_DATA 1
#define BEFORE_HEADER 24u /* descriptor and pipe header */
#define HEADER_LEN 20u
#define N_HEADER_VALUES 9

#define NEGOTIATION "hv_icmsg.negotiate."
#define CHOICE "hv_icmsg.negotiate_response."

static struct vb_ic *ic_of(struct vb_hdevice *d)
{
	return vb_hdevice_state(d);
}

uint64_t vb_ic_now(const struct vb_ic *ic)
{
	return vb_clock_mono(vb_hdevice_clock(ic->device));
}

/* The device has one timer for the call and the service. */
static void set_timer(struct vb_ic *ic)
{
	uint64_t at = ic->due_ns;

	if (ic->first && ic->first->deadline_ns && ic->first->deadline_ns < at)
		at = ic->first->deadline_ns;
	vb_hdevice_wake(ic->device, at);
}

void vb_ic_wake(struct vb_ic *ic, uint64_t at_ns)
{
	ic->due_ns = at_ns;
	set_timer(ic);
}

/* ---- calls ---- */

/* Takes the first call out of the queue. */
static void end_first(struct vb_ic *ic, const struct vb_ic_answer *a)
{
	struct vb_ic_call *call = ic->first;

	ic->first = call->next;
	if (!ic->first)
		ic->last = NULL;
	call->ended(ic, call, a);
}

static void end_all(struct vb_ic *ic, int error)
{
	const struct vb_ic_answer a = { .error = error };

	while (ic->first)
		end_first(ic, &a);
}

/* Send what may be sent: the first call, unless it waits for its answer. */
static void pump(struct vb_ic *ic)
{
	while (ic->first && !ic->first->sent) {
		struct vb_ic_call *call = ic->first;
		struct vb_ic_answer a = { 0 };

		if (!call->deadline_ns)
			call->deadline_ns = vb_ic_now(ic) + call->timeout_ns;
		call->id = ic->next_id;
		a.error = call->send(ic, call);
		if (a.error == -EAGAIN)
			break;
		if (a.error) {
			end_first(ic, &a);
			continue;
		}
		ic->next_id++;
		call->sent = true;
		call->sent_ns = vb_ic_now(ic);
	}
	set_timer(ic);
}

static void append(struct vb_ic *ic, struct vb_ic_call *call)
{
	call->next = NULL;
	call->deadline_ns = 0;
	call->sent = false;
	if (ic->last)
		ic->last->next = call;
	else
		ic->first = call;
	ic->last = call;
	if (ic->first == call)
		pump(ic);
}

void vb_ic_submit(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct vb_ic_answer a = { .error = -ENOTCONN };

	call->type = ic->service->type;
	if (ic->state == VB_IC_READY || ic->state == VB_IC_NEGOTIATING)
		append(ic, call);
	else
		call->ended(ic, call, &a);
}

/* Fields of the header. */
#define IC "hv_icmsg."
#define TYPE IC "type"
#define STATUS IC "status"
#define ID IC "transaction_id"
#define FLAGS IC "flags"

int vb_ic_send(struct vb_ic *ic, const struct vb_ic_call *call, uint32_t body_len,
	       const struct vb_value *values, size_t n)
{
	struct vb_hchannel *c = vb_hdevice_primary(ic->device);
	const struct vb_value head[N_HEADER_VALUES] = {
		VB_NUMBER("hv_ring.type", VB_PACKET_IN_BAND),
		VB_NUMBER("hv_pipe.type", PIPE_DATA),
		VB_NUMBER("hv_pipe.length", HEADER_LEN + body_len),
		VB_NUMBER(IC "framework_version", ic->framework),
		VB_NUMBER(TYPE, call->type),
		VB_NUMBER(IC "message_version", ic->version),
		VB_NUMBER(IC "size", body_len),
		VB_NUMBER(ID, call->id),
		VB_NUMBER(FLAGS, TRANSACTION | REQUEST),
	};
	struct vb_value all[N_HEADER_VALUES + VB_IC_MAX_VALUES];

	if (!c)
		return -ENOTCONN;
	if (n > VB_IC_MAX_VALUES)
		return -EINVAL;
	memcpy(all, head, sizeof(head));
	memcpy(all + N_HEADER_VALUES, values, n * sizeof(*values));
	return vb_hchannel_send_values(c, BEFORE_HEADER + HEADER_LEN + body_len, all,
				       N_HEADER_VALUES + n);
}

int vb_ic_read(const struct vb_hpacket *p, struct vb_wanted *wanted, size_t n, size_t n_needed)
{
	vb_values_read(vb_root_proto(VB_KIND_PACKET), &p->frame, wanted, n, NULL);
	for (size_t i = 0; i < n_needed; i++)
		if (!wanted[i].found)
			return -EPROTO;
	return 0;
}

/* ---- negotiation ---- */

/* Names of the elements of both arrays of versions. */
#define PATH_LEN 48

static void add_versions(struct vb_value *values, char (*paths)[PATH_LEN], const char *array,
			 const struct vb_ic_versions *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		snprintf(paths[i], PATH_LEN, NEGOTIATION "%s[%u]", array, i);
		values[i] = (struct vb_value)VB_NUMBER(paths[i], v->version[i]);
	}
}

static int send_negotiation(struct vb_ic *ic, struct vb_ic_call *call)
{
	char paths[2 * VB_IC_MAX_VERSIONS][PATH_LEN];
	uint32_t n_frameworks = ic->frameworks.n, n = n_frameworks + ic->versions.n;
	struct vb_value values[2 + 2 * VB_IC_MAX_VERSIONS] = {
		VB_NUMBER(NEGOTIATION "framework_count", ic->frameworks.n),
		VB_NUMBER(NEGOTIATION "message_count", ic->versions.n),
	};

	add_versions(values + 2, paths, "framework", &ic->frameworks);
	add_versions(values + 2 + n_frameworks, paths + n_frameworks, "message", &ic->versions);
	return vb_ic_send(ic, call, 8 + 4 * n, values, 2 + n);
}

static bool lists(const struct vb_ic_versions *v, uint32_t version)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->version[i] == version)
			return true;
	return false;
}

/* What the guest chose. 0: versions of ours; -ENOTSUP: none; -EPROTO: others. */
static int read_choice(struct vb_ic *ic, const struct vb_hpacket *p)
{
	struct vb_wanted w[] = { { .path = CHOICE "framework_count" },
				 { .path = CHOICE "message_count" },
				 { .path = CHOICE "framework" },
				 { .path = CHOICE "message" } };
	uint32_t framework, version;

	if (vb_ic_read(p, w, 4, 2))
		return -EPROTO;
	if (!w[0].number || !w[1].number)
		return -ENOTSUP;
	if (w[0].number != 1 || w[1].number != 1 || !w[2].found || !w[3].found)
		return -EPROTO;
	framework = (uint32_t)w[2].number;
	version = (uint32_t)w[3].number;
	if (!lists(&ic->frameworks, framework) || !lists(&ic->versions, version))
		return -EPROTO;
	ic->framework = framework;
	ic->version = version;
	return 0;
}

static void not_agreed(struct vb_ic *ic, enum vb_ic_state state, int error, const char *why)
{
	ic->state = state;
	vb_ic_complain(ic, "no versions are agreed: %s", why);
	end_all(ic, error);
}

static void negotiated(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	int err = a->error ? a->error : read_choice(ic, a->packet);

	(void)call;
	if (err == -ENOTCONN)
		return;
	if (err == -ETIMEDOUT)
		return not_agreed(ic, VB_IC_SILENT, err, "the guest has not answered");
	if (err == -ENOTSUP)
		return not_agreed(ic, VB_IC_REFUSED, err, "the guest supports none of ours");
	if (err)
		return not_agreed(ic, VB_IC_REFUSED, err, "the answer makes no sense");
	ic->state = VB_IC_READY;
	if (ic->service->ready)
		ic->service->ready(ic);
}

/* ---- what the bus tells ---- */

int vb_ic_start(struct vb_hdevice *d, const struct vb_ic_service *service, struct vb_err *err)
{
	struct vb_ic *ic = ic_of(d);

	(void)err;
	ic->device = d;
	ic->service = service;
	ic->state = VB_IC_CLOSED;
	ic->due_ns = VB_NEVER;
	return 0;
}

void vb_ic_opened(struct vb_hdevice *d, struct vb_hchannel *c)
{
	struct vb_ic *ic = ic_of(d);

	(void)c;
	ic->state = VB_IC_NEGOTIATING;
	ic->framework = ic->version = 0;
	ic->n_told = 0;
	ic->negotiation = (struct vb_ic_call){
		.timeout_ns = ic->negotiate_ns,
		.send = send_negotiation,
		.ended = negotiated,
		.type = NEGOTIATE,
	};
	append(ic, &ic->negotiation);
}

static void close_down(struct vb_ic *ic)
{
	ic->state = VB_IC_CLOSED;
	end_all(ic, -ENOTCONN);
	if (ic->service->closed)
		ic->service->closed(ic);
	vb_ic_wake(ic, VB_NEVER);
}

void vb_ic_closed(struct vb_hdevice *d, struct vb_hchannel *c)
{
	(void)c;
	close_down(ic_of(d));
}

void vb_ic_stop(struct vb_hdevice *d)
{
	close_down(ic_of(d));
}

void vb_ic_room(struct vb_hdevice *d, struct vb_hchannel *c)
{
	(void)c;
	pump(ic_of(d));
}

void vb_ic_timer(struct vb_hdevice *d, uint64_t now_ns)
{
	struct vb_ic *ic = ic_of(d);
	const struct vb_ic_answer late = { .error = -ETIMEDOUT };

	if (ic->first && ic->first->deadline_ns && ic->first->deadline_ns <= now_ns)
		end_first(ic, &late);
	if (ic->due_ns <= now_ns) {
		ic->due_ns = VB_NEVER;
		if (ic->service->due)
			ic->service->due(ic, now_ns);
	}
	pump(ic);
}

bool vb_ic_busy(struct vb_hdevice *d)
{
	return ic_of(d)->first;
}

/* ---- answers ---- */

void vb_ic_complain(struct vb_ic *ic, const char *fmt, ...)
{
	char text[256];
	va_list args;

	if (ic->n_told > MAX_TOLD)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	vb_hdevice_trouble(ic->device, "%s%s", text,
			   ic->n_told++ == MAX_TOLD ? " (no more is told)" : "");
}

/* The negotiation may be answered after all. */
static bool is_late_choice(const struct vb_ic *ic, const struct vb_wanted *type,
			   const struct vb_wanted *id)
{
	return ic->state == VB_IC_SILENT && type->number == NEGOTIATE &&
	       id->number == ic->negotiation.id;
}

void vb_ic_packet(struct vb_hdevice *d, struct vb_hchannel *c, const struct vb_hpacket *p)
{
	struct vb_ic *ic = ic_of(d);
	struct vb_ic_call *call = ic->first;
	struct vb_wanted w[] = {
		{ .path = TYPE }, { .path = ID }, { .path = FLAGS }, { .path = STATUS }
	};
	struct vb_ic_answer a = { .packet = p };

	(void)c;
	if (p->type != VB_PACKET_IN_BAND || vb_ic_read(p, w, 4, 4))
		return vb_ic_complain(ic, "a packet of %u bytes is no message of a service",
				      p->payload_len);
	a.status = (uint32_t)w[3].number;
	if (!(w[2].number & ANSWER))
		return vb_ic_complain(ic, "a message is no answer (flags 0x%x)",
				      (unsigned int)w[2].number);
	if (is_late_choice(ic, &w[0], &w[1]))
		return negotiated(ic, &ic->negotiation, &a);
	if (!call || !call->sent || w[1].number != call->id)
		return vb_ic_complain(ic, "answer %u comes too late, or was not asked for",
				      (unsigned int)w[1].number);
	if (w[0].number != call->type)
		return vb_ic_complain(ic, "an answer has message type %u instead of %u",
				      (unsigned int)w[0].number, call->type);
	a.latency_ns = vb_ic_now(ic) - call->sent_ns;
	end_first(ic, &a);
	pump(ic);
}
