/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/frames.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/ether.h"

int vb_frames_init(struct vb_frames *fr, const struct vb_options *opt, struct vb_err *err)
{
	*fr = (struct vb_frames){ 0 };
	return opt->frames ? vb_pcap_filter_compile(opt->frames, &fr->filter, err) : 0;
}

void vb_frames_done(struct vb_frames *fr)
{
	struct vb_err ignored;

	vb_pcap_filter_free(fr->filter);
	vb_pcap_file_close(fr->file, &ignored);
	free(fr->room);
	*fr = (struct vb_frames){ 0 };
}

int vb_frames_open(struct vb_frames *fr, const char *path, struct vb_err *err)
{
	fr->path = strcmp(path, "-") ? path : "standard output";
	return vb_pcap_file_open(path, &fr->file, err);
}

int vb_frames_flush(struct vb_frames *fr, struct vb_err *err)
{
	return fr->file ? vb_pcap_file_flush(fr->file, err) : 0;
}

int vb_frames_close(struct vb_frames *fr, struct vb_err *err)
{
	int rc = vb_pcap_file_close(fr->file, err);

	fr->file = NULL;
	return rc;
}

/* ---- a record ---- */

static bool reserve(struct vb_frames *fr, size_t n)
{
	uint8_t *bigger;

	if (n <= fr->room_len)
		return true;
	bigger = realloc(fr->room, n);
	if (!bigger)
		return false;
	fr->room = bigger;
	fr->room_len = n;
	return true;
}

static int write_frame(struct vb_frames *fr, const struct vb_pcap_frame *frame, bool failed,
		       struct vb_err *err)
{
	int rc;

	if (!fr->file)
		return 0;
	if (failed) { /* the driver will send it again */
		fr->n_failed++;
		return 0;
	}
	rc = vb_pcap_file_write(fr->file, frame, err);
	if (rc < 0)
		return rc;
	fr->n_written++;
	fr->n_cut += frame->cap_len < frame->wire_len;
	return 0;
}

/* As vb_frames_take(), with as much room as that takes. */
static int take(struct vb_frames *fr, const struct vb_decoder *d, struct vb_err *err)
{
	const struct vb_record_header *h = &d->ev->hdr;
	uint8_t *whole = fr->room + 2 * (size_t)h->ext_len;
	struct vb_ether_frame part;
	struct vb_ether e;
	int rc = 0, match = 0;

	vb_ether_init(&e, &d->frame, &d->walked, d->ev->ext, h->ext_len, fr->room);
	while (rc == 0 && vb_ether_next(&e, &part)) {
		struct vb_pcap_frame frame = { .data = whole, .time_ns = d->ev->time_ns };

		frame.cap_len = vb_ether_put(&part, whole, &frame.wire_len);
		if (fr->filter && !vb_pcap_filter_match(fr->filter, &frame))
			continue;
		match = 1;
		rc = write_frame(fr, &frame, h->flags & VB_REC_FAILED, err);
	}
	fr->n_missing += e.n_missing;
	fr->n_broken += e.n_broken;
	return rc < 0 ? rc : match;
}

int vb_frames_take(struct vb_frames *fr, const struct vb_decoder *d, struct vb_err *err)
{
	const struct vb_record_header *h = &d->ev->hdr;

	if (h->kind != VB_KIND_PACKET)
		return 0;
	if (!reserve(fr, 3 * (size_t)h->ext_len + VB_ETHER_TAG_LEN))
		return vb_fail(err, -ENOMEM, "not enough memory");
	return take(fr, d, err);
}

/* ---- the end ---- */

bool vb_frames_any_lost(const struct vb_frames *fr)
{
	return fr->n_missing || fr->n_broken;
}

static void say_written(const struct vb_frames *fr, const struct vb_report *report)
{
	char cut[48] = "", failed[64] = "";

	if (fr->n_cut)
		snprintf(cut, sizeof(cut), ", %" PRIu64 " of them cut", fr->n_cut);
	if (fr->n_failed)
		snprintf(failed, sizeof(failed), "; left out %" PRIu64 " whose write failed",
			 fr->n_failed);
	vb_report_say(report, "%" PRIu64 " frame%s written to %s%s%s", fr->n_written,
		      vb_plural(fr->n_written), fr->path, cut, failed);
}

void vb_frames_say(const struct vb_frames *fr, const struct vb_report *report, bool quiet)
{
	if (fr->n_missing)
		vb_report_say(report,
			      "frames missing because no byte of them was captured: at least "
			      "%" PRIu64,
			      fr->n_missing);
	if (fr->n_broken)
		vb_report_say(report, "coalesced frames that are not whole: %" PRIu64,
			      fr->n_broken);
	if (!quiet && fr->path)
		say_written(fr, report);
}
