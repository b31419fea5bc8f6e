/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a trace complete and well formed (--check)? The report has a line per finding; the last one is
 * the verdict.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "capture/check_trouble.h"
#include "capture/modes.h"
#include "capture/sequence.h"
#include "capture/signals.h"
#include "capture/tally.h"
#include "dissectors/values.h"

#define WAIT_MS 200
#define POLL_EVERY 4096u
#define BYPASS_VF 2 /* of VB_EVENT_BYPASS: frames go over a virtual function */
#define PLACES 20   /* of losses that are told one by one */

struct check {
	const struct vb_options *opt;
	struct vb_source *source;
	struct vb_decoder decoder;
	struct vb_sequences sequences;
	struct vb_tally tally;
	struct vb_trouble trouble;
	struct vb_buf places;	 /* lines about losses */
	struct vb_buf malformed; /* the first fault */
	struct vb_buf verdict;	 /* what is bad, comma separated */
	uint64_t n_records, n_synthesized, n_lost, n_places, n_cut, n_failed;
	uint64_t first_ns, last_ns;
	bool found_note;
	struct vb_err err;
};

/* ---- reading ---- */

static void note_place(struct check *c, const struct vb_event *ev)
{
	if (c->n_places++ >= PLACES)
		return;
	vb_buf_fmt(&c->places, "  %" PRIu32 " before record %" PRIu64 ", ", ev->hdr.lost,
		   ev->number);
	vb_time_iso(&c->places, ev->time_ns);
	vb_buf_fmt(&c->places, ", CPU %" PRIu32 "\n", ev->hdr.cpu);
}

/* Keep the first error of the trace, in words. */
static void check_note(void *ctx, enum vb_note_code code, const struct vb_item *it)
{
	struct check *c = ctx;

	if (c->found_note || !vb_note_is_error(code))
		return;
	c->found_note = true;
	vb_buf_fmt(&c->malformed, "record %" PRIu64 ": %s, %s", c->decoder.ev->number,
		   vb_note_name(code), it->proto->name);
	if (it->msg)
		vb_buf_fmt(&c->malformed, ".%s", it->msg->name);
	if (it->row)
		vb_buf_fmt(&c->malformed, ", %s", it->row->title);
}

/* An event that tells of packets the capture cannot have, and which: its value, else 0. */
static uint64_t says_bypassed(const struct vb_decoder *d)
{
	struct vb_wanted bypass = { .path = "hv_state.item.bypass" };
	struct vb_walked walked;

	if (d->frame.kind == VB_KIND_EVENT)
		vb_values_read(vb_root_proto(d->frame.kind), &d->frame, &bypass, 1, &walked);
	return bypass.number;
}

static int take_record(struct check *c, const struct vb_event *ev)
{
	const struct vb_record_header *h = &ev->hdr;
	struct vb_sink sink = { .ctx = c, .note = check_note };
	uint64_t bypass;
	int rc;

	if (c->n_records++ == 0 || ev->time_ns < c->first_ns)
		c->first_ns = ev->time_ns;
	if (ev->time_ns > c->last_ns)
		c->last_ns = ev->time_ns;
	c->n_synthesized += (h->flags & VB_REC_SYNTHESIZED) != 0;
	c->n_cut += (h->flags & (VB_REC_CUT | VB_REC_EXT_CUT)) != 0;
	c->n_failed += (h->flags & VB_REC_FAILED) != 0;
	c->n_lost += h->lost;
	if (h->lost > 0)
		note_place(c, ev);
	if (ev->malformed && !c->found_note) {
		c->found_note = true;
		vb_buf_fmt(&c->malformed, "record %" PRIu64 ": %s", ev->number, ev->malformed);
	}
	vb_decoder_begin(&c->decoder, ev);
	vb_decoder_walk(&c->decoder, VB_PART_ROOT | VB_PART_EXT | VB_PART_INNER, &sink);
	rc = vb_trouble_add(&c->trouble, &c->decoder);
	if (rc == 0)
		rc = vb_sequence_add(&c->sequences, h);
	if (rc == 0)
		rc = vb_tally_add(&c->tally, h, true);
	bypass = says_bypassed(&c->decoder);
	if (rc == 0 && bypass)
		vb_tally_bypassed(&c->tally, bypass == BYPASS_VF);
	return rc;
}

