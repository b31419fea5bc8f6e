/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection: hypercalls in, versions, and who deals with which message.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

/* Hypercall status words (TLFS, "Hypercall Status Codes"). */
enum {
	HV_SUCCESS = 0,
	HV_INVALID_PARAMETER = 5,
	HV_INSUFFICIENT_MEMORY = 11,
	HV_INVALID_CONNECTION_ID = 18,
};

#define TROUBLES_PER_SECOND 50u /* a guest that does nothing else must not fill a disk */

void vb_host_trouble(struct vb_host *h, const char *fmt, ...)
{
	uint64_t second = vb_host_now(h) / 1000000000;
	char line[256];
	va_list ap;

	if (second != h->trouble_second)
		h->n_troubles = 0;
	h->trouble_second = second;
	if (!h->opt.trouble || h->n_troubles++ >= TROUBLES_PER_SECOND)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	h->opt.trouble(h->opt.ctx, line);
}

/* ---- messages out ---- */

void vb_bus_send_version(struct vb_host *h, uint32_t version, const struct vb_value *values,
			 size_t n, uint32_t len)
{
	struct vb_frame f = { .kind = VB_KIND_CONTROL,
			      .direction = VB_TO_GUEST,
			      .wire_len = len,
			      .vmbus_version = version };
	uint8_t msg[VB_MAX_CONTROL] = { 0 };
	int rc = vb_values_encode(vb_root_proto(VB_KIND_CONTROL), &f, values, n, msg, len);

	if (!rc)
		rc = vb_synic_post(&h->synic, msg, len);
	if (rc)
		vb_host_trouble(h, "message %u cannot be sent: %s", (unsigned int)values[0].number,
				strerror(-rc));
}

void vb_bus_send(struct vb_host *h, const struct vb_value *values, size_t n, uint32_t len)
{
	vb_bus_send_version(h, h->version, values, n, len);
}

static void delivered(void *ctx, const uint8_t *msg, uint32_t len)
{
	struct vb_host *h = ctx;

	h->stats.messages_out++;
	vb_log_control(h, VB_TO_GUEST, msg, len);
}

/* ---- messages in ---- */

bool vb_bus_read(struct vb_host *h, const struct vb_frame *f, struct vb_wanted *wanted, size_t n)
{
	if (vb_values_read(vb_root_proto(VB_KIND_CONTROL), f, wanted, n, NULL) == n)
		return true;
	vb_host_trouble(h, "a message of %u bytes from the guest is too short: no %s", f->wire_len,
			wanted[n - 1].path);
	return false;
}

void vb_bus_disconnect(struct vb_host *h)
{
	uint32_t version = h->version;

	for (uint32_t relid = 1; relid < h->relid_end; relid++)
		if (h->channels[relid])
			vb_channel_close(h->channels[relid]);
	vb_gpadl_forget_all(h);
	vb_offers_forget(h);
	h->version = 0;
	if (version && h->opt.connected)
		h->opt.connected(h->opt.ctx, 0);
}

static const uint32_t versions[] = { VB_VMBUS_2_4, VB_VMBUS_3_0, VB_VMBUS_4_0,
				     VB_VMBUS_4_1, VB_VMBUS_5_0, VB_VMBUS_5_1,
				     VB_VMBUS_5_2, VB_VMBUS_5_3, VB_VMBUS_6_0 };
#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

uint32_t vb_bus_version_by_name(const char *name)
{
	char text[16];

	for (size_t i = 0; i < N_VERSIONS; i++) {
		snprintf(text, sizeof(text), "%u.%u", versions[i] >> 16, versions[i] & 0xffff);
		if (!strcmp(text, name))
			return versions[i];
	}
	return 0;
}

bool vb_host_speaks(uint32_t version)
{
	for (size_t i = 0; i < N_VERSIONS; i++)
		if (versions[i] == version)
			return true;
	return false;
}

static bool is_version(const struct vb_host *h, uint32_t version)
{
	return vb_host_speaks(version) && !(h->opt.max_version && version > h->opt.max_version);
}

static void send_version(struct vb_host *h, uint32_t version, bool is_supported)
{
	bool is_new = version >= VB_VMBUS_5_0;
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_VERSION_RESPONSE),
		VB_NUMBER("vmbus.version_response.supported", is_supported),
		is_new ? (struct vb_value)VB_NUMBER("vmbus.version_response.connection_id",
						    VB_CONNECTION_MESSAGES) :
			 (struct vb_value)VB_NUMBER("vmbus.version_response.selected_version",
						    version),
	};

	vb_bus_send_version(h, version, values, is_supported ? 3 : 2,
			    is_supported && version >= VB_VMBUS_6_0 ? 20 : 16);
}

