/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From records per CPU to one stream.
 *
 * Each channel and direction has a queue. What is read from a ring is read by one reader, so its
 * time order is the ring's. Writers compete: a write lies somewhere between its probe's entry and
 * return, so of writes that overlap the ring position decides. Across queues time decides, and
 * nothing newer than the caller's watermark is let go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source_bpf.h"

/* An outcome that has not come after this time will not come. A post may sleep between retries. */
#define GIVE_UP_WRITE_NS (5 * 1000000000ull)
#define GIVE_UP_POST_NS (300 * 1000000000ull)

#define N_BUCKETS 1024u

struct queue {
	struct vb_merged *first, *last;
	uint64_t counted[2];  /* losses known when the latest two packets were written */
	uint64_t latest_ns;   /* time of the packet that was placed last */
	uint64_t unplaced_ns; /* until when a write of unknown position may have happened */
	uint32_t expected;    /* ring position of the next packet */
	bool expects;
	bool active; /* listed in vb_merge.active */
};

struct cpu {
	uint64_t next_in[VB_BPF_N_STREAMS];
	uint64_t next_out;
	uint32_t carried; /* lost before a record that was itself given up */
};

struct vb_merge {
	struct vb_merged **incoming;
	size_t n_incoming, max_incoming;
	bool unsorted; /* they came in another order than that of their times */
	struct vb_merged *undone[N_BUCKETS];
	struct queue queues[2 * VB_BPF_MAX_RELIDS];
	uint32_t active[2 * VB_BPF_MAX_RELIDS];
	size_t n_active;
	uint64_t lost[VB_BPF_MAX_RELIDS];
	uint64_t n_pushed;
	size_t held;
	struct vb_pool *pool;
	unsigned int n_cpus;
	bool ended;
	struct cpu cpus[];
};

int vb_merge_new(unsigned int n_cpus, struct vb_merge **ret)
{
	struct vb_merge *m = calloc(1, sizeof(*m) + n_cpus * sizeof(m->cpus[0]));

	if (!m)
		return -ENOMEM;
	m->pool = vb_pool_new();
	if (!m->pool) {
		free(m);
		return -ENOMEM;
	}
	m->n_cpus = n_cpus;
	*ret = m;
	return 0;
}

void vb_merge_free(struct vb_merge *m)
{
	struct vb_merged *it, *next;
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->n_incoming; i++)
		free(m->incoming[i]);
	for (i = 0; i < sizeof(m->queues) / sizeof(m->queues[0]); i++) {
		for (it = m->queues[i].first; it; it = next) {
			next = it->next;
			free(it);
		}
	}
	free(m->incoming);
	vb_pool_free(m->pool);
	free(m);
}

size_t vb_merge_held(const struct vb_merge *m)
{
	return m->held;
}

uint64_t vb_merge_lost(const struct vb_merge *m, uint32_t relid)
{
	return relid < VB_BPF_MAX_RELIDS ? m->lost[relid] : 0;
}

/* Bytes that follow the record. */
static size_t n_bytes(const struct vb_bpf_record *rec)
{
	return rec->ext_len ? vb_pad4(rec->cap_len) + rec->ext_len : rec->cap_len;
}

static size_t size_of(const struct vb_merged *it)
{
	return sizeof(*it) + n_bytes(&it->rec);
}

void vb_merge_release(struct vb_merge *m, struct vb_merged *it)
{
	if (it)
		vb_pool_give(m->pool, it, size_of(it));
}

const uint8_t *vb_merged_ext(const struct vb_merged *it)
{
	return it->data + vb_pad4(it->rec.cap_len);
}

/* ---- taking records in ---- */

static bool has_outcome(uint16_t type)
{
	return type == VB_BPF_WRITE || type == VB_BPF_POST;
}

static bool is_outcome(uint16_t type)
{
	return type == VB_BPF_WRITE_DONE || type == VB_BPF_POST_DONE;
}

