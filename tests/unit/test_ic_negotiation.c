/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integration services: the host lists versions, the guest chooses, whatever it chooses.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/loop/ic_bench.h"

struct service {
	const char *model;
	const char *versions; /* of the message, as listed by default */
	const char *command;  /* one that sends a message */
	uint16_t message_type;
};

static const struct service services[] = {
	{ "heartbeat", "3.0,1.0", "beat", 1 },
	{ "kvp", "5.0,4.0,3.0", "get 0 key", 2 },
	{ "shutdown", "3.2,3.1,3.0,1.0", "poweroff", 3 },
	{ "timesync", "4.0,3.0,1.0", "probe", 4 },
	{ "vss", "7.0,6.0,5.0,4.0", "check", 5 },
	{ "fcopy", "1.1", "copy " VB_SOURCE_DIR "/LICENSE /tmp/x", 7 },
};
#define N_SERVICES (sizeof(services) / sizeof(services[0]))

/* Nothing is sent but by command. */
static const char *const quiet_heartbeat[] = { "period=0", NULL };
static const char *const quiet_timesync[] = { "sync-at-open=0", "sample=0", NULL };

static struct ic_bench *new_bench(const struct service *s)
{
	if (s->message_type == 1)
		return ic_bench_new(s->model, quiet_heartbeat);
	return ic_bench_new(s->model, s->message_type == 4 ? quiet_timesync : NULL);
}

static const struct ic_wire_negotiate *negotiate_of(const struct ic_wire *w)
{
	return (const void *)w->body;
}

/* "3.2,3.1" of n versions. */
static void versions_text(const struct ic_wire_negotiate *n, unsigned int first, unsigned int count,
			  char *ret, size_t size)
{
	size_t len = 0;

	*ret = '\0';
	for (unsigned int i = first; i < first + count; i++)
		len += (size_t)snprintf(ret + len, size - len, "%s%u.%u", i > first ? "," : "",
					n->version[i].major, n->version[i].minor);
}

Test(ic_negotiation, every_service_lists_its_versions)
{
	for (size_t i = 0; i < N_SERVICES; i++) {
		struct ic_bench *b = new_bench(&services[i]);
		const struct ic_wire_negotiate *n;
		struct ic_wire w;
		char text[200];

		ic_bench_take(b, &w);
		n = negotiate_of(&w);
		cr_expect_eq(w.type, 6);
		cr_expect_eq(w.flags, 0);
		cr_expect_eq(w.pipe_type, 1);
		cr_expect_eq(w.message_type, 0, "%s", services[i].model);
		cr_expect_eq(w.ic_flags, 3);
		cr_expect_eq(w.status, 0);
		cr_expect_eq(w.size, 8 + 4 * (n->n_frameworks + n->n_messages));
		cr_expect_eq(w.pipe_len, 20u + w.size);
		cr_expect_eq(w.len8, (IC_HEADER + w.size + 7) / 8);
		versions_text(n, 0, n->n_frameworks, text, sizeof(text));
		cr_expect_str_eq(text, "3.0,1.0");
		versions_text(n, n->n_frameworks, n->n_messages, text, sizeof(text));
		cr_expect_str_eq(text, services[i].versions);
		ic_bench_expect_nothing(b);
		ic_bench_free(b);
	}
}

static void expect_version_used(const struct service *s, uint16_t framework, uint16_t major,
				uint16_t minor)
{
	struct ic_bench *b = new_bench(s);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_negotiate(b, framework, major, minor);
	cr_expect_str_eq(ic_bench_trouble(b), "");
	cr_expect(!ic_bench_is_busy(b));
	ic_bench_command(b, &r, s->command);
	cr_assert_eq(r.n_done, 0, "%s: %s", s->model, r.text);
	cr_expect(ic_bench_is_busy(b));
	ic_bench_take(b, &w);
	cr_expect_eq(w.message_type, s->message_type);
	cr_expect_eq(w.framework_major, framework);
	cr_expect_eq(w.framework_minor, 0);
	cr_expect_eq(w.major, major);
	cr_expect_eq(w.minor, minor);
	cr_expect_eq(w.ic_flags, 3);
	cr_expect_eq(w.pipe_len, 20u + w.size);
	ic_bench_free(b);
	cr_expect_eq(r.n_done, 1, "the end of the host ends the request");
}

