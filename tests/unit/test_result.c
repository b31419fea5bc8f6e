/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report in its three forms, from one made-up result. */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/result_impl.h"
#include "tests/unit/trace_helpers.h"

static void make(struct vb_result *r)
{
	struct vb_result_device *d;

	*r = (struct vb_result){ .trace = "a \"b\" <c> & d.pcapng",
				 .speed = 2,
				 .loops = 3,
				 .rounds = 3,
				 .planned_ns = 1500000000,
				 .taken_ns = 1500000001 };
	r->devices = calloc(2, sizeof(*r->devices));
	r->n_devices = 2;
	d = &r->devices[0];
	d->name = "kvp";
	d->class = "kvp";
	d->counts.sent = 7;
	d->counts.matched = 5;
	d->counts.skipped[VB_SKIP_CUT] = 2;
	d->skipped_n = 2;
	d->latency = (struct vb_summary_ns){ 5, 100, 200, 150, 250, 300, 12345 };
	d->kinds = calloc(2, sizeof(*d->kinds));
	d->n_kinds = 2;
	d->kinds[0] = (struct vb_result_kind){ "hv_kvp.get", { .matched = 5 } };
	d->kinds[1] = (struct vb_result_kind){ "hv_kvp.set", { .skipped = 2 } };
	d = &r->devices[1];
	d->name = "netvsc";
	d->class = "netvsc";
	d->skip = VB_SKIP_CLASS;
}

/* One divergence of the first device. */
static void diverge(struct vb_result *r)
{
	r->devices[0].counts.differing = 1;
	r->devices[0].kinds[0].count.differing = 1;
	r->divergences = calloc(1, sizeof(*r->divergences));
	r->n_divergences = 1;
	r->divergences[0] = (struct vb_result_divergence){
		.type = VB_DIFFERING,
		.device = "kvp",
		.kind = strdup("hv_kvp.get"),
		.detail =
			strdup("hv_kvp.get.key: recorded \"a<b\", now \"a\x01&b\"\nsecond: line\n"),
		.number = 17,
		.at_ns = 5,
		.pass = 2,
	};
}

static void has(const struct vb_buf *b, const char *what)
{
	cr_assert(b->data && strstr(b->data, what), "\"%s\" is not in:\n%s", what, b->data);
}

Test(result, same_or_not)
{
	struct vb_result r;

	make(&r);
	cr_assert(vb_result_is_same(&r), "what was skipped for a reason in the trace is no fault");
	r.devices[0].counts.skipped[VB_SKIP_NEVER_OPEN] = 1;
	cr_assert_not(vb_result_is_same(&r));
	r.devices[0].counts.skipped[VB_SKIP_NEVER_OPEN] = 0;
	r.broken_off = "the guest crashed";
	cr_assert_not(vb_result_is_same(&r));
	r.broken_off = NULL;
	r.devices[0].counts.missing = 1;
	cr_assert_not(vb_result_is_same(&r));
	vb_result_done(&r);
}

Test(result, text)
{
	struct vb_buf b = { 0 };
	struct vb_result r;

	make(&r);
	diverge(&r);
	vb_result_text(&r, &b);
	has(&b, "speed 2, round 3 of 3: planned 1.500000000 s, took 1.500000001 s\n");
	has(&b, "\nsent                                   7\n");
	has(&b, "\nlatency max                      12.3 us\n");
	has(&b, "\nskipped: kvp 2, the capture kept too few of its bytes\n");
	has(&b, "\nskipped: netvsc, devices of this class cannot be replayed yet\n");
	has(&b, "\ndiffering: kvp, hv_kvp.get, record 17, round 2, at 0.000000005 s\n"
		"  hv_kvp.get.key: recorded \"a<b\", now ");
	has(&b, "\n  second: line\nverdict: not as recorded\n");
	cr_assert_null(strstr(b.data, "lateness"), "none was measured");
	vb_buf_done(&b);
	vb_result_done(&r);
}

/* ---- JSON ---- */

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *m = NULL;

	cr_assert(json_object_object_get_ex(o, name, &m), "no member %s", name);
	return m;
}

static int64_t number(struct json_object *o, const char *name)
{
	return json_object_get_int64(member(o, name));
}

