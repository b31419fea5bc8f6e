/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace for comparing decoders, in the making; see shapes.c. */
#ifndef VB_PLUGIN_SHAPES_H
#define VB_PLUGIN_SHAPES_H

#include "capture/pcapng.h"
#include "tests/unit/random_tree.h"

#define MAX_FRAME 13312
#define MAX_OPEN 64 /* spans */

struct making {
	struct vb_trace_writer *w;
	struct vb_random_tree tree;
	uint64_t time_ns, seq[4];
	uint32_t relid;
	uint8_t data[MAX_FRAME], packet[MAX_FRAME + 64], ext[MAX_FRAME + 256];
	struct vb_event ev; /* the next record, but for its bytes */
	struct {
		const struct vb_row *row;
		uint64_t with;
	} seen[4096];		 /* rows of the shape at hand that occurred */
	uint64_t with[MAX_OPEN]; /* for each open span: see seen_with() */
	unsigned int n_open, n_seen, n_shapes, n_records;
	int rc;
	struct vb_err err;
};

/* A number in [0, n). */
uint64_t number(struct making *m, uint64_t n);

/* Begin a record, whose header may be changed then; and write it: wire_len bytes, cap_len of them. */
void begin(struct making *m, uint8_t kind, uint8_t direction, uint8_t class, uint32_t relid);
void end(struct making *m, const void *bytes, uint32_t cap_len, uint32_t wire_len);

/* A segment of an external part at p; cap_len bytes of it. Returns its length. */
uint32_t put_segment(uint8_t *p, struct vb_segment s, const uint8_t *bytes);

/* Whatever stands in a header besides what the message needs. */
void vary_header(struct making *m);
/* So that f is decoded by the versions it names; a channel never used before has none. */
void say_versions(struct making *m, const struct vb_frame *f);
/* A record whose message, in m->data, lies outside the ring, where its packet says. */
void put_outside(struct making *m, const struct vb_frame *f);

/* m->data in so many pieces, as far as f says that it was captured, at m->ext; sometimes twice. */
uint32_t put_pieces(struct making *m, const struct vb_frame *f, uint32_t pieces);

/* Protocols inside those of storage, and records that have m->data in such; shapes_storage.c */
bool is_in_storage(const struct vb_proto *proto);
void put_in_storage(struct making *m, const struct vb_frame *f);
/* The request that says how the packet in m->data, a completion, is read. */
void put_storage_request(struct making *m, const struct vb_frame *f);

/* Every message of every protocol; bytes that no message made. shapes_random.c */
void put_shapes(struct making *m);
void put_noise(struct making *m);

#endif
