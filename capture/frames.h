/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Ethernet frames of network devices (link type Ethernet, as tcpdump shows them on the guest's
 * interface): records chosen by them (--frames), and a file of them (--ethernet).
 */
#ifndef VB_CAPTURE_FRAMES_H
#define VB_CAPTURE_FRAMES_H

#include "capture/decode.h"
#include "capture/libpcap.h"
#include "capture/options.h"
#include "capture/report.h"

/* Zero-initialise. */
struct vb_frames {
	struct vb_pcap_filter *filter; /* NULL: all frames */
	struct vb_pcap_file *file;     /* NULL: none is written */
	const char *path;	       /* of file */
	uint8_t *room;
	size_t room_len;
	uint64_t n_written;
	uint64_t n_cut;	    /* of those, the end is missing */
	uint64_t n_missing; /* no byte was captured, of at least so many */
	uint64_t n_broken;  /* coalesced ones that lack a part, and parts that lack a frame */
	uint64_t n_failed;  /* never reached the ring: the write failed; not written */
};

/* Compile what opt has. -EINVAL: it is wrong; -ENOTSUP. Call vb_frames_done() in any case. */
int vb_frames_init(struct vb_frames *fr, const struct vb_options *opt, struct vb_err *err);
void vb_frames_done(struct vb_frames *fr);

/* Create the file. */
int vb_frames_open(struct vb_frames *fr, const char *path, struct vb_err *err);
int vb_frames_flush(struct vb_frames *fr, struct vb_err *err);
int vb_frames_close(struct vb_frames *fr, struct vb_err *err);

/*
 * Take the record at hand, which was walked: count its frames and write those that match. 1: it has
 * one; 0: it has none; negative errno: it was not kept.
 */
int vb_frames_take(struct vb_frames *fr, const struct vb_decoder *d, struct vb_err *err);

/* Were there frames that could be neither judged nor written? */
bool vb_frames_any_lost(const struct vb_frames *fr);
/* What became of them, and what is missing; quiet: the latter only. */
void vb_frames_say(const struct vb_frames *fr, const struct vb_report *report, bool quiet);

#endif