Test(ic_negotiation, every_version_can_be_chosen)
{
	unsigned int n = 0;

	for (size_t i = 0; i < N_SERVICES; i++)
		for (const char *p = services[i].versions; p; p = strchr(p, ',')) {
			unsigned int major, minor;

			p += *p == ',';
			cr_assert_eq(sscanf(p, "%u.%u", &major, &minor), 2);
			expect_version_used(&services[i], 3, (uint16_t)major, (uint16_t)minor);
			expect_version_used(&services[i], 1, (uint16_t)major, (uint16_t)minor);
			n++;
		}
	cr_expect_eq(n, 17);
}

Test(ic_negotiation, settings_say_what_is_listed)
{
	static const char *const settings[] = { "framework=1.0", "versions=1.0,3.2", NULL };
	struct ic_bench *b = ic_bench_new("shutdown", settings);
	struct ic_wire w;
	char text[100];

	ic_bench_take(b, &w);
	versions_text(negotiate_of(&w), 0, 3, text, sizeof(text));
	cr_expect_str_eq(text, "1.0,1.0,3.2");
	ic_bench_free(b);
}

static void expect_listed(struct ic_bench *b, const char *versions)
{
	struct ic_wire w;
	char text[100];

	ic_bench_take(b, &w);
	versions_text(negotiate_of(&w), 0, (unsigned int)(w.size - 8) / 4, text, sizeof(text));
	cr_expect_str_eq(text, versions);
}

Test(ic_negotiation, settings_of_a_running_device_count_from_the_next_opening)
{
	struct ic_bench *b = ic_bench_new("shutdown", NULL);
	struct ic_request r;

	ic_bench_bus_command(b, &r, "set shutdown framework=1.0 versions=3.0");
	ic_expect_done(&r, 0, NULL);
	ic_bench_bus_command(b, &r, "set shutdown versions=3.1,1.0");
	ic_expect_done(&r, 0, NULL);
	ic_bench_negotiate(b, 3, 3, 2);
	cr_expect_str_eq(ic_bench_trouble(b), "", "what is open keeps what it was opened with");
	ic_bench_command(b, &r, "versions");
	ic_expect_done(&r, 0, "framework 3.0, message 3.2");
	ic_bench_close(b);
	ic_bench_open(b);
	ic_bench_command(b, &r, "versions");
	ic_expect_done(&r, -EAGAIN, "not agreed");
	expect_listed(b, "1.0,3.1,1.0");
	ic_bench_close(b);
	ic_bench_command(b, &r, "versions");
	ic_expect_done(&r, -ENOTCONN, "not opened");
	ic_bench_open(b);
	expect_listed(b, "1.0,3.1,1.0");
	ic_bench_free(b);
}

Test(ic_negotiation, settings_that_are_wrong_change_nothing)
{
	static const char *const wrong[][2] = {
		{ "set shutdown versions=3.0 colour=red", "no setting 'colour'" },
		{ "set shutdown versions=3.0 versions=x", "'x' is no value of versions" },
		{ "set shutdown versions=3.0 versions", "no setting" },
		{ "set shutdown versions=3.0 =1", "no setting" },
		{ "set nothing versions=3.0", NULL },
		{ "set shutdown", NULL },
	};
	struct ic_bench *b = ic_bench_new("shutdown", NULL);
	struct ic_request r;

	expect_listed(b, "3.0,1.0,3.2,3.1,3.0,1.0");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ic_bench_bus_command(b, &r, wrong[i][0]);
		cr_expect(r.status < 0, "%s", wrong[i][0]);
		ic_expect_done(&r, r.status, wrong[i][1]);
	}
	ic_bench_close(b);
	ic_bench_open(b);
	expect_listed(b, "3.0,1.0,3.2,3.1,3.0,1.0");
	ic_bench_free(b);
}

/* The guest takes none: that is told, and commands fail. */
static void expect_refused(const struct service *s)
{
	struct ic_bench *b = new_bench(s);
	struct ic_request before, after;
	struct ic_wire w;

	ic_bench_command(b, &before, s->command);
	cr_expect_eq(before.n_done, 0, "waits for the versions: %s", before.text);
	ic_bench_take(b, &w);
	memset(w.body, 0, 4);
	w.size = 16;
	ic_bench_answer(b, &w, 0);
	cr_expect(strstr(ic_bench_trouble(b), "supports none of ours"));
	ic_expect_done(&before, -ENOTSUP, "supports none");
	ic_bench_command(b, &after, s->command);
	ic_expect_done(&after, -ENOTSUP, "supports none");
	ic_bench_advance(b, 1000 * S);
	ic_bench_expect_nothing(b);
	cr_expect(!ic_bench_is_busy(b));
	ic_bench_free(b);
}