static void on_contact(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted w[] = { { .path = "vmbus.initiate_contact.version" },
				 { .path = "vmbus.initiate_contact.target_vp" } };
	struct vb_wanted sint = { .path = "vmbus.initiate_contact.sint" };
	uint32_t version, vp;
	bool is_good;

	if (!vb_bus_read(h, f, w, 2))
		return;
	/* a kernel that starts without the old one's farewell (kexec, a crash kernel): what waits
	 * for the old one is not for this one */
	if (h->version)
		vb_synic_clear(&h->synic);
	vb_bus_disconnect(h);
	version = (uint32_t)w[0].number;
	vp = version >= VB_VMBUS_3_0 ? (uint32_t)w[1].number : 0;
	vb_values_read(vb_root_proto(VB_KIND_CONTROL), f, &sint, 1, NULL);
	is_good = is_version(h, version) && vp < h->opt.n_vps &&
		  (version < VB_VMBUS_5_0 || (sint.found && sint.number == VB_SINT));
	if (vp < h->opt.n_vps)
		h->synic.message_vp = vp;
	if (is_good)
		h->version = version;
	send_version(h, version, is_good);
	if (is_good && h->opt.connected)
		h->opt.connected(h->opt.ctx, version);
}

static void on_request_offers(struct vb_host *h, const struct vb_frame *f)
{
	(void)f;
	vb_offers_requested(h);
}

static void on_released(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted relid = { .path = "vmbus.relid_released.relid" };

	/* Linux 6.1 releases all ids once more behind UNLOAD, when none is left */
	if (h->version && vb_bus_read(h, f, &relid, 1))
		vb_offer_released(h, (uint32_t)relid.number);
}

static void on_unload(struct vb_host *h, const struct vb_frame *f)
{
	const struct vb_value values[] = { VB_NUMBER("vmbus.type", VB_CTL_UNLOAD_RESPONSE) };

	(void)f;
	vb_bus_disconnect(h);
	vb_bus_send(h, values, 1, 8);
}

/* There are no hv_sock services here: what the guest wants to reach refuses it. */
static void on_tl_connect(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted w[] = { { .path = "vmbus.tl_connect_request.endpoint" },
				 { .path = "vmbus.tl_connect_request.service" } };

	if (!vb_bus_read(h, f, w, 2) || h->version < VB_VMBUS_4_1)
		return;
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_TL_CONNECT_RESULT),
		VB_DATA("vmbus.tl_connect_result.endpoint", w[0].bytes, w[0].n_bytes),
		VB_DATA("vmbus.tl_connect_result.service", w[1].bytes, w[1].n_bytes),
		VB_NUMBER("vmbus.tl_connect_result.status", VB_STATUS_REFUSED),
	};

	vb_bus_send(h, values, 4, 44);
}

struct handler {
	uint32_t number;
	uint32_t since; /* version */
	bool when_disconnected;
	void (*act)(struct vb_host *h, const struct vb_frame *f);
};

static const struct handler *handler_of(uint64_t number)
{
	static const struct handler handlers[] = {
		{ VB_CTL_REQUEST_OFFERS, 0, false, on_request_offers },
		{ VB_CTL_OPEN, 0, false, vb_channel_on_open },
		{ VB_CTL_CLOSE, 0, false, vb_channel_on_close },
		{ VB_CTL_GPADL_HEADER, 0, false, vb_gpadl_header },
		{ VB_CTL_GPADL_BODY, 0, false, vb_gpadl_body },
		{ VB_CTL_GPADL_TEARDOWN, 0, false, vb_gpadl_teardown },
		{ VB_CTL_RELID_RELEASED, 0, true, on_released },
		{ VB_CTL_CONTACT, 0, true, on_contact },
		{ VB_CTL_UNLOAD, 0, true, on_unload },
		{ VB_CTL_TL_CONNECT, VB_VMBUS_4_0, false, on_tl_connect },
		{ VB_CTL_MODIFY_CHANNEL, VB_VMBUS_4_1, false, vb_channel_on_modify },
	};

	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].number == number)
			return &handlers[i];
	return NULL;
}

/* Old guests know but one connection; the others begin at one and go on at another. */
static bool is_right_connection(const struct vb_host *h, const struct vb_frame *f,
				uint32_t connection)
{
	struct vb_wanted proposed = { .path = "vmbus.initiate_contact.version" };

	vb_values_read(vb_root_proto(VB_KIND_CONTROL), f, &proposed, 1, NULL);
	if (proposed.found)
		return connection ==
		       (proposed.number < VB_VMBUS_5_0 ? VB_CONNECTION_OLD : VB_CONNECTION_CONTACT);
	return !h->version || connection == (h->version < VB_VMBUS_5_0 ? VB_CONNECTION_OLD :
									 VB_CONNECTION_MESSAGES);
}

