/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: the host asks the guest to power off, to reboot or to hibernate (Linux 6.1
 * drivers/hv/hv_util.c, shutdown_onchannelcallback()).
 */
#include <errno.h>
#include <stdlib.h>

#include "replay/host/ic.h"

#define PATH "hv_shutdown."
#define BODY_LEN 2060u
#define TEXT_LEN 2048u

enum { FORCE = 1, RESTART = 2, HIBERNATE = 4 };

struct shutdown {
	struct vb_ic ic; /* first */
	uint64_t reason, guest_timeout_s, flags, timeout_ns;
	uint8_t text[TEXT_LEN];
	size_t text_len;
};

struct ask {
	struct vb_ic_call call; /* first */
	struct vb_hrequest *rq;
	uint32_t flags;
};

static int send_ask(struct vb_ic *ic, struct vb_ic_call *call)
{
	const struct shutdown *s = (const struct shutdown *)ic;
	const struct ask *ask = (const struct ask *)call;
	const struct vb_value values[] = {
		VB_NUMBER(PATH "reason_code", s->reason),
		VB_NUMBER(PATH "timeout_seconds", s->guest_timeout_s),
		VB_NUMBER(PATH "flags", ask->flags),
		VB_DATA(PATH "display_message", s->text, s->text_len),
	};

	return vb_ic_send(ic, call, BODY_LEN, values, sizeof(values) / sizeof(values[0]));
}

static void ask_ended(struct vb_ic *ic, struct vb_ic_call *call, const struct vb_ic_answer *a)
{
	struct ask *ask = (struct ask *)call;

	(void)ic;
	vb_ic_done(ask->rq, a);
	free(ask);
}

static void submit(struct vb_hdevice *d, uint32_t flags, struct vb_hrequest *rq)
{
	struct shutdown *s = vb_hdevice_state(d);
	struct ask *ask;

	if (!vb_ic_usable(&s->ic, rq))
		return;
	ask = calloc(1, sizeof(*ask));
	if (!ask)
		return vb_hrequest_done(rq, -ENOMEM, NULL);
	ask->call.timeout_ns = s->timeout_ns;
	ask->call.send = send_ask;
	ask->call.ended = ask_ended;
	ask->rq = rq;
	ask->flags = flags;
	vb_ic_submit(&s->ic, &ask->call);
}

/* ---- commands ---- */

/* Flags of the settings, and those of the command. */
static void submit_with(struct vb_hdevice *d, uint32_t flags, struct vb_hrequest *rq)
{
	const struct shutdown *s = vb_hdevice_state(d);

	submit(d, (uint32_t)s->flags | flags, rq);
}

static void poweroff(struct vb_hdevice *d, const char *const *words, size_t n,
		     struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	submit_with(d, 0, rq);
}

static void reboot(struct vb_hdevice *d, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	submit_with(d, RESTART, rq);
}

static void hibernate(struct vb_hdevice *d, const char *const *words, size_t n,
		      struct vb_hrequest *rq)
{
	(void)words;
	(void)n;
	submit_with(d, HIBERNATE, rq);
}

static void request(struct vb_hdevice *d, const char *const *words, size_t n,
		    struct vb_hrequest *rq);

static const struct vb_command commands[] = {
	{ "poweroff", "", "ask the guest to power off", poweroff },
	{ "reboot", "", "ask the guest to reboot", reboot },
	{ "hibernate", "", "ask the guest to hibernate (version 3.2)", hibernate },
	{ "request", "FLAGS", "ask with these flags alone: 1 force, 2 restart, 4 hibernate",
	  request },
	VB_IC_COMMANDS,
	{ 0 },
};

static void request(struct vb_hdevice *d, const char *const *words, size_t n,
		    struct vb_hrequest *rq)
{
	uint64_t flags;

	if (n != 2 || vb_number_parse(words[1], UINT32_MAX, &flags))
		return vb_ic_usage(rq, commands, words[0]);
	submit(d, (uint32_t)flags, rq);
}

/* ---- settings ---- */

static int parse_text(const struct vb_setting *row, void *state, const char *text)
{
	struct shutdown *s = state;

	(void)row;
	return vb_ic_utf16(text, s->text, sizeof(s->text), &s->text_len);
}

static const struct vb_setting settings[] = {
	VB_IC_SETTINGS("3.0,1.0", "3.2,3.1,3.0,1.0"),
	{ "reason", "reason code; 0x80000000 says planned", "0x80000000",
	  VB_SETTING_NUMBER(struct shutdown, reason, 0, UINT32_MAX) },
	{ "guest-timeout", "seconds the guest is told it has", "60",
	  VB_SETTING_NUMBER(struct shutdown, guest_timeout_s, 0, UINT32_MAX) },
	{ "flags", "flags added to those of the command: 1 force", "0",
	  VB_SETTING_NUMBER(struct shutdown, flags, 0, UINT32_MAX) },
	{ "text", "words for who is logged in", "shut down by vmbusreplay", .parse = parse_text },
	{ "timeout", "seconds until a request is given up", "30",
	  VB_SETTING_BY(vb_ic_setting_duration, struct shutdown, timeout_ns) },
	{ 0 },
};

static const struct vb_ic_service service = { .type = 3 };

static int start(struct vb_hdevice *d, struct vb_err *err)
{
	return vb_ic_start(d, &service, err);
}

const struct vb_model vb_model_shutdown = {
	.name = "shutdown",
	.class = VB_CLASS_SHUTDOWN,
	.instance = "b6650ff7-33bc-4840-8048-e0676786f393",
	.offer_flags = VB_IC_OFFER_FLAGS,
	.pipe = true,
	.state_size = sizeof(struct shutdown),
	.settings = settings,
	.commands = commands,
	.start = start,
	VB_IC_VTABLE,
};
