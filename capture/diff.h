/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comparing two traces of the same traffic (--diff), in layers:
 *
 * diff_read: a trace becomes lanes of items -> diff_order: in the order of the rings
 * -> diff_match: which item is which, and diff_payload: what they have outside the ring
 * -> diff_show: the differences and the table
 *
 * A lane is one direction of one channel; only items of the same lane are compared. What is kept of
 * a packet is a few hashes, so memory grows by some 90 bytes a packet, and 40 for each message
 * outside the ring; those that are shown are read again.
 */
#ifndef VB_DIFF_H
#define VB_DIFF_H

#include "capture/flow.h"
#include "dissectors/compare.h"

/* A control message or packet of one trace. */
struct vb_diff_item {
	uint64_t key;	 /* hash of what both traces can hold: fields that may differ left out */
	uint64_t full;	 /* of all captured bytes, those fields left out */
	uint64_t raw;	 /* of all captured bytes */
	uint32_t number; /* of the record */
	uint32_t wire_len;
	uint32_t ring_pos, ring_size;
	uint32_t shape; /* hash of its length and first bytes: what kind of packet it is */
	bool cut;	/* bytes are missing */
	bool stub;	/* so many that nothing can be compared but the length */
	bool wanted;	/* between --from and --to, and matches -Y */
	/* outside the ring: */
	bool leads;		      /* the packet leads there */
	bool whole;		      /* all of it is in the record */
	uint32_t outside_len;	      /* bytes, as the record says */
	uint32_t kept;		      /* of those */
	uint32_t message, n_messages; /* in the trace's payload */
};

/* A message outside the ring. */
struct vb_diff_message {
	uint64_t hash;	/* of its first bytes, up to limit; fields that may differ left out */
	uint64_t raw;	/* likewise, nothing left out */
	uint64_t len;	/* as it says itself; 0: not known */
	uint32_t limit; /* what the other trace has of it; UINT32_MAX: not known yet */
	uint32_t cap_len, wire_len;
};

/* Those of a trace. Limits stay when it is read again: entries below n_known have one. */
struct vb_diff_payload {
	struct vb_diff_message *list;
	uint32_t n, n_known, cap;
};

struct vb_diff_items {
	struct vb_diff_item *list;
	uint32_t n, cap;
};

struct vb_diff_counts {
	uint64_t equal, missing, extra, different;
	uint64_t ignored; /* equal but for fields that may differ */
	uint64_t padded;  /* equal but for zeros at the end of a control message */
	uint64_t cut;	  /* equal in what was captured of both */
	/* outside the ring: */
	uint64_t payload_compared;   /* bytes that both traces have */
	uint64_t payload_uncompared; /* bytes that one trace has not */
	uint64_t payload_missing;    /* packets of which one trace has none */
};

#define VB_DIFF_DIRECTIONS 3 /* enum vb_direction */

/* What the table has lines of: a device; control messages and hv_sock are one each. */
struct vb_diff_device {
	struct vb_device dev;
	struct vb_diff_counts counts[VB_DIFF_DIRECTIONS];
	uint64_t n_found, n_kept; /* differences, and those that will be shown */
};

struct vb_diff_lane {
	uint8_t instance[16];
	uint32_t relid; /* counts only where the instance is not known */
	uint16_t subchannel;
	uint8_t direction;
	bool bus;
	size_t device; /* index */
	struct vb_diff_items items[2];
};

/* A difference to be shown. */
struct vb_diff_found {
	size_t device;
	uint8_t direction;
	uint32_t number[2]; /* of the record in each trace; 0: it has none */
};

struct vb_diff_input {
	const char *path;
	struct vb_source *source;
	uint64_t n_records, n_compared; /* n_compared: between --from and --to, and matching -Y */
	uint64_t n_failed;		/* writes that failed: never reached the ring */
	uint64_t n_moved;		/* stood elsewhere than in the ring */
	uint64_t n_payload;		/* bytes outside the ring of what was compared, as kept */
	uint32_t shortest_cut;		/* least that was captured of a cut packet */
};

struct vb_diffing {
	const struct vb_options *opt;
	struct vb_report *report;
	struct vb_diff_input input[2];
	struct vb_diff_lane *lanes;
	size_t n_lanes, cap_lanes;
	uint32_t *slots; /* hash table of lanes: index + 1 */
	size_t n_slots;
	struct vb_diff_device *devices;
	size_t n_devices;
	struct vb_diff_found *found;
	size_t n_found, cap_found;
	uint32_t limit; /* packets are aligned by so many bytes at most */
	struct vb_diff_payload payload[2];
	bool limits_set; /* a message was hashed further than the other trace has it: read again */
	struct vb_err err;
};

/* ---- diff_read.c ---- */