Test(result, json)
{
	struct json_object *all, *d, *v;
	struct vb_buf b = { 0 };
	struct vb_result r;
	const struct vb_figure *f;
	size_t n;

	make(&r);
	diverge(&r);
	vb_result_json(&r, &b);
	all = json_tokener_parse(b.data);
	cr_assert_not_null(all, "%s", b.data);
	cr_assert_eq(number(all, "schema"), VB_RESULT_SCHEMA);
	cr_assert_str_eq(json_object_get_string(member(all, "trace")), r.trace);
	cr_assert_str_eq(json_object_get_string(member(all, "verdict")), "different");
	d = json_object_array_get_idx(member(all, "devices"), 0);
	f = vb_result_figures(&n);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(number(d, f[i].name), (int64_t)vb_figure_of(&f[i], &r.devices[0]),
			     "%s", f[i].name);
	cr_assert_eq(number(member(d, "skipped"), "cut"), 2);
	cr_assert_eq(json_object_array_length(member(d, "messages")), 2);
	v = json_object_array_get_idx(member(all, "divergences"), 0);
	cr_assert_eq(number(v, "record"), 17);
	cr_assert_str_eq(json_object_get_string(json_object_array_get_idx(member(v, "detail"), 0)),
			 "hv_kvp.get.key: recorded \"a<b\", now \"a\x01&b\"");
	json_object_put(all);
	vb_buf_done(&b);
	vb_result_done(&r);
}

/* ---- JUnit ---- */

/* Every element is closed by its own name, nothing but elements has a bare < or &. */
static void check_xml(const char *s)
{
	const char *open[16];
	size_t n = 0, len;

	for (; (s = strpbrk(s, "<&")); s++) {
		if (*s == '&') {
			cr_assert(strchr("alg#q", s[1]) && memchr(s, ';', 6), "bare &: %s", s);
			continue;
		}
		if (s[1] == '?')
			continue;
		len = strcspn(s + 1 + (s[1] == '/'), " />");
		if (s[1] == '/') {
			cr_assert_gt(n, 0);
			cr_assert_eq(strncmp(open[--n], s + 2, len), 0, "closes another: %s", s);
			continue;
		}
		cr_assert(s[1] >= 'a' && s[1] <= 'z', "bare <: %s", s);
		cr_assert_lt(n, 16);
		if (strchr(s, '>')[-1] != '/')
			open[n++] = s + 1;
	}
	cr_assert_eq(n, 0);
}

Test(result, junit)
{
	struct vb_buf b = { 0 };
	struct vb_result r;

	make(&r);
	diverge(&r);
	vb_result_junit(&r, &b);
	check_xml(b.data);
	has(&b, "<testsuites name=\"a &quot;b&quot; &lt;c&gt; &amp; d.pcapng\">");
	has(&b, "<testsuite name=\"kvp\" tests=\"3\" failures=\"1\" skipped=\"1\" errors=\"0\">");
	has(&b, "<property name=\"latency_max_ns\" value=\"12345\"/>");
	has(&b,
	    "recorded &quot;a&lt;b&quot;, now &quot;a?&amp;b&quot;&#10;second: line&#10;</failure>");
	has(&b, "name=\"hv_kvp.set\"><skipped/></testcase>");
	has(&b, "<testsuite name=\"netvsc\" tests=\"1\" failures=\"0\" skipped=\"1\"");
	vb_buf_done(&b);
	vb_result_done(&r);
}

Test(result, save)
{
	struct vb_buf b = { 0 };
	char *path = scratch_file();
	struct vb_err err = { "" };
	uint8_t *bytes;
	size_t n;

	vb_buf_str(&b, "text\n");
	cr_assert_eq(vb_result_save(path, &b, &err), 0, "%s", err.text);
	bytes = file_bytes(path, &n);
	cr_assert_eq(n, 5);
	cr_assert_eq(memcmp(bytes, "text\n", 5), 0);
	cr_assert_lt(vb_result_save("/nowhere/at/all", &b, &err), 0);
	cr_assert(strstr(err.text, "/nowhere/at/all: No such file"), "%s", err.text);
	unlink(path);
	free(path);
	free(bytes);
	vb_buf_done(&b);
}