static struct vb_merged **bucket(struct vb_merge *m, uint64_t id)
{
	return &m->undone[(id ^ id >> 44) % N_BUCKETS];
}

static void forget_undone(struct vb_merge *m, struct vb_merged *it)
{
	struct vb_merged **p;

	for (p = bucket(m, it->rec.id); *p; p = &(*p)->chain) {
		if (*p == it) {
			*p = it->chain;
			return;
		}
	}
}

/* An outcome whose record is unknown belongs to a call that began before the capture. */
static void join(struct vb_merge *m, const struct vb_bpf_record *done)
{
	struct vb_merged *it = *bucket(m, done->id);

	while (it && it->rec.id != done->id)
		it = it->chain;
	if (!it)
		return;
	forget_undone(m, it);
	it->done = true;
	it->done_ns = done->time_ns;
	it->done_lost = done->lost;
	it->rec.result = done->result;
	it->rec.flags |= done->flags;
	it->rec.trans_id = done->trans_id;
	if (it->rec.type == VB_BPF_WRITE)
		it->rec.ring_pos = done->ring_pos;
}

static int add_incoming(struct vb_merge *m, struct vb_merged *it)
{
	size_t max = m->max_incoming ? 2 * m->max_incoming : 256;
	struct vb_merged **list;

	if (m->n_incoming == m->max_incoming) {
		list = realloc(m->incoming, max * sizeof(list[0]));
		if (!list)
			return -ENOMEM;
		m->incoming = list;
		m->max_incoming = max;
	}
	if (m->n_incoming && m->incoming[m->n_incoming - 1]->rec.time_ns > it->rec.time_ns)
		m->unsorted = true;
	m->incoming[m->n_incoming++] = it;
	return 0;
}

int vb_merge_push(struct vb_merge *m, const void *data, size_t len)
{
	const struct vb_bpf_record *rec = data;
	struct vb_merged *it;
	uint64_t *next;

	if (len < sizeof(*rec) || rec->cpu >= m->n_cpus || rec->stream >= VB_BPF_N_STREAMS ||
	    rec->relid >= VB_BPF_MAX_RELIDS || len - sizeof(*rec) < n_bytes(rec))
		return -EINVAL;
	if (is_outcome(rec->type)) {
		join(m, rec);
		return 0;
	}
	it = vb_pool_take(m->pool, sizeof(*it) + n_bytes(rec));
	if (!it)
		return -ENOMEM;
	memset(it, 0, sizeof(*it));
	it->rec = *rec;
	memcpy(it->data, rec + 1, n_bytes(rec));
	if (add_incoming(m, it)) {
		vb_merge_release(m, it);
		return -ENOMEM;
	}
	next = &m->cpus[rec->cpu].next_in[rec->stream];
	if (rec->seq > *next)
		it->lost = (uint32_t)(rec->seq - *next);
	*next = rec->seq + 1;
	m->lost[rec->relid] += rec->missed;
	it->order = m->n_pushed++;
	m->held += size_of(it);
	if (has_outcome(rec->type)) {
		it->chain = *bucket(m, rec->id);
		*bucket(m, rec->id) = it;
	} else {
		it->done = true;
		it->done_ns = rec->time_ns;
	}
	return 0;
}

/* ---- queues ---- */