static void take_message(struct vb_host *h, const struct vb_frame *f)
{
	struct vb_wanted type = { .path = "vmbus.type" };
	const struct handler *handler;

	h->stats.messages_in++;
	vb_log_control(h, VB_TO_HOST, f->data, f->wire_len);
	vb_values_read(vb_root_proto(VB_KIND_CONTROL), f, &type, 1, NULL);
	handler = type.found ? handler_of(type.number) : NULL;
	if (!handler || (h->version && h->version < handler->since))
		vb_host_trouble(h,
				"a message of %u bytes and type %u that no guest of VMBus %x sends",
				f->wire_len, (unsigned int)type.number, h->version);
	else if (!h->version && !handler->when_disconnected)
		vb_host_trouble(h, "message %u comes before a version is agreed",
				(unsigned int)type.number);
	else
		handler->act(h, f);
}

uint16_t vb_host_post(struct vb_host *h, const uint8_t input[256])
{
	struct vb_frame f = { .kind = VB_KIND_CONTROL,
			      .direction = VB_TO_HOST,
			      .vmbus_version = h->version };
	struct vb_post_input post;

	memcpy(&post, input, sizeof(post));
	if (post.connection != VB_CONNECTION_OLD && post.connection != VB_CONNECTION_CONTACT &&
	    post.connection != VB_CONNECTION_MESSAGES)
		return HV_INVALID_CONNECTION_ID;
	if (post.message_type != VB_MESSAGE_CHANNEL || post.payload_len > sizeof(post.payload))
		return HV_INVALID_PARAMETER;
	/* an answer must find room; Linux tries again when there is none */
	if (h->synic.n_queued + VB_N_RELIDS > VB_SYNIC_MAX_QUEUED)
		return HV_INSUFFICIENT_MEMORY;
	f.data = post.payload;
	f.wire_len = f.cap_len = post.payload_len;
	if (!is_right_connection(h, &f, post.connection))
		return HV_INVALID_CONNECTION_ID;
	take_message(h, &f);
	return HV_SUCCESS;
}

uint16_t vb_host_signal(struct vb_host *h, uint32_t connection, uint16_t flag)
{
	struct vb_hchannel *c;

	c = connection < VB_CONNECTION_EVENTS ?
		    NULL :
		    vb_channel_by_relid(h, connection - VB_CONNECTION_EVENTS);
	if (!c)
		return HV_INVALID_CONNECTION_ID;
	if (flag)
		return HV_INVALID_PARAMETER;
	h->stats.signals_in++;
	if (c->open)
		vb_packets_kick(c);
	return HV_SUCCESS;
}

void vb_host_eom(struct vb_host *h, uint32_t vp)
{
	if (vp == h->synic.message_vp)
		vb_synic_run(&h->synic);
}

void vb_host_synic(struct vb_host *h, uint32_t vp, uint64_t control, uint64_t simp, uint64_t siefp)
{
	vb_synic_set(&h->synic, vp, control, simp, siefp);
}

/* ---- the whole ---- */

static uint64_t random_id(void)
{
	uint64_t id = 0;

	/* the pool is ready long before anybody starts us */
	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		id = (uintptr_t)&id;
	return id;
}

struct vb_host *vb_host_new(const struct vb_host_options *opt)
{
	struct vb_host *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->opt = *opt;
	if (!h->opt.n_vps || h->opt.n_vps > VB_MAX_VPS)
		h->opt.n_vps = 1;
	h->capture_id = opt->capture_id ? opt->capture_id : random_id();
	vb_synic_init(&h->synic, opt->transport, h->opt.n_vps);
	h->synic.delivered = delivered;
	h->synic.ctx = h;
	h->synic.n_waits = &h->stats.slot_waits;
	h->synic.n_interrupts = &h->stats.interrupts_out;
	return h;
}

void vb_host_reset(struct vb_host *h)
{
	vb_bus_disconnect(h);
	vb_synic_done(&h->synic);
}

void vb_host_free(struct vb_host *h)
{
	if (!h)
		return;
	h->opt.connected = NULL;
	vb_host_reset(h);
	vb_devices_free(h);
	free(h);
}

void vb_host_get_stats(const struct vb_host *h, struct vb_host_stats *ret)
{
	*ret = h->stats;
}
