/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong on purpose. A device with faults builds its packets aside; here they are lost,
 * changed, held back or exchanged before the ring sees them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/number.h"
#include "dissectors/sinks.h"
#include "internal.h"

#define REORDER_PATIENCE_NS 20000000u /* how long a packet waits to be overtaken */
#define MAX_HELD 1024u

enum kind { DELAY, DROP, REORDER, SHORT, STATUS, FULL, RESCIND, N_KINDS };

struct vb_fault {
	bool on[N_KINDS];
	uint64_t value[N_KINDS];
	uint64_t n_sent; /* packets of the host */
	uint64_t n_seen; /* of both sides */
};

/* ---- the text ---- */

struct word {
	const char *name;
	enum kind kind;
	unsigned int base;
	uint64_t max;
};

static const struct word *word_of(const char *text, size_t len)
{
	static const struct word words[] = {
		{ "delay", DELAY, 10, 60000000 },	{ "drop", DROP, 10, UINT32_MAX },
		{ "reorder", REORDER, 10, UINT32_MAX }, { "short", SHORT, 10, UINT32_MAX },
		{ "status", STATUS, 16, UINT32_MAX },	{ "full", FULL, 10, 60000 },
		{ "rescind", RESCIND, 10, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == len && !strncmp(words[i].name, text, len))
			return &words[i];
	return NULL;
}

/* One "name=value" of the text; returns where the next begins, NULL when it makes no sense. */
static const char *parse_one(struct vb_fault *fault, const char *text)
{
	const struct word *word = word_of(text, strcspn(text, "=,"));
	const char *end;
	uint64_t value;

	text += strcspn(text, "=,");
	if (!word || *text++ != '=')
		return NULL;
	text += word->base == 16 && !strncmp(text, "0x", 2) ? 2 : 0;
	if (vb_number_scan(text, word->base, word->max, &value, &end) ||
	    (!value && word->kind != STATUS))
		return NULL;
	if (*end && (*end != ',' || !end[1]))
		return NULL;
	fault->on[word->kind] = true;
	fault->value[word->kind] = value;
	return *end ? end + 1 : end;
}

int vb_host_fault(struct vb_host *h, const char *spec, struct vb_err *err)
{
	struct vb_fault parsed = { 0 };
	size_t len = strcspn(spec, ":");
	struct vb_hdevice *d;
	const char *text;
	char name[40];

	if (!spec[len] || !spec[len + 1] || len >= sizeof(name))
		return vb_fail(err, -EINVAL, "fault '%s' is not CLASS:FAULT[,FAULT...]", spec);
	memcpy(name, spec, len);
	name[len] = '\0';
	d = vb_host_find(h, name);
	if (!d)
		return vb_fail(err, -EINVAL, "fault '%s': there is no device '%s'", spec, name);
	text = spec + len + 1;
	if (!strcmp(text, "none"))
		text = "";
	while (*text) {
		text = parse_one(&parsed, text);
		if (!text)
			return vb_fail(err, -EINVAL,
				       "fault '%s': the faults are delay=US, drop=N, reorder=N, "
				       "short=N, status=HEX, full=MS, rescind=N, or none",
				       spec);
	}
	if (!d->fault)
		d->fault = calloc(1, sizeof(*d->fault));
	if (!d->fault)
		return vb_fail(err, -ENOMEM, "fault '%s': no memory", spec);
	*d->fault = parsed;
	return 0;
}

void vb_fault_free(struct vb_fault *fault)
{
	free(fault);
}

/* ---- changing a packet ---- */

/* Is it the Nth packet's turn? */
static bool is_due(struct vb_hchannel *c, enum kind kind)
{
	const struct vb_fault *fault = c->d->fault;

	if (!fault->on[kind] || fault->n_sent % fault->value[kind])
		return false;
	c->h->stats.faults++;
	return true;
}

struct place {
	uint32_t off, len;
};

static void find_status(void *ctx, const struct vb_item *it)
{
	struct place *p = ctx;

	if (!p->len && it->row->type == VB_UINT && !strcmp(it->row->name, "status"))
		*p = (struct place){ it->off, it->len };
}

static void frame_of(const struct vb_hchannel *c, const uint8_t *packet, uint32_t len,
		     struct vb_frame *ret_f)
{
	vb_packets_frame(c, ret_f);
	ret_f->direction = VB_TO_GUEST;
	ret_f->data = packet;
	ret_f->wire_len = ret_f->cap_len = len;
}

/* Whatever field of the message is called "status" gets the value. */
static void set_status(struct vb_hchannel *c, uint8_t *packet, uint32_t len)
{
	uint64_t value = c->d->fault->value[STATUS];
	struct place place = { 0 };
	struct vb_sink sink = { .ctx = &place, .field = find_status };
	struct vb_frame f;
	struct vb_walked w;

	frame_of(c, packet, len, &f);
	vb_walk(vb_root_proto(VB_KIND_PACKET), &f, &sink, &w);
	for (uint32_t i = 0; i < place.len; i++)
		packet[place.off + i] = (uint8_t)(value >> 8 * i);
	c->h->stats.faults += place.len != 0;
}

/* Half of the payload is missing, and the descriptor says so. */
static uint32_t shorten(struct vb_hchannel *c, uint8_t *packet, uint32_t len)
{
	struct vb_walked w;
	struct vb_frame f;
	uint64_t *slots = w.layer[0].slots;
	uint64_t len8;

	frame_of(c, packet, len, &f);
	vb_walk(vb_root_proto(VB_KIND_PACKET), &f, NULL, &w);
	len8 = slots[VB_S_HEAD] + (len / 8 - slots[VB_S_HEAD]) / 2;

	const struct vb_value values[] = {
		VB_NUMBER("hv_ring.type", slots[VB_S_TYPE]),
		VB_NUMBER("hv_ring.data_offset8", slots[VB_S_HEAD]),
		VB_NUMBER("hv_ring.len8", len8),
		VB_NUMBER("hv_ring.flags", slots[VB_S_FLAGS]),
		VB_NUMBER("hv_ring.trans_id", slots[VB_S_ID]),
	};
	uint8_t head[16];

	f.wire_len = sizeof(head);
	if (slots[VB_S_HEAD] > len / 8 ||
	    vb_values_encode(vb_root_proto(VB_KIND_PACKET), &f, values, 5, head, sizeof(head)))
		return len;
	memcpy(packet, head, sizeof(head));
	return (uint32_t)len8 * 8;
}

/* ---- holding packets back ---- */

static struct vb_held *hold(struct vb_hchannel *c, uint32_t len, uint64_t due)
{
	struct vb_held *held = malloc(sizeof(*held) + len);

	if (!held)
		return NULL;
	held->next = NULL;
	held->due_ns = due;
	held->len = len;
	memcpy(held->bytes, c->scratch, len);
	*c->held_end = held;
	c->held_end = &held->next;
	c->n_held++;
	return held;
}

/* The packet that waited to be overtaken goes behind the one that came now. */
static void overtake(struct vb_hchannel *c)
{
	struct vb_held **at = &c->held, *first, *second;

	while (*at && (*at)->next && (*at)->next->next)
		at = &(*at)->next;
	first = *at;
	second = first ? first->next : NULL;
	if (!second)
		return;
	first->next = NULL;
	second->next = first;
	*at = second;
	c->held_end = &first->next;
	first->due_ns = second->due_ns;
}

void vb_fault_publish(struct vb_hchannel *c, uint32_t len)
{
	struct vb_fault *fault = c->d->fault;
	uint64_t now = vb_host_now(c->h), due = now;
	bool was_waiting = c->is_waiting;

	fault->n_sent++;
	if (is_due(c, DROP))
		return;
	if (fault->on[STATUS])
		set_status(c, c->scratch, len);
	if (is_due(c, SHORT))
		len = shorten(c, c->scratch, len);
	if (fault->on[DELAY]) {
		due += fault->value[DELAY] * 1000;
		c->h->stats.faults++;
	}
	c->is_waiting = !was_waiting && is_due(c, REORDER);
	if (!hold(c, len, c->is_waiting ? due + REORDER_PATIENCE_NS : due))
		return;
	if (was_waiting)
		overtake(c);
	vb_fault_run(c, now);
}

void vb_fault_forget(struct vb_hchannel *c)
{
	struct vb_held *held;

	while ((held = c->held)) {
		c->held = held->next;
		free(held);
	}
	c->held_end = &c->held;
	c->n_held = 0;
	c->is_waiting = false;
}

bool vb_fault_is_full(struct vb_hchannel *c)
{
	const struct vb_fault *fault = c->d->fault;
	uint64_t now;

	if (!fault)
		return false;
	if (c->n_held >= MAX_HELD)
		return true;
	if (!fault->on[FULL])
		return false;
	now = vb_host_now(c->h);
	if (!c->full_until) {
		c->full_until = now + fault->value[FULL] * 1000000;
		c->h->stats.faults++;
	}
	return now < c->full_until;
}

static uint64_t next_due(const struct vb_hchannel *c, uint64_t now)
{
	/* due, but the ring is full: the guest says when there is room, or is asked now and then */
	if (c->held)
		return c->held->due_ns > now ? c->held->due_ns : now + VB_ROOM_POLL_NS;
	return c->want_room && c->full_until > now ? c->full_until : VB_NEVER;
}

/* Once, when the time in which the ring counted as full is over. */
static bool full_just_ended(struct vb_hchannel *c, uint64_t now)
{
	if (c->full_is_over || !c->full_until || c->full_until > now)
		return false;
	c->full_is_over = true;
	return true;
}

uint64_t vb_fault_run(struct vb_hchannel *c, uint64_t now)
{
	bool was_holding = c->held;
	struct vb_held *held;
	uint8_t *room;

	if (!c->open || c->broken)
		return VB_NEVER;
	while ((held = c->held) && held->due_ns <= now) {
		room = vb_packets_room(c, held->len);
		if (!room)
			break;
		memcpy(room, held->bytes, held->len);
		vb_packets_publish(c, held->len);
		c->held = held->next;
		if (!c->held)
			c->held_end = &c->held;
		c->n_held--;
		free(held);
	}
	/* the ring itself may still be full: of its room the guest tells */
	if (full_just_ended(c, now) || (was_holding && !c->held))
		vb_packets_kick(c);
	return next_due(c, now);
}

void vb_fault_count(struct vb_hchannel *c)
{
	struct vb_fault *fault = c->d->fault;

	if (!fault || !fault->on[RESCIND] || ++fault->n_seen != fault->value[RESCIND])
		return;
	c->h->stats.faults++;
	c->d->rescind_due = true;
}
