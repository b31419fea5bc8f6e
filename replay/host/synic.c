/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages and event flags (TLFS, "SIM Page" and "SIEF Page").
 */
#include "synic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct vb_queued {
	struct vb_queued *next;
	uint32_t len;
	bool has_waited;
	uint8_t msg[240];
};

void vb_synic_init(struct vb_synic *s, const struct vb_transport *t, uint32_t n_vps)
{
	s->transport = t;
	s->n_vps = n_vps;
	s->end = &s->first;
}

void vb_synic_clear(struct vb_synic *s)
{
	struct vb_queued *next;

	for (struct vb_queued *q = s->first; q; q = next) {
		next = q->next;
		free(q);
	}
	s->first = NULL;
	s->end = &s->first;
	s->n_queued = 0;
	s->message_vp = 0;
}

void vb_synic_done(struct vb_synic *s)
{
	vb_synic_clear(s);
	memset(s->vps, 0, sizeof(s->vps));
}

static uint8_t *page_of(const struct vb_synic *s, uint64_t msr)
{
	if (!(msr & VB_SYNIC_ENABLED))
		return NULL;
	return s->transport->map(s->transport->ctx, msr & ~(uint64_t)(VB_PAGE - 1), VB_PAGE);
}

void vb_synic_set(struct vb_synic *s, uint32_t vp, uint64_t control, uint64_t simp, uint64_t siefp)
{
	bool enabled = control & VB_SYNIC_ENABLED;
	uint8_t *messages = enabled ? page_of(s, simp) : NULL;
	uint8_t *flags = enabled ? page_of(s, siefp) : NULL;

	if (vp >= s->n_vps)
		return;
	s->vps[vp].slot = messages ? (void *)(messages + (size_t)VB_SINT * 256) : NULL;
	s->vps[vp].flags = flags ? (void *)(flags + (size_t)VB_SINT * 256) : NULL;
}

static void interrupt(struct vb_synic *s, uint32_t vp)
{
	++*s->n_interrupts;
	s->transport->interrupt(s->transport->ctx, vp);
}

int vb_synic_post(struct vb_synic *s, const uint8_t *msg, uint32_t len)
{
	struct vb_queued *q;

	if (s->n_queued >= VB_SYNIC_MAX_QUEUED)
		return -ENOBUFS;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->len = len;
	memcpy(q->msg, msg, len);
	*s->end = q;
	s->end = &q->next;
	s->n_queued++;
	vb_synic_run(s);
	return 0;
}

/* The slot is free; else the guest is asked to say when, which it may have been about to do. */
static bool is_free(struct vb_synic_message *slot)
{
	if (!__atomic_load_n(&slot->type, __ATOMIC_ACQUIRE))
		return true;
	__atomic_fetch_or(&slot->flags, VB_MESSAGE_PENDING, __ATOMIC_SEQ_CST);
	return !__atomic_load_n(&slot->type, __ATOMIC_SEQ_CST);
}

static void fill(struct vb_synic_message *slot, const struct vb_queued *q)
{
	slot->payload_len = (uint8_t)q->len;
	slot->flags = q->next ? VB_MESSAGE_PENDING : 0;
	slot->reserved = 0;
	slot->sender = 0;
	memcpy(slot->payload, q->msg, sizeof(q->msg));
	__atomic_store_n(&slot->type, VB_MESSAGE_CHANNEL, __ATOMIC_SEQ_CST);
}

void vb_synic_run(struct vb_synic *s)
{
	struct vb_synic_message *slot = s->vps[s->message_vp].slot;
	struct vb_queued *q;

	while ((q = s->first) && slot) {
		if (!is_free(slot)) {
			*s->n_waits += !q->has_waited;
			q->has_waited = true;
			return;
		}
		fill(slot, q);
		s->first = q->next;
		if (!s->first)
			s->end = &s->first;
		s->n_queued--;
		s->delivered(s->ctx, q->msg, q->len);
		free(q);
		interrupt(s, s->message_vp);
	}
}

void vb_synic_signal(struct vb_synic *s, uint32_t vp, uint32_t flag)
{
	uint32_t bit = 1u << flag % 32, *word;

	if (vp >= s->n_vps || flag >= VB_SYNIC_FLAGS || !s->vps[vp].flags)
		return;
	word = &s->vps[vp].flags[flag / 32];
	if (!(__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit))
		interrupt(s, vp);
}
