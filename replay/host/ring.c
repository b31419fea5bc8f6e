/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Indices and signals of a ring (Linux 6.1 drivers/hv/ring_buffer.c, hv_signal_on_write() and
 * hv_pkt_iter_close(): the rules of the other end).
 */
#include "ring.h"

#include <errno.h>
#include <string.h>

#include "host.h"

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

int vb_ring_attach(struct vb_ring *r, const struct vb_transport *t, const uint64_t *pfns,
		   uint32_t n)
{
	uint8_t *mem;

	if (n < 2 || n > VB_RING_MAX_PAGES)
		return -EINVAL;
	mem = t->map_ring(t->ctx, pfns, n);
	if (!mem)
		return -EFAULT;
	*r = (struct vb_ring){
		.control = (struct vb_ring_control *)(void *)mem,
		.data = mem + VB_PAGE,
		.size = (n - 1) * VB_PAGE,
		.n_pages = n,
	};
	return 0;
}

void vb_ring_detach(struct vb_ring *r, const struct vb_transport *t)
{
	if (r->control)
		t->unmap_ring(t->ctx, (uint8_t *)r->control, r->n_pages);
	*r = (struct vb_ring){ 0 };
}

static bool is_index(const struct vb_ring *r, uint32_t index)
{
	return index < r->size && index % 8 == 0;
}

/* From one index on to another, around the end. */
static uint32_t distance(const struct vb_ring *r, uint32_t from, uint32_t to)
{
	return to >= from ? to - from : r->size - from + to;
}

static uint32_t advance(const struct vb_ring *r, uint32_t index, uint32_t n)
{
	return (uint32_t)(((uint64_t)index + n) % r->size);
}

/* ---- consumer ---- */

/* A guest may have sent packets before the host sees the channel opened: its index stays. */
void vb_ring_begin_read(struct vb_ring *r)
{
	r->pos = 0;
	store(&r->control->read_index, 0);
	store(&r->control->interrupt_mask, 0);
}

int vb_ring_readable(const struct vb_ring *r, uint32_t *ret_n)
{
	uint32_t index = load(&r->control->write_index);

	if (!is_index(r, index))
		return -EIO;
	*ret_n = distance(r, r->pos, index);
	return 0;
}

bool vb_ring_consume(struct vb_ring *r, uint32_t n)
{
	uint32_t pending, readable, now_free;

	r->pos = advance(r, r->pos, n);
	store(&r->control->read_index, r->pos);
	barrier();
	if (!(load(&r->control->feature_bits) & VB_RING_FEATURE_PENDING))
		return false;
	pending = load(&r->control->pending_send_sz);
	barrier();
	if (!pending || vb_ring_readable(r, &readable))
		return false;
	now_free = r->size - readable;
	return (now_free < n || now_free - n <= pending) && now_free > pending;
}

/* ---- producer ---- */

void vb_ring_begin_write(struct vb_ring *r)
{
	r->pos = 0;
	store(&r->control->pending_send_sz, 0);
	store(&r->control->write_index, 0);
	store(&r->control->feature_bits, VB_RING_FEATURE_PENDING);
}

uint32_t vb_ring_read_index(const struct vb_ring *r)
{
	return load(&r->control->read_index);
}

int vb_ring_free(const struct vb_ring *r, uint32_t *ret_n)
{
	uint32_t index = vb_ring_read_index(r);

	if (!is_index(r, index))
		return -EIO;
	*ret_n = r->size - distance(r, index, r->pos);
	return 0;
}

bool vb_ring_is_empty(const struct vb_ring *r)
{
	return vb_ring_read_index(r) == r->pos;
}

static void set_pending(struct vb_ring *r, uint32_t n)
{
	if (r->pending == n)
		return;
	r->pending = n;
	store(&r->control->pending_send_sz, n);
}

int vb_ring_want(struct vb_ring *r, uint32_t n, bool *ret_is_room)
{
	uint32_t n_free;
	int rc = vb_ring_free(r, &n_free);

	if (!rc && n_free <= n) {
		set_pending(r, n);
		/* the guest may have read meanwhile and seen no wish */
		barrier();
		rc = vb_ring_free(r, &n_free);
	}
	if (rc)
		return rc;
	*ret_is_room = n_free > n;
	if (*ret_is_room)
		set_pending(r, 0);
	return 0;
}

bool vb_ring_produce(struct vb_ring *r, uint32_t len)
{
	struct vb_ring_trailer trailer = { .start = r->pos };
	uint32_t old = r->pos;

	memcpy(r->data + r->pos + len, &trailer, sizeof(trailer));
	r->pos = advance(r, r->pos, len + VB_RING_TRAILER);
	store(&r->control->write_index, r->pos);
	barrier();
	if (load(&r->control->interrupt_mask))
		return false;
	return load(&r->control->read_index) == old;
}

bool vb_ring_guest_signals(const struct vb_ring *r)
{
	return load(&r->control->feature_bits) & VB_RING_FEATURE_PENDING;
}