static int read_all(struct check *c)
{
	int signals = vb_signals_open();
	struct vb_event ev;
	int rc;

	for (;;) {
		rc = c->source->ops->next(c->source, WAIT_MS, &ev, &c->err);
		if (rc > 0)
			rc = take_record(c, &ev) < 0 ? -ENOMEM : 1;
		else if (rc != -EAGAIN)
			break;
		if (rc == -ENOMEM)
			break;
		if ((rc == -EAGAIN || c->n_records % POLL_EVERY == 0) &&
		    vb_signals_poll(signals) & VB_WISH_STOP) {
			rc = -EINTR;
			break;
		}
	}
	if (rc == -ENOMEM)
		vb_fail(&c->err, rc, "not enough memory");
	if (rc == -EINTR)
		vb_fail(&c->err, rc, "interrupted after %" PRIu64 " records", c->n_records);
	if (signals >= 0)
		close(signals);
	return rc;
}

/* ---- the report ---- */

static void add_bad(struct check *c, const char *what)
{
	vb_buf_fmt(&c->verdict, "%s%s", c->verdict.len > 0 ? ", " : "", what);
}

static void put_span(const struct check *c, struct vb_buf *out)
{
	vb_buf_fmt(out, "%s: %" PRIu64 " record%s", c->opt->input, c->n_records,
		   vb_plural(c->n_records));
	if (c->n_synthesized > 0)
		vb_buf_fmt(out, ", %" PRIu64 " of them synthesized", c->n_synthesized);
	if (c->n_records > 0) {
		vb_buf_str(out, ", ");
		vb_time_seconds(out, c->last_ns - c->first_ns);
		vb_buf_str(out, " s from ");
		vb_time_iso(out, c->first_ns);
		vb_buf_str(out, " to ");
		vb_time_iso(out, c->last_ns);
	}
	vb_buf_str(out, "\n");
}

/* The driver as the file's interface has it. */
static const char *driver_of(const struct check *c, const struct vb_device *dev)
{
	const struct vb_device_stats *stats;
	size_t n = c->source->ops->devices(c->source, &stats);

	for (size_t i = 0; i < n; i++)
		if (memcmp(stats[i].dev.instance, dev->instance, sizeof(dev->instance)) == 0 &&
		    stats[i].dev.class == dev->class)
			return stats[i].dev.driver;
	return "";
}

static void put_device(const struct check *c, struct vb_buf *out, const struct vb_device_stats *s)
{
	static const uint8_t zero[16];
	const char *driver = driver_of(c, &s->dev);
	char guid[VB_GUID_TEXT];

	if (s->dev.class == VB_CLASS_UNKNOWN && memcmp(s->dev.instance, zero, 16) == 0) {
		vb_buf_str(out, "  vmbus");
	} else {
		vb_buf_fmt(out, "  %s", vb_class_by_code(s->dev.class)->name);
		vb_guid_text(s->dev.instance, guid);
		if (memcmp(s->dev.instance, zero, 16) != 0)
			vb_buf_fmt(out, " %s", guid);
	}
	if (driver[0])
		vb_buf_fmt(out, " (%s)", driver);
	vb_buf_fmt(out, ": %" PRIu64 " record%s", s->delivered, vb_plural(s->delivered));
	if (s->lost > 0)
		vb_buf_fmt(out, ", %" PRIu64 " lost", s->lost);
	if (s->dev.bypassed)
		vb_buf_str(out, ", bypassed");
	if (s->dev.on_vf)
		vb_buf_str(out, ", frames are not here");
	vb_buf_str(out, "\n");
}

static void put_losses(struct check *c, struct vb_buf *out)
{
	const struct vb_trace_info *info = vb_source_file_info(c->source);
	uint64_t removed = vb_sequence_removed(&c->sequences);

	if (c->n_lost > 0) {
		vb_buf_fmt(out, "lost: %" PRIu64 " record%s in %" PRIu64 " place%s\n", c->n_lost,
			   vb_plural(c->n_lost), c->n_places, vb_plural(c->n_places));
		vb_buf_add(out, c->places.data, c->places.len);
		if (c->n_places > PLACES)
			vb_buf_fmt(out, "  and %" PRIu64 " more places\n", c->n_places - PLACES);
		add_bad(c, "records were lost");
	}
	if (info->stats_dropped > c->n_lost) {
		vb_buf_fmt(out,
			   "lost: the statistics of the capture count %" PRIu64 " records; %" PRIu64
			   " of them have a place in this file\n",
			   info->stats_dropped, c->n_lost);
		if (c->n_lost == 0)
			add_bad(c, "records were lost");
	}
	if (removed > 0)
		vb_buf_fmt(out,
			   "filtered: %" PRIu64 " records were taken out after the capture, "
			   "which is no loss\n",
			   removed);
}

