/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report for continuous integration: a suite for each device, a case for each kind of message
 * that was expected, a failure for what was not as recorded.
 */
#include <inttypes.h>
#include <string.h>

#include "replay/result_impl.h"

/* Characters that XML 1.0 has no way to say become question marks. */
static void add_xml(struct vb_buf *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			vb_buf_str(out, "&amp;");
			break;
		case '<':
			vb_buf_str(out, "&lt;");
			break;
		case '>':
			vb_buf_str(out, "&gt;");
			break;
		case '"':
			vb_buf_str(out, "&quot;");
			break;
		case '\n':
			vb_buf_str(out, "&#10;");
			break;
		default:
			vb_buf_add(out, *s < ' ' || *s > '~' ? "?" : s, 1);
		}
	}
}

static void attribute(struct vb_buf *out, const char *name, const char *value)
{
	vb_buf_fmt(out, " %s=\"", name);
	add_xml(out, value);
	vb_buf_str(out, "\"");
}

static uint64_t n_failures(const struct vb_kind_count *c)
{
	return c->differing + c->missing + c->unexpected;
}

static bool is_skipped(const struct vb_kind_count *c)
{
	return c->skipped && !c->matched && !n_failures(c);
}

/* ---- cases ---- */

static void case_failures(const struct vb_result *r, const struct vb_result_device *d,
			  const struct vb_result_kind *k, struct vb_buf *out)
{
	vb_buf_fmt(out,
		   "<failure message=\"%" PRIu64 " differing, %" PRIu64 " missing, %" PRIu64
		   " unexpected\">",
		   k->count.differing, k->count.missing, k->count.unexpected);
	for (size_t i = 0; i < r->n_divergences; i++) {
		const struct vb_result_divergence *v = &r->divergences[i];

		if (strcmp(v->device, d->name) != 0 || strcmp(v->kind, k->name) != 0)
			continue;
		vb_buf_fmt(out, "%s, record %" PRIu64 "&#10;", vb_divergence_name(v->type),
			   v->number);
		add_xml(out, v->detail);
	}
	vb_buf_str(out, "</failure>");
}

static void junit_case(const struct vb_result *r, const struct vb_result_device *d,
		       const struct vb_result_kind *k, struct vb_buf *out)
{
	vb_buf_str(out, "    <testcase");
	attribute(out, "classname", d->name);
	attribute(out, "name", k->name);
	vb_buf_str(out, ">");
	if (n_failures(&k->count))
		case_failures(r, d, k, out);
	else if (is_skipped(&k->count))
		vb_buf_str(out, "<skipped/>");
	vb_buf_str(out, "</testcase>\n");
}

/* What is of no kind of message: the device was not opened, not played, or not to the end. */
static const char *trouble_of(const struct vb_result *r, const struct vb_result_device *d)
{
	if (d->counts.skipped[VB_SKIP_NEVER_OPEN])
		return vb_skip_text(VB_SKIP_NEVER_OPEN);
	if (d->counts.skipped[VB_SKIP_UNSENT])
		return vb_skip_text(VB_SKIP_UNSENT);
	return r->broken_off;
}

static void junit_played(const struct vb_result *r, const struct vb_result_device *d,
			 struct vb_buf *out)
{
	const char *trouble = trouble_of(r, d);

	vb_buf_str(out, "    <testcase");
	attribute(out, "classname", d->name);
	vb_buf_str(out, " name=\"played\">");
	if (d->skip) {
		vb_buf_str(out, "<skipped");
		attribute(out, "message", vb_skip_text(d->skip));
		vb_buf_str(out, "/>");
	} else if (trouble) {
		vb_buf_str(out, "<failure");
		attribute(out, "message", trouble);
		vb_buf_str(out, "/>");
	}
	vb_buf_str(out, "</testcase>\n");
}

/* ---- suites ---- */

static void junit_properties(const struct vb_result_device *d, struct vb_buf *out)
{
	const struct vb_figure *f;
	size_t n;

	vb_buf_str(out, "    <properties>\n");
	f = vb_result_figures(&n);
	for (size_t i = 0; i < n; i++)
		vb_buf_fmt(out, "      <property name=\"%s\" value=\"%" PRIu64 "\"/>\n", f[i].name,
			   vb_figure_of(&f[i], d));
	vb_buf_str(out, "    </properties>\n");
}

static void junit_suite(const struct vb_result *r, const struct vb_result_device *d,
			struct vb_buf *out)
{
	size_t failures = !d->skip && trouble_of(r, d), skipped = d->skip != VB_SKIP_NONE;

	for (size_t i = 0; i < d->n_kinds; i++) {
		failures += n_failures(&d->kinds[i].count) > 0;
		skipped += is_skipped(&d->kinds[i].count);
	}
	vb_buf_str(out, "  <testsuite");
	attribute(out, "name", d->name);
	vb_buf_fmt(out, " tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" errors=\"0\">\n",
		   d->n_kinds + 1, failures, skipped);
	junit_properties(d, out);
	junit_played(r, d, out);
	for (size_t i = 0; i < d->n_kinds; i++)
		junit_case(r, d, &d->kinds[i], out);
	vb_buf_str(out, "  </testsuite>\n");
}

void vb_result_junit(const struct vb_result *r, struct vb_buf *out)
{
	vb_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	attribute(out, "name", r->trace);
	vb_buf_str(out, ">\n");
	for (size_t i = 0; i < r->n_devices; i++)
		junit_suite(r, &r->devices[i], out);
	vb_buf_str(out, "</testsuites>\n");
}
