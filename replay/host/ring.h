/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's end of one direction of a ring. The indices are ours; those of the guest are read from
 * its memory once for each decision and checked.
 */
#ifndef VB_RING_H
#define VB_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vb_transport;

/* The control page (Linux 6.1 include/linux/hyperv.h, struct hv_ring_buffer); no rows describe it. */
struct vb_ring_control {
	uint32_t write_index;
	uint32_t read_index;
	uint32_t interrupt_mask;  /* of the consumer: non-zero, no interrupts please */
	uint32_t pending_send_sz; /* of the producer: bytes it waits for; 0: it does not */
	uint32_t reserved[12];
	uint32_t feature_bits;
};
_Static_assert(offsetof(struct vb_ring_control, feature_bits) == 64, "ring control page");

#define VB_RING_FEATURE_PENDING 1u /* pending_send_sz is kept and honoured */

/* Behind every packet; its length is not counted in the descriptor. */
struct vb_ring_trailer {
	uint32_t reserved;
	uint32_t start; /* write index where the packet begins */
};
#define VB_RING_TRAILER 8u
_Static_assert(sizeof(struct vb_ring_trailer) == VB_RING_TRAILER, "ring trailer");

#define VB_RING_MAX_PAGES 4097u /* of one direction, control page included */

struct vb_ring {
	struct vb_ring_control *control; /* NULL: not attached */
	uint8_t *data;			 /* size bytes, and once more behind them */
	uint32_t size;
	uint32_t n_pages;
	uint32_t pos;	  /* where we read or write next */
	uint32_t pending; /* as producer: the pending_send_sz we set */
};

/* n pages, control page first. -EINVAL: too few or too many; -EFAULT: not guest memory. */
int vb_ring_attach(struct vb_ring *r, const struct vb_transport *t, const uint64_t *pfns,
		   uint32_t n);
void vb_ring_detach(struct vb_ring *r, const struct vb_transport *t);

/* ---- as consumer ---- */

void vb_ring_begin_read(struct vb_ring *r);
/* Bytes that can be read at r->pos. -EIO: the guest's index makes no sense. */
int vb_ring_readable(const struct vb_ring *r, uint32_t *ret_n);
/* n more bytes are done with. True: the guest waits for that room, signal it. */
bool vb_ring_consume(struct vb_ring *r, uint32_t n);

/* ---- as producer ---- */

void vb_ring_begin_write(struct vb_ring *r);
/* Bytes free, the one that must stay so included. -EIO as above. */
int vb_ring_free(const struct vb_ring *r, uint32_t *ret_n);
/* Is there room for n bytes, trailer included? Else the guest is asked to say when. */
int vb_ring_want(struct vb_ring *r, uint32_t n, bool *ret_is_room);
/* The packet of len bytes at r->pos is complete. True: the guest may sleep, signal it. */
bool vb_ring_produce(struct vb_ring *r, uint32_t len);
/* Whether the guest promised to say when there is room. */
bool vb_ring_guest_signals(const struct vb_ring *r);
uint32_t vb_ring_read_index(const struct vb_ring *r);
bool vb_ring_is_empty(const struct vb_ring *r);

#endif
