/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of a person or a script: those of the bus, and those of the models.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/number.h"
#include "dissectors/sinks.h"
#include "internal.h"

static void fail(struct vb_hrequest *rq, int status, const char *fmt, const char *word)
{
	struct vb_err err;

	vb_hrequest_done(rq, vb_fail(&err, status, fmt, word), err.text);
}

/* ---- the bus ---- */

static void act_rescind(struct vb_host *h, const char *const *words, size_t n,
			struct vb_hrequest *rq)
{
	struct vb_hdevice *d = vb_host_find(h, words[1]);

	(void)n;
	if (!d) {
		fail(rq, -ENOENT, "there is no device '%s'", words[1]);
		return;
	}
	vb_host_rescind(d);
	vb_hrequest_done(rq, 0, NULL);
}

static void act_offer(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct vb_hdevice *d = vb_host_find(h, words[1]);

	(void)n;
	if (!d)
		fail(rq, -ENOENT, "there is no device '%s'", words[1]);
	else if (vb_host_reoffer(d))
		fail(rq, -EALREADY, "'%s' is offered already", words[1]);
	else
		vb_hrequest_done(rq, 0, NULL);
}

static void tell_version(const struct vb_host *h, struct vb_hrequest *rq)
{
	struct vb_buf text = { 0 };

	if (h->version)
		vb_buf_fmt(&text, "VMBus %u.%u", h->version >> 16, h->version & 0xffff);
	else
		vb_buf_str(&text, "not connected");
	vb_hrequest_done(rq, text.failed ? -ENOMEM : 0, text.data);
	vb_buf_done(&text);
}

/* What is agreed stays; a guest that connects anew is given no newer version than this. */
static void act_version(struct vb_host *h, const char *const *words, size_t n,
			struct vb_hrequest *rq)
{
	uint32_t version;

	if (n == 1) {
		tell_version(h, rq);
		return;
	}
	version = vb_bus_version_by_name(words[1]);
	if (!version) {
		fail(rq, -EINVAL, "'%s' is no version of VMBus that the host knows", words[1]);
		return;
	}
	h->opt.max_version = version;
	vb_hrequest_done(rq, 0, NULL);
}

static void mark_is_posted(void *ctx)
{
	vb_hrequest_done(ctx, 0, NULL);
}

static void act_mark(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	uint64_t number;
	int rc;

	(void)n;
	if (vb_number_parse(words[1], UINT32_MAX, &number)) {
		fail(rq, -EINVAL, "'%s' is no number", words[1]);
		return;
	}
	rc = vb_host_mark(h, (uint32_t)number, mark_is_posted, rq);
	if (rc)
		fail(rq, rc,
		     rc == -EBUSY ? "mark %s has to wait: one is under way" :
				    "mark %s needs a guest that speaks VMBus 4.1 or newer",
		     words[1]);
}

static void act_set(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct vb_hdevice *d = vb_host_find(h, words[1]);
	struct vb_err err;
	int rc;

	if (!d) {
		fail(rq, -ENOENT, "there is no device '%s'", words[1]);
		return;
	}
	rc = vb_settings_later(d, words + 2, n - 2, &err);
	vb_hrequest_done(rq, rc, rc ? err.text : NULL);
}

static void act_fault(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct vb_err err;
	int rc = vb_host_fault(h, words[1], &err);

	(void)n;
	vb_hrequest_done(rq, rc, rc ? err.text : NULL);
}

static void act_stats(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	const struct vb_host_stats *s = &h->stats;
	const struct {
		const char *name;
		uint64_t value;
	} figures[] = {
		{ "messages in", s->messages_in },
		{ "messages out", s->messages_out },
		{ "packets in", s->packets_in },
		{ "packets out", s->packets_out },
		{ "signals in", s->signals_in },
		{ "interrupts out", s->interrupts_out },
		{ "waits for the slot", s->slot_waits },
		{ "waits for room", s->ring_full },
		{ "faults", s->faults },
		{ "channels broken", s->broken },
	};
	struct vb_buf text = { 0 };

	(void)words;
	(void)n;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		vb_buf_fmt(&text, "%s%s %llu", i ? "\n" : "", figures[i].name,
			   (unsigned long long)figures[i].value);
	vb_hrequest_done(rq, 0, text.data);
	vb_buf_done(&text);
}

static void act_help(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq);

struct bus_word {
	const char *name, *arguments, *help;
	size_t n, max; /* words, the name included: so many, or more up to max */
	void (*act)(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq);
};

static const struct bus_word bus_words[] = {
	{ "rescind", "DEVICE", "take a device away", 2, 2, act_rescind },
	{ "offer", "DEVICE", "offer it again", 2, 2, act_offer },
	{ "set", "DEVICE KEY=VALUE...", "its settings from the next opening on", 3, SIZE_MAX,
	  act_set },
	{ "version", "[V]", "of the bus; or the newest from the next connection on", 1, 2,
	  act_version },
	{ "mark", "NUMBER", "a mark in both sides' records, when all is quiet", 2, 2, act_mark },
	{ "fault", "DEVICE:FAULT[,FAULT...]", "what goes wrong from now on", 2, 2, act_fault },
	{ "stats", "", "figures of the bus", 1, 1, act_stats },
	{ "help", "", "these lines", 1, 1, act_help },
};
#define N_BUS_WORDS (sizeof(bus_words) / sizeof(bus_words[0]))

static void help_line(struct vb_buf *text, const char *device, const char *name,
		      const char *arguments, const char *help)
{
	vb_buf_fmt(text, "%s%s%s%s%s%s: %s", text->len ? "\n" : "", device, *device ? " " : "",
		   name, arguments && *arguments ? " " : "", arguments ? arguments : "",
		   help ? help : "");
}

static void act_help(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct vb_buf text = { 0 };

	(void)words;
	(void)n;
	for (size_t i = 0; i < N_BUS_WORDS; i++)
		help_line(&text, "", bus_words[i].name, bus_words[i].arguments, bus_words[i].help);
	for (const struct vb_hdevice *d = h->devices; d; d = d->next)
		for (const struct vb_command *c = d->cfg.model->commands; c && c->name; c++)
			help_line(&text, d->name, c->name, c->arguments, c->help);
	vb_hrequest_done(rq, 0, text.data);
	vb_buf_done(&text);
}

/* ---- devices ---- */

static void act_device(struct vb_hdevice *d, const char *const *words, size_t n,
		       struct vb_hrequest *rq)
{
	const struct vb_command *c = d->cfg.model->commands;

	while (n && c && c->name && strcmp(c->name, words[0]) != 0)
		c++;
	if (n && c && c->name)
		c->act(d, words, n, rq);
	else
		fail(rq, -EINVAL, "%s has no such command; 'help' tells which there are", d->name);
}

void vb_host_command(struct vb_host *h, const char *const *words, size_t n, struct vb_hrequest *rq)
{
	struct vb_hdevice *d;

	if (!n) {
		fail(rq, -EINVAL, "no command%s", "");
		return;
	}
	for (size_t i = 0; i < N_BUS_WORDS; i++) {
		if (strcmp(bus_words[i].name, words[0]) != 0)
			continue;
		if (n >= bus_words[i].n && n <= bus_words[i].max)
			bus_words[i].act(h, words, n, rq);
		else
			fail(rq, -EINVAL, "'%s' wants other arguments; see 'help'", words[0]);
		return;
	}
	d = vb_host_find(h, words[0]);
	if (d)
		act_device(d, words + 1, n - 1, rq);
	else
		fail(rq, -EINVAL, "'%s' is no device and no command; see 'help'", words[0]);
}