static int compare_time(const void *a, const void *b)
{
	const struct vb_merged *x = *(struct vb_merged *const *)a;
	const struct vb_merged *y = *(struct vb_merged *const *)b;

	if (x->rec.time_ns != y->rec.time_ns)
		return x->rec.time_ns < y->rec.time_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void enqueue(struct vb_merge *m, struct vb_merged *it)
{
	uint32_t index = 2 * it->rec.relid + has_outcome(it->rec.type);
	struct queue *q = &m->queues[index];
	struct vb_merged *after = q->last;

	while (after && after->rec.time_ns > it->rec.time_ns)
		after = after->prev;
	it->prev = after;
	it->next = after ? after->next : q->first;
	if (it->next)
		it->next->prev = it;
	else
		q->last = it;
	if (after)
		after->next = it;
	else
		q->first = it;
	if (!q->active) {
		q->active = true;
		m->active[m->n_active++] = index;
	}
}

static void dequeue(struct queue *q, struct vb_merged *it)
{
	if (it->prev)
		it->prev->next = it->next;
	else
		q->first = it->next;
	if (it->next)
		it->next->prev = it->prev;
	else
		q->last = it->prev;
	it->prev = it->next = NULL;
}

static void sort_incoming(struct vb_merge *m)
{
	size_t i;

	if (!m->n_incoming)
		return;
	if (m->unsorted)
		qsort(m->incoming, m->n_incoming, sizeof(m->incoming[0]), compare_time);
	m->unsorted = false;
	for (i = 0; i < m->n_incoming; i++)
		enqueue(m, m->incoming[i]);
	m->n_incoming = 0;
}

/* ---- choosing ---- */

/* How far pos lies ahead of from in a ring. */
static uint32_t ahead(uint32_t pos, uint32_t from, uint32_t size)
{
	return pos >= from ? pos - from : pos + size - from;
}

/* Whether a write b that overlaps a was first; a began first. */
static bool goes_before(const struct queue *q, const struct vb_merged *a, const struct vb_merged *b)
{
	uint32_t size = a->rec.ring_size, pa = a->rec.ring_pos, pb = b->rec.ring_pos;

	if (pa == VB_RING_POS_UNKNOWN || pb == VB_RING_POS_UNKNOWN || pa >= size || pb >= size)
		return false;
	if (q->expects && q->expected < size)
		return ahead(pb, q->expected, size) < ahead(pa, q->expected, size);
	return ahead(pa, pb, size) < size / 2;
}

/* A written packet whose id on the wire is not known would carry a placeholder. */
static bool is_unusable(const struct vb_merged *it)
{
	return it->done && it->rec.type == VB_BPF_WRITE && !it->rec.result &&
	       !(it->rec.flags & VB_BPF_F_TRANS_ID);
}

/* The one to go first among the writes that may have been first; NULL: cannot be told yet. */
static struct vb_merged *first_write(const struct vb_merge *m, const struct queue *q)
{
	struct vb_merged *it, *best = NULL;
	uint64_t min_done = UINT64_MAX;
	bool undone = false;

	for (it = q->first; it && it->rec.time_ns <= min_done; it = it->next) {
		if (!it->done) {
			undone = true;
			continue;
		}
		if (is_unusable(it))
			continue;
		if (it->done_ns < min_done)
			min_done = it->done_ns;
		if (!best || goes_before(q, best, it))
			best = it;
	}
	if (!best || !undone || m->ended || best->rec.type == VB_BPF_POST)
		return best;
	return q->expects && best->rec.ring_pos == q->expected ? best : NULL;
}

/* The record is not delivered: it counts as lost. */
static void give_up(struct vb_merge *m, struct queue *q, struct vb_merged *it)
{
	forget_undone(m, it);
	dequeue(q, it);
	m->cpus[it->rec.cpu].carried += it->lost + 1;
	m->lost[it->rec.relid]++;
	m->held -= size_of(it);
	vb_merge_release(m, it);
}

static void give_up_stale(struct vb_merge *m, struct queue *q, uint64_t until_ns)
{
	struct vb_merged *it, *next;
	uint64_t limit;

	for (it = q->first; it && it->rec.time_ns <= until_ns; it = next) {
		next = it->next;
		limit = it->rec.type == VB_BPF_POST ? GIVE_UP_POST_NS : GIVE_UP_WRITE_NS;
		if (is_unusable(it) ||
		    (!it->done && (m->ended || until_ns - it->rec.time_ns > limit)))
			give_up(m, q, it);
		else if (it->done)
			break;
	}
}

static struct vb_merged *head_of(struct vb_merge *m, uint32_t index, uint64_t until_ns)
{
	struct queue *q = &m->queues[index];
	struct vb_merged *it = q->first;

	if (index & 1) {
		give_up_stale(m, q, until_ns);
		it = first_write(m, q);
	}
	return it && it->rec.time_ns <= until_ns ? it : NULL;
}

/* ---- letting go ---- */

/* Whether a write whose position is not known may stand between the packet placed last and it. */
static bool has_unplaced_rival(const struct queue *q, const struct vb_merged *it)
{
	const struct vb_merged *other;

	if (q->unplaced_ns >= q->latest_ns)
		return true;
	for (other = q->first; other && other->rec.time_ns <= it->done_ns; other = other->next) {
		if (!other->done ||
		    (!other->rec.result && other->rec.ring_pos == VB_RING_POS_UNKNOWN))
			return true;
	}
	return false;
}

/*
 * A packet that does not begin where the one before it ended: packets between them went unseen,
 * unless losses were counted meanwhile. Those of overlapping writes may have been counted a
 * packet earlier.
 */
static void check_ring(struct vb_merge *m, struct queue *q, struct vb_merged *it)
{
	const struct vb_bpf_record *rec = &it->rec;
	uint64_t next;

	if (rec->type != VB_BPF_WRITE || rec->result)
		return;
	if (rec->flags & VB_BPF_F_FILTERED) /* what stands between is not known */
		return;
	if (rec->ring_pos == VB_RING_POS_UNKNOWN || !rec->ring_size) {
		q->expects = false;
		if (it->done_ns > q->unplaced_ns)
			q->unplaced_ns = it->done_ns;
		return;
	}
	if (q->expects && q->expected != rec->ring_pos &&
	    q->counted[0] == it->done_lost + m->lost[rec->relid] && !has_unplaced_rival(q, it)) {
		it->lost++;
		it->rec.missed++;
		m->lost[rec->relid]++;
	}
	next = (uint64_t)rec->ring_pos + rec->wire_len + 8; /* with its trailer */
	q->expected = (uint32_t)(next % rec->ring_size);
	q->counted[0] = q->expects ? q->counted[1] : rec->lost + m->lost[rec->relid];
	q->counted[1] = rec->lost + m->lost[rec->relid];
	q->expects = true;
	q->latest_ns = rec->time_ns;
}

void vb_merge_restart(struct vb_merge *m, uint32_t relid)
{
	if (relid < VB_BPF_MAX_RELIDS)
		m->queues[2 * relid + 1].expects = false;
}

struct vb_merged *vb_merge_pop(struct vb_merge *m, uint64_t until_ns)
{
	struct vb_merged *best = NULL, *it;
	struct queue *from = NULL;
	struct cpu *cpu;
	size_t i = 0;

	sort_incoming(m);
	while (i < m->n_active) {
		it = head_of(m, m->active[i], until_ns);
		if (it && (!best || it->rec.time_ns < best->rec.time_ns)) {
			best = it;
			from = &m->queues[m->active[i]];
		}
		if (m->queues[m->active[i]].first) {
			i++;
			continue;
		}
		m->queues[m->active[i]].active = false;
		m->active[i] = m->active[--m->n_active];
	}
	if (!best)
		return NULL;
	dequeue(from, best);
	m->held -= size_of(best);
	check_ring(m, from, best);
	cpu = &m->cpus[best->rec.cpu];
	best->lost += cpu->carried;
	cpu->carried = 0;
	best->seq = cpu->next_out + best->lost;
	cpu->next_out = best->seq + 1;
	return best;
}

uint64_t vb_merge_sequence(struct vb_merge *m, uint32_t cpu)
{
	return cpu < m->n_cpus ? m->cpus[cpu].next_out++ : VB_SEQ_SYNTHESIZED;
}

void vb_merge_end(struct vb_merge *m)
{
	m->ended = true;
}
