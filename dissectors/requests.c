/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

int vb_requests_init(struct vb_requests *r, size_t n_places)
{
	*r = (struct vb_requests){ .n_places = n_places ? (uint32_t)n_places : 1 };
	r->n_buckets = r->n_places * 2;
	r->open = calloc(r->n_places, sizeof(*r->open));
	r->buckets = malloc(r->n_buckets * sizeof(*r->buckets));
	if (!r->open || !r->buckets)
		return -1;
	memset(r->buckets, 0xff, r->n_buckets * sizeof(*r->buckets));
	return 0;
}

void vb_requests_done(struct vb_requests *r)
{
	free(r->open);
	free(r->buckets);
}

/* ---- keys ---- */

/* Multiplying moves bits upwards only: without the shift, ids that differ in their upper bits collide. */
static uint64_t stir(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static uint32_t bucket_of(const struct vb_requests *r, const struct vb_request_key *k)
{
	uint64_t h = stir((uintptr_t)k->proto, k->number);

	h = stir(h, k->relid ^ (uint64_t)k->epoch << 32);
	h = stir(h, k->value[0] ^ k->direction);
	h = stir(h, k->value[1]);
	return (uint32_t)(stir(h, 0) % r->n_buckets);
}

bool vb_request_key_equal(const struct vb_request_key *a, const struct vb_request_key *b)
{
	return a->proto == b->proto && a->number == b->number && a->relid == b->relid &&
	       a->epoch == b->epoch && a->direction == b->direction && a->value[0] == b->value[0] &&
	       a->value[1] == b->value[1];
}

/* ---- the table ---- */

struct vb_open_request *vb_request_find(const struct vb_requests *r, const struct vb_request_key *k)
{
	uint32_t i = r->buckets[bucket_of(r, k)];

	while (i != NONE && !vb_request_key_equal(&r->open[i].key, k))
		i = r->open[i].next;
	return i == NONE ? NULL : &r->open[i];
}

void vb_request_remove(struct vb_requests *r, struct vb_open_request *request)
{
	uint32_t index = (uint32_t)(request - r->open);
	uint32_t *link = &r->buckets[bucket_of(r, &request->key)];

	while (*link != index)
		link = &r->open[*link].next;
	*link = request->next;
	request->used = false;
	r->n_open--;
}

/* The place of the oldest request, in the order in which places are given away. */
static struct vb_open_request *free_place(struct vb_requests *r)
{
	struct vb_open_request *place = &r->open[r->cursor];

	r->cursor = (r->cursor + 1) % r->n_places;
	if (place->used) {
		vb_request_remove(r, place);
		r->n_forgotten++;
	}
	return place;
}

/*
 * The request whose key is used again, if that may be an overlap. Twice in a row it is none: an answer
 * that was taken for that of the one before was its own.
 */
static struct vb_asked may_overlap(const struct vb_open_request *request)
{
	bool may = request->key.proto->any_request && request->key.direction == VB_TO_HOST;

	return may && !request->overlapped ? request->asked : (struct vb_asked){ 0 };
}

const struct vb_asked *vb_request_whose(const struct vb_open_request *request, uint32_t cpu,
					uint64_t now_ns)
{
	bool is_latest = !request->before.number || cpu == request->asked.cpu ||
			 now_ns - request->asked.time_ns > VB_OVERLAP_NS;

	return is_latest ? &request->asked : &request->before;
}

struct vb_asked vb_request_answered(struct vb_requests *r, struct vb_open_request *request,
				    uint32_t cpu, uint64_t now_ns, bool *ret_over)
{
	struct vb_asked before = request->before;

	*ret_over = vb_request_whose(request, cpu, now_ns) == &request->asked;
	if (*ret_over)
		return request->asked;
	request->before = (struct vb_asked){ 0 };
	request->overlapped = true;
	r->n_unanswered--;
	r->n_overlapped++;
	return before;
}

struct vb_open_request *vb_request_add(struct vb_requests *r, const struct vb_request_key *k)
{
	struct vb_open_request *request = vb_request_find(r, k);
	uint32_t bucket = bucket_of(r, k);

	if (request) {
		*request = (struct vb_open_request){ .key = *k,
						     .used = true,
						     .before = may_overlap(request),
						     .next = request->next };
		r->n_unanswered++;
		return request;
	}
	request = free_place(r);
	*request = (struct vb_open_request){ .key = *k, .used = true, .next = r->buckets[bucket] };
	r->buckets[bucket] = (uint32_t)(request - r->open);
	r->n_open++;
	return request;
}

/* ---- queues ---- */

static void begin(struct vb_waiting *q, uint32_t epoch)
{
	if (q->epoch != epoch)
		*q = (struct vb_waiting){ .epoch = epoch };
}

uint64_t vb_waiting_stalled(const struct vb_waiting *q, uint32_t epoch, uint64_t now_ns)
{
	if (q->epoch != epoch || q->n_sent == q->answered || now_ns < q->since_ns ||
	    now_ns - q->since_ns <= VB_STALLED_NS)
		return 0;
	return now_ns - q->since_ns;
}

bool vb_waiting_asked(struct vb_waiting *q, uint32_t epoch, uint64_t now_ns, uint64_t *ret_place)
{
	bool tells;

	begin(q, epoch);
	tells = !q->told && vb_waiting_stalled(q, epoch, now_ns);
	q->told |= tells;
	if (q->n_sent == q->answered)
		q->since_ns = now_ns;
	*ret_place = ++q->n_sent;
	return tells;
}

bool vb_waiting_answered(struct vb_waiting *q, uint32_t epoch, uint64_t place, uint64_t now_ns)
{
	bool tells;

	begin(q, epoch);
	if (place <= q->answered || place > q->n_sent)
		return false;
	tells = !q->told && vb_waiting_stalled(q, epoch, now_ns);
	q->told = false;
	q->answered = place;
	q->since_ns = now_ns;
	return tells;
}