Test(ic_negotiation, a_guest_may_refuse)
{
	for (size_t i = 0; i < N_SERVICES; i++)
		expect_refused(&services[i]);
}

Test(ic_negotiation, a_silent_guest_may_answer_late)
{
	for (size_t i = 0; i < N_SERVICES; i++) {
		struct ic_bench *b = new_bench(&services[i]);
		struct ic_request r;
		struct ic_wire w;

		ic_bench_command(b, &r, services[i].command);
		ic_bench_take(b, &w);
		ic_bench_advance(b, 69 * S);
		cr_expect_str_eq(ic_bench_trouble(b), "");
		cr_expect_eq(r.n_done, 0);
		ic_bench_advance(b, 2 * S);
		cr_expect(strstr(ic_bench_trouble(b), "has not answered"));
		ic_expect_done(&r, -ETIMEDOUT, "in time");
		ic_bench_command(b, &r, services[i].command);
		ic_expect_done(&r, -ENOTCONN, "not agreed");

		/* the first of each list */
		((struct ic_wire_negotiate *)w.body)->version[1] = negotiate_of(&w)->version[2];
		((struct ic_wire_negotiate *)w.body)->n_frameworks = 1;
		((struct ic_wire_negotiate *)w.body)->n_messages = 1;
		ic_bench_answer(b, &w, 0);
		ic_bench_command(b, &r, services[i].command);
		cr_expect_eq(r.n_done, 0, "%s", r.text);
		ic_bench_free(b);
	}
}

/* Whatever the answer says: no versions, no crash, the reason. */
static void expect_senseless(void (*change)(struct ic_wire *w))
{
	struct ic_bench *b = new_bench(&services[0]);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_take(b, &w);
	change(&w);
	ic_bench_answer(b, &w, 0);
	cr_expect(strstr(ic_bench_trouble(b), "makes no sense"));
	ic_bench_command(b, &r, "beat");
	ic_expect_done(&r, -ENOTSUP, NULL);
	ic_bench_expect_nothing(b);
	ic_bench_free(b);
}

static void choose_unlisted(struct ic_wire *w)
{
	struct ic_wire_negotiate *n = (void *)w->body;

	n->n_frameworks = n->n_messages = 1;
	n->version[1].major = 9;
}

static void choose_several(struct ic_wire *w)
{
	(void)w; /* the counts of the request */
}

static void choose_beyond_the_end(struct ic_wire *w)
{
	struct ic_wire_negotiate *n = (void *)w->body;

	n->n_frameworks = n->n_messages = 1;
	w->len8 = (IC_HEADER + 8) / 8 + 1;
	w->size = 8;
	w->pipe_len = 28;
}

static void choose_nothing_at_all(struct ic_wire *w)
{
	w->len8 = (IC_HEADER + 4) / 8;
	w->size = 0;
	w->pipe_len = 20;
}

Test(ic_negotiation, answers_that_make_no_sense)
{
	expect_senseless(choose_unlisted);
	expect_senseless(choose_several);
	expect_senseless(choose_beyond_the_end);
	expect_senseless(choose_nothing_at_all);
}

Test(ic_negotiation, a_channel_that_opens_again_negotiates_again)
{
	struct ic_bench *b = new_bench(&services[2]);
	struct ic_request r;
	struct ic_wire w;

	ic_bench_negotiate(b, 3, 3, 2);
	ic_bench_close(b);
	ic_bench_command(b, &r, "poweroff");
	ic_expect_done(&r, -ENOTCONN, "not opened");
	ic_bench_open(b);
	ic_bench_negotiate(b, 1, 1, 0);
	ic_bench_command(b, &r, "poweroff");
	ic_bench_take(b, &w);
	cr_expect_eq(w.framework_major, 1);
	cr_expect_eq(w.major, 1);
	cr_expect_eq(w.minor, 0);
	ic_bench_free(b);
}
