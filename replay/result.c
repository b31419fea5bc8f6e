/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures, and the report for people.
 */
#include "replay/result.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/time_text.h"
#include "replay/result_impl.h"

/* ---- figures ---- */

#define AT(member) offsetof(struct vb_result_device, member)
#define COUNT(name, title, always)                                                                 \
	{                                                                                          \
#name, title, VB_FIGURE_COUNT, always, AT(counts.name)                             \
	}
#define NS(series, part, title)                                                                    \
	{                                                                                          \
#series "_" #part, title, VB_FIGURE_NS, false, AT(series.part)                     \
	}
#define SERIES(series, title)                                                                      \
	NS(series, min_ns, title " min"), NS(series, mean_ns, title " mean"),                      \
		NS(series, p50_ns, title " p50"), NS(series, p90_ns, title " p90"),                \
		NS(series, p99_ns, title " p99"), NS(series, max_ns, title " max")

static const struct vb_figure figures[] = {
	COUNT(sent, "sent", true),
	COUNT(caused, "caused in the guest", false),
	COUNT(matched, "answers as recorded", true),
	COUNT(differing, "differing", true),
	COUNT(missing, "missing", true),
	COUNT(unexpected, "unexpected", true),
	{ "skipped_total", "skipped", VB_FIGURE_COUNT, true, AT(skipped_n) },
	{ "filled", "filled by a pattern", VB_FIGURE_COUNT, false, AT(filled) },
	COUNT(tolerated, "fields that may differ", false),
	COUNT(overdue, "answers given up too soon", false),
	COUNT(late, "sent late", true),
	COUNT(held, "of them, held by an answer", false),
	SERIES(lateness, "lateness"),
	{ "answers", "answers measured", VB_FIGURE_COUNT, false, AT(latency.n) },
	SERIES(latency, "latency"),
	SERIES(recorded, "recorded"),
};

const struct vb_figure *vb_result_figures(size_t *ret_n)
{
	*ret_n = sizeof(figures) / sizeof(figures[0]);
	return figures;
}

const char *vb_divergence_name(enum vb_divergence_type type)
{
	static const char *const names[] = {
		[VB_DIFFERING] = "differing", [VB_MISSING] = "missing", [VB_UNEXPECTED] = "unexpected"
	};

	return names[type];
}

static bool device_is_same(const struct vb_result_device *d)
{
	const struct vb_player_counts *c = &d->counts;

	return !c->differing && !c->missing && !c->unexpected && !c->skipped[VB_SKIP_UNSENT] &&
	       !c->skipped[VB_SKIP_NEVER_OPEN];
}

bool vb_result_is_same(const struct vb_result *r)
{
	if (r->broken_off)
		return false;
	for (size_t i = 0; i < r->n_devices; i++)
		if (!device_is_same(&r->devices[i]))
			return false;
	return true;
}

/* ---- text ---- */

#define TITLE_WIDTH 27
#define COLUMN_WIDTH 13

static bool is_shown(const struct vb_result *r, const struct vb_figure *f)
{
	bool any = f->always;

	for (size_t i = 0; i < r->n_devices && !any; i++)
		any = !r->devices[i].skip && vb_figure_of(f, &r->devices[i]);
	return any;
}

static void add_figure(const struct vb_figure *f, uint64_t value, struct vb_buf *out)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double scaled = (double)value;
	size_t unit = 0;
	char text[32];

	if (f->form == VB_FIGURE_COUNT) {
		vb_buf_fmt(out, "%*" PRIu64, COLUMN_WIDTH, value);
		return;
	}
	for (; scaled >= 1000 && unit < 3; unit++)
		scaled /= 1000;
	if (value)
		snprintf(text, sizeof(text), "%.*f %s", unit ? 1 : 0, scaled, units[unit]);
	else /* nothing takes no time: it was not measured */
		snprintf(text, sizeof(text), "-");
	vb_buf_fmt(out, "%*s", COLUMN_WIDTH, text);
}

static void text_table(const struct vb_result *r, struct vb_buf *out)
{
	vb_buf_fmt(out, "%-*s", TITLE_WIDTH, "");
	for (size_t i = 0; i < r->n_devices; i++)
		if (!r->devices[i].skip)
			vb_buf_fmt(out, "%*s", COLUMN_WIDTH, r->devices[i].name);
	vb_buf_str(out, "\n");
	for (size_t k = 0; k < sizeof(figures) / sizeof(figures[0]); k++) {
		if (!is_shown(r, &figures[k]))
			continue;
		vb_buf_fmt(out, "%-*s", TITLE_WIDTH, figures[k].title);
		for (size_t i = 0; i < r->n_devices; i++)
			if (!r->devices[i].skip)
				add_figure(&figures[k], vb_figure_of(&figures[k], &r->devices[i]),
					   out);
		vb_buf_str(out, "\n");
	}
}