static void put_end(struct check *c, struct vb_buf *out, int rc)
{
	const struct vb_trace_info *info = vb_source_file_info(c->source);

	if (rc < 0) {
		vb_buf_fmt(out, "unreadable: %s\n", c->err.text);
		add_bad(c, "not all of it could be read");
	} else if (info->truncated) {
		vb_buf_str(out, "truncated: the file ends inside a block; what was written last is "
				"missing\n");
		add_bad(c, "it ends inside a block");
	} else if (!info->has_statistics) {
		vb_buf_str(out, "no statistics: the capture was killed; its last records may be "
				"missing, and losses at its end are not known\n");
		add_bad(c, "the capture did not end in order");
	}
}

static void put_bypassed(const struct check *c, struct vb_buf *out)
{
	uint64_t n = 0, n_on_vf = 0;

	for (size_t i = 0; i < c->tally.n; i++) {
		n += c->tally.stats[i].dev.bypassed;
		n_on_vf += c->tally.stats[i].dev.on_vf;
	}
	if (n_on_vf > 0)
		vb_buf_fmt(out,
			   "virtual function: the data path of %" PRIu64 " device%s is, or was, on "
			   "it: frames are not here\n",
			   n_on_vf, vb_plural(n_on_vf));
	if (n > 0)
		vb_buf_fmt(out,
			   "bypassed: packets of %" PRIu64 " device%s went past the kernel, and "
			   "so past the capture\n",
			   n, vb_plural(n));
}

static void put_faults(struct check *c, struct vb_buf *out)
{
	const struct vb_trace_info *info = vb_source_file_info(c->source);

	if (c->n_cut > 0)
		vb_buf_fmt(out, "cut: %" PRIu64 " record%s with fewer bytes than the packet had\n",
			   c->n_cut, vb_plural(c->n_cut));
	if (c->n_failed > 0)
		vb_buf_fmt(out, "failed: %" PRIu64 " record%s of writes that did not succeed\n",
			   c->n_failed, vb_plural(c->n_failed));
	if (info->n_foreign > 0)
		vb_buf_fmt(out, "foreign: %" PRIu64 " packet%s that no VMBus record is in\n",
			   info->n_foreign, vb_plural(info->n_foreign));
	if (info->n_foreign > 0 && c->n_records == 0)
		add_bad(c, "it holds no VMBus records");
	if (c->decoder.n_malformed == 0)
		return;
	vb_buf_fmt(out, "malformed: %" PRIu64 " record%s; the first is %s\n",
		   c->decoder.n_malformed, vb_plural(c->decoder.n_malformed),
		   c->malformed.len > 0 ? c->malformed.data : "unknown");
	add_bad(c, "records are malformed");
}

static enum vb_exit put_report(struct check *c, struct vb_buf *out, int rc)
{
	put_span(c, out);
	for (size_t i = 0; i < c->tally.n; i++)
		put_device(c, out, &c->tally.stats[i]);
	put_bypassed(c, out);
	put_losses(c, out);
	put_end(c, out, rc);
	put_faults(c, out);
	vb_trouble_put(&c->trouble, c->decoder.session, c->last_ns, out);
	if (c->verdict.len == 0) {
		vb_buf_str(out, "good\n");
		return VB_EXIT_GOOD;
	}
	vb_buf_fmt(out, "BAD: %s\n", c->verdict.data);
	return VB_EXIT_DATA;
}

static enum vb_exit open_and_check(struct check *c, struct vb_report *report)
{
	int rc = vb_source_file_open(c->opt->input, &c->source, &c->err);

	if (rc < 0) {
		vb_report_say(report, "%s", c->err.text);
		return rc == -ENOENT || rc == -EACCES || rc == -EISDIR ? VB_EXIT_USAGE :
									 VB_EXIT_DATA;
	}
	rc = vb_decoder_init(&c->decoder, NULL);
	if (rc < 0) {
		vb_report_say(report, "not enough memory");
		return VB_EXIT_DATA;
	}
	return put_report(c, &report->out, read_all(c));
}

enum vb_exit vb_run_check(const struct vb_options *opt, struct vb_report *report)
{
	struct check c = { .opt = opt };
	enum vb_exit code = open_and_check(&c, report);

	if (c.source)
		c.source->ops->close(c.source);
	vb_decoder_done(&c.decoder);
	vb_sequence_done(&c.sequences);
	vb_trouble_done(&c.trouble);
	vb_tally_done(&c.tally);
	vb_buf_done(&c.places);
	vb_buf_done(&c.malformed);
	vb_buf_done(&c.verdict);
	return code;
}