/*
 * Read one trace (side 0 or 1) into the lanes. -EINVAL: an expression or field is wrong; -ENOENT: no
 * record matches --from or --to; others: the file cannot be read.
 */
int vb_diff_read(struct vb_diffing *d, unsigned int side);

/* Forget the items of all lanes and all that was counted; limits of messages stay. */
void vb_diff_forget(struct vb_diffing *d);

/* ---- diff_mask.c ---- */

struct vb_diff_mask;

/* The fields of --ignore; *ret is NULL when there are none. -EINVAL: there is no such field. */
int vb_diff_mask_new(const struct vb_options *opt, struct vb_diff_mask **ret, struct vb_err *err);
void vb_diff_mask_free(struct vb_diff_mask *m);

/*
 * The frame's bytes, which begin with proto, with zeros for those fields; valid until the next call.
 * NULL: out of memory.
 */
const uint8_t *vb_diff_mask_apply(struct vb_diff_mask *m, const struct vb_proto *proto,
				  const struct vb_frame *f);

/* ---- diff_hash.c, pure ---- */

/* Zeros at the end, up to a multiple of 8 bytes, make no difference: the length goes in by seed. */
uint64_t vb_diff_hash(const uint8_t *bytes, size_t n, uint64_t seed);

/* ---- diff_payload.c ---- */

/* A message outside the ring, while it is read. */
struct vb_outside_bytes {
	const struct vb_proto *proto; /* NULL: nobody describes it: all there is */
	struct vb_frame frame;
	uint64_t len; /* as it says itself; 0: not known */
};

/*
 * Call each() for the messages of the decoder's record, which was walked; stops when each() returns
 * anything but 0, and returns that, or -ENOMEM. *ret_leads: the packet leads outside, whether or not
 * the trace has what is there.
 */
int vb_diff_outside(struct vb_decoder *d, int (*each)(void *ctx, const struct vb_outside_bytes *o),
		    void *ctx, bool *ret_leads);

/* Does the record have all that its packet refers to? */
bool vb_diff_outside_whole(const struct vb_event *ev);

/* Append those of the record to p, and say so in item. mask may be NULL. 0 or -ENOMEM. */
int vb_diff_payload_take(struct vb_diff_payload *p, struct vb_decoder *d, struct vb_diff_mask *mask,
			 struct vb_diff_item *item);

/*
 * Is what both traces have of the messages of a pair (a: of side 0) the same? Counts bytes; sets
 * limits. *ret_ignored: fields that may differ do.
 */
bool vb_diff_payload_same(struct vb_diffing *d, const struct vb_diff_item *a,
			  const struct vb_diff_item *b, struct vb_diff_counts *c,
			  bool *ret_ignored);
void vb_diff_payload_done(struct vb_diff_payload *p);

/* ---- diff_lanes.c ---- */

/* Take an item into the lane of its record. 0 or negative errno. */
int vb_diff_add(struct vb_diffing *d, unsigned int side, const struct vb_record_header *h,
		const struct vb_diff_item *item);
void vb_diff_lanes_done(struct vb_diffing *d);

/* ---- diff_order.c, pure ---- */

/*
 * Put packets of a ring in the order of their positions where records of packets that were written
 * at the same time stand in another one. Returns how many were moved.
 */
uint64_t vb_diff_order(struct vb_diff_items *items);

/* ---- diff_match.c, pure ---- */

/* Compare the items of a lane; counts, and keeps what will be shown. 0 or negative errno. */
int vb_diff_match(struct vb_diffing *d, const struct vb_diff_lane *lane);

/* ---- diff_outside.c: the messages of differences that are shown ---- */

struct vb_diff_kept; /* copies */

/* Keep those of the decoder's record. 0 or -ENOMEM. */
int vb_diff_kept_new(struct vb_decoder *d, struct vb_diff_kept **ret);
void vb_diff_kept_free(struct vb_diff_kept *k);

/*
 * Tell how.differs() what differs between those of a pair; *number is the one at hand, from 0. 0 or
 * -ENOMEM.
 */
int vb_diff_kept_compare(const struct vb_diff_kept *a, const struct vb_diff_kept *b,
			 const struct vb_compare *how, uint32_t *number);

/* ---- diff_show.c ---- */

/* The differences that were kept, decoded, in the form of -T. */
int vb_diff_show(struct vb_diffing *d);

/* ---- diff_table.c ---- */

/* The counts and the verdict; whether all is as it should be. */
bool vb_diff_summary(struct vb_diffing *d);

/* "netvsc 2dd1ce17-..."; what JSON has as the device, too. */
void vb_diff_device_name(struct vb_buf *out, const struct vb_device *dev);
const char *vb_diff_direction(uint8_t direction);

#endif
