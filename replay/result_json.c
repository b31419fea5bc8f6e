/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for programs: one JSON object; all that is known, zeros included. */
#include <inttypes.h>
#include <string.h>

#include "replay/result_impl.h"

static void number(struct vb_buf *out, const char *name, uint64_t value)
{
	vb_buf_fmt(out, ",\"%s\":%" PRIu64, name, value);
}

static void text(struct vb_buf *out, const char *name, const char *value)
{
	vb_buf_fmt(out, ",\"%s\":", name);
	if (value)
		vb_buf_json(out, value);
	else
		vb_buf_str(out, "null");
}

static void json_kind(const struct vb_result_kind *k, struct vb_buf *out)
{
	vb_buf_str(out, "{\"message\":");
	vb_buf_json(out, k->name);
	number(out, "matched", k->count.matched);
	number(out, "differing", k->count.differing);
	number(out, "missing", k->count.missing);
	number(out, "unexpected", k->count.unexpected);
	number(out, "skipped", k->count.skipped);
	vb_buf_str(out, "}");
}

static void json_skipped(const struct vb_result_device *d, struct vb_buf *out)
{
	bool any = false;

	vb_buf_str(out, ",\"skipped\":{");
	for (unsigned int i = 1; i < VB_N_SKIPS; i++) {
		if (!d->counts.skipped[i])
			continue;
		vb_buf_fmt(out, "%s\"%s\":%" PRIu64, any ? "," : "", vb_skip_name((enum vb_skip)i),
			   d->counts.skipped[i]);
		any = true;
	}
	vb_buf_str(out, "}");
}

static void json_device(const struct vb_result_device *d, struct vb_buf *out)
{
	const struct vb_figure *f;
	size_t n;

	vb_buf_str(out, "{\"name\":");
	vb_buf_json(out, d->name);
	text(out, "class", d->class);
	text(out, "instance", d->instance);
	text(out, "not_played", d->skip ? vb_skip_name(d->skip) : NULL);
	f = vb_result_figures(&n);
	for (size_t i = 0; i < n; i++)
		number(out, f[i].name, vb_figure_of(&f[i], d));
	json_skipped(d, out);
	vb_buf_str(out, ",\"messages\":[");
	for (size_t i = 0; i < d->n_kinds; i++) {
		vb_buf_str(out, i ? "," : "");
		json_kind(&d->kinds[i], out);
	}
	vb_buf_str(out, "]}");
}

/* The lines of a divergence are an array. */
static void json_detail(const char *detail, struct vb_buf *out)
{
	struct vb_buf line = { 0 };
	bool any = false;

	vb_buf_str(out, ",\"detail\":[");
	while (*detail) {
		size_t n = strcspn(detail, "\n");

		vb_buf_reset(&line);
		vb_buf_add(&line, detail, n);
		vb_buf_str(out, any ? "," : "");
		vb_buf_json(out, line.data ? line.data : "");
		any = true;
		detail += n + (detail[n] == '\n');
	}
	vb_buf_str(out, "]");
	vb_buf_done(&line);
}

static void json_divergence(const struct vb_result_divergence *d, struct vb_buf *out)
{
	vb_buf_str(out, "{\"type\":");
	vb_buf_json(out, vb_divergence_name(d->type));
	text(out, "device", d->device);
	text(out, "message", d->kind);
	number(out, "record", d->number);
	number(out, "round", d->pass);
	number(out, "at_ns", d->at_ns);
	json_detail(d->detail, out);
	vb_buf_str(out, "}");
}

void vb_result_json(const struct vb_result *r, struct vb_buf *out)
{
	vb_buf_fmt(out, "{\"schema\":%d", VB_RESULT_SCHEMA);
	text(out, "trace", r->trace);
	text(out, "verdict", vb_result_is_same(r) ? "same" : "different");
	text(out, "broken_off", r->broken_off);
	if (r->speed > 0)
		vb_buf_fmt(out, ",\"speed\":%.9g", r->speed);
	else
		text(out, "speed", "top");
	number(out, "loops", r->loops);
	number(out, "rounds", r->rounds);
	number(out, "planned_ns", r->planned_ns);
	number(out, "taken_ns", r->taken_ns);
	vb_buf_str(out, ",\"devices\":[");
	for (size_t i = 0; i < r->n_devices; i++) {
		vb_buf_str(out, i ? "," : "");
		json_device(&r->devices[i], out);
	}
	vb_buf_str(out, "],\"divergences\":[");
	for (size_t i = 0; i < r->n_divergences; i++) {
		vb_buf_str(out, i ? "," : "");
		json_divergence(&r->divergences[i], out);
	}
	vb_buf_str(out, "]");
	number(out, "divergences_not_listed", r->n_untold);
	vb_buf_str(out, "}\n");
}