static void text_skipped(const struct vb_result *r, struct vb_buf *out)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct vb_result_device *d = &r->devices[i];

		if (d->skip)
			vb_buf_fmt(out, "skipped: %s, %s\n", d->name, vb_skip_text(d->skip));
		else if (!d->n_kinds)
			vb_buf_fmt(out, "idle: %s, the trace has no messages of it\n", d->name);
		for (unsigned int k = 1; k < VB_N_SKIPS; k++)
			if (d->counts.skipped[k])
				vb_buf_fmt(out, "skipped: %s %" PRIu64 ", %s\n", d->name,
					   d->counts.skipped[k], vb_skip_text((enum vb_skip)k));
	}
}

/* Each line of the detail, indented. */
static void text_detail(const char *detail, struct vb_buf *out)
{
	while (*detail) {
		size_t n = strcspn(detail, "\n");

		vb_buf_str(out, "  ");
		vb_buf_add(out, detail, n);
		vb_buf_str(out, "\n");
		detail += n + (detail[n] == '\n');
	}
}

static void text_divergences(const struct vb_result *r, struct vb_buf *out)
{
	size_t n = r->n_divergences < 20 ? r->n_divergences : 20;

	for (size_t i = 0; i < n; i++) {
		const struct vb_result_divergence *d = &r->divergences[i];

		vb_buf_fmt(out, "%s: %s, %s", vb_divergence_name(d->type), d->device, d->kind);
		if (d->number)
			vb_buf_fmt(out, ", record %" PRIu64, d->number);
		if (r->loops > 1)
			vb_buf_fmt(out, ", round %" PRIu32, d->pass);
		vb_buf_str(out, ", at ");
		vb_time_seconds(out, d->at_ns);
		vb_buf_str(out, " s\n");
		text_detail(d->detail, out);
	}
	if (r->n_divergences + r->n_untold > n)
		vb_buf_fmt(out, "and %zu more\n", r->n_divergences + r->n_untold - n);
}

static void text_head(const struct vb_result *r, struct vb_buf *out)
{
	vb_buf_fmt(out, "replay of %s, ", r->trace);
	if (r->speed > 0)
		vb_buf_fmt(out, "speed %g", r->speed);
	else
		vb_buf_str(out, "top speed");
	vb_buf_fmt(out, ", round %" PRIu32 " of %" PRIu32 ": planned ", r->rounds, r->loops);
	vb_time_seconds(out, r->planned_ns);
	vb_buf_str(out, " s, took ");
	vb_time_seconds(out, r->taken_ns);
	vb_buf_str(out, " s\n\n");
}

static void text_verdict(const struct vb_result *r, struct vb_buf *out)
{
	if (r->broken_off)
		vb_buf_fmt(out, "broken off: %s\n", r->broken_off);
	vb_buf_str(out,
		   vb_result_is_same(r) ? "verdict: as recorded\n" : "verdict: not as recorded\n");
}

void vb_result_text(const struct vb_result *r, struct vb_buf *out)
{
	text_head(r, out);
	text_table(r, out);
	vb_buf_str(out, "\n");
	text_skipped(r, out);
	text_divergences(r, out);
	text_verdict(r, out);
}

/* ---- files ---- */

static int write_file(FILE *f, const struct vb_buf *text)
{
	size_t n = fwrite(text->data ? text->data : "", 1, text->len, f);

	return n == text->len && !fflush(f) ? 0 : -errno;
}

int vb_result_save(const char *path, const struct vb_buf *text, struct vb_err *err)
{
	char *scratch = NULL;
	FILE *f;
	int rc;

	if (text->failed)
		return vb_fail(err, -ENOMEM, "%s: not enough memory for the report", path);
	if (strcmp(path, "-") == 0)
		return write_file(stdout, text);
	if (asprintf(&scratch, "%s.part", path) < 0)
		return vb_fail(err, -ENOMEM, "not enough memory");
	f = fopen(scratch, "we");
	rc = f ? write_file(f, text) : -errno;
	if (f && fclose(f) && !rc)
		rc = -errno;
	if (!rc && rename(scratch, path))
		rc = -errno;
	if (rc) {
		vb_fail(err, rc, "cannot write %s: %s", path, strerror(-rc));
		unlink(scratch);
	}
	free(scratch);
	return rc;
}

void vb_result_done(struct vb_result *r)
{
	for (size_t i = 0; i < r->n_divergences; i++) {
		free(r->divergences[i].kind);
		free(r->divergences[i].detail);
	}
	for (size_t i = 0; i < r->n_devices; i++)
		free(r->devices[i].kinds);
	free(r->divergences);
	free(r->devices);
	*r = (struct vb_result){ 0 };
}
