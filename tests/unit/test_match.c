/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields that may differ: the list that is printed is the one that the comparison goes by. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/compare.h"
#include "dissectors/values.h"
#include "replay/match.h"
#include "replay/place.h"

/* A line of --tolerated. */
struct line {
	char path[64], when[64];
	unsigned long long equals;
	bool applies;	 /* to the recorded packet at hand */
	uint64_t n_seen; /* differences that it excused */
};

struct list {
	struct line lines[32];
	size_t n;
};

static void read_line(struct list *l, char *text)
{
	struct line *it = &l->lines[l->n++];
	char *why = strchr(text, '\t'), *condition;

	cr_assert_leq(l->n, sizeof(l->lines) / sizeof(l->lines[0]));
	cr_assert_not_null(why, "%s", text);
	*why++ = '\0';
	condition = strchr(why, '\t');
	*it = (struct line){ .equals = 0 };
	cr_assert_eq(sscanf(text, "%63s", it->path), 1);
	cr_assert(!condition || sscanf(condition, "%63s == %llu", it->when, &it->equals) == 2, "%s",
		  why);
}

static void read_list(struct list *l)
{
	struct vb_buf text = { 0 };
	char *rest = NULL;

	l->n = 0;
	vb_match_describe(&text);
	cr_assert_not(text.failed);
	for (char *s = strtok_r(text.data, "\n", &rest); s; s = strtok_r(NULL, "\n", &rest))
		read_line(l, s);
	vb_buf_done(&text);
}

static void look_at(struct list *l, const struct vb_proto *proto, const struct vb_frame *recorded)
{
	for (size_t i = 0; i < l->n; i++) {
		struct line *it = &l->lines[i];
		struct vb_wanted w = { .path = it->when };

		it->applies = !it->when[0] || (vb_values_read(proto, recorded, &w, 1, NULL) == 1 &&
					       w.number == it->equals);
	}
}

/* ---- what should differ, by the printed list alone ---- */

struct judged {
	struct list *list;
	uint32_t n_tolerated, n_differ;
};

/* The name without indices begins with the path, and ends there or goes on inside it. */
static bool is_in(const char *name, const char *path)
{
	for (; *path; name++) {
		if (*name == '[')
			name = strchr(name, ']');
		else if (*name != *path++)
			return false;
	}
	return strchr(".[", *name);
}

static void judge(void *ctx, const struct vb_diff *d)
{
	struct judged *j = ctx;
	bool tolerated = false;

	for (size_t i = 0; i < j->list->n; i++) {
		struct line *it = &j->list->lines[i];

		if (!it->applies || !is_in(d->path, it->path))
			continue;
		it->n_seen++;
		tolerated = true;
	}
	j->n_tolerated += tolerated;
	j->n_differ += !tolerated;
}

static void compare(struct list *l, const struct vb_player *p, const struct vb_step *s,
		    const struct vb_frame *live)
{
	struct judged j = { .list = l };
	struct vb_compare how = { .differs = judge, .ctx = &j };
	struct vb_compared found;
	struct vb_frame recorded;
	struct vb_buf text = { 0 };
	uint32_t n_tolerated;
	int n;

	vb_step_frame(p->dev, s, &recorded);
	cr_assert_eq(vb_compare(vb_step_proto(s), &recorded, live, &how, &found), 0);
	n = vb_match_compare(p, s, live, &text, &n_tolerated);
	cr_assert_eq(n, found.same_message ? (int)j.n_differ : 1, "%s", text.data);
	cr_assert_eq(n_tolerated, j.n_tolerated, "%s", text.data);
	vb_buf_done(&text);
}

/* ---- packets that differ in one byte ---- */

#define STRIDE 3u /* so many packets of a kind have all their bytes changed, one at a time */

static void spoil(struct list *l, const struct vb_player *p, const struct vb_step *s, size_t from)
{
	uint8_t *bytes = malloc(s->wire_len);
	struct vb_frame live;

	cr_assert_not_null(bytes);
	memcpy(bytes, s->bytes, s->wire_len);
	vb_step_frame(p->dev, s, &live);
	look_at(l, vb_step_proto(s), &live);
	live.data = bytes;
	compare(l, p, s, &live);
	for (size_t i = from; i < s->wire_len; i += STRIDE) {
		bytes[i] ^= 1;
		compare(l, p, s, &live);
		bytes[i] ^= 1;
	}
	free(bytes);
}

#define POOL_AT 45u /* behind ring, pipe and service headers, and the operation */

/* The same packet of each pool. The bytes are the plan's, and are put back. */
static void spoil_pools(struct list *l, const struct vb_player *p, const struct vb_step *s)
{
	struct vb_wanted pool = { .path = "hv_kvp.enumerate.pool" };
	uint8_t before = s->bytes[POOL_AT];
	struct vb_frame f;

	vb_step_frame(p->dev, s, &f);
	if (!vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, &pool, 1, NULL))
		return;
	for (uint8_t i = 0; i < 5; i++) {
		s->bytes[POOL_AT] = i;
		cr_assert_eq(vb_values_read(vb_root_proto(VB_KIND_PACKET), &f, &pool, 1, NULL), 1);
		cr_assert_eq(pool.number, i);
		spoil(l, p, s, i % STRIDE);
	}
	s->bytes[POOL_AT] = before;
}

#define HASH 8u

/* What travels beside a frame is called a hash. */
static void spoil_hash(struct list *l, const struct vb_player *p, const struct vb_step *s)
{
	struct vb_place at = { .path = "hv_rndis.packet.info.size" }; /* the type follows */
	struct vb_frame f;
	uint8_t before;

	vb_step_frame(p->dev, s, &f);
	if (!vb_places(vb_step_proto(s), &f, &at, 1))
		return;
	before = s->bytes[at.off + 4];
	s->bytes[at.off + 4] = HASH;
	spoil(l, p, s, 0);
	s->bytes[at.off + 4] = before;
}

static void spoil_step(struct list *l, const struct vb_player *p, const struct vb_step *s,
		       size_t from)
{
	if (!s->bytes || s->cap_len < s->wire_len)
		return;
	spoil(l, p, s, from);
	if (s->wire_len > POOL_AT && !s->proto)
		spoil_pools(l, p, s);
	if (s->proto)
		spoil_hash(l, p, s);
}

static void spoil_sample(struct list *l, const char *name)
{
	struct vb_err err = { "" };
	struct vb_plan *plan;
	char path[256];

	snprintf(path, sizeof(path), VB_SOURCE_DIR "/samples/%s.pcapng", name);
	cr_assert_eq(vb_plan_read(path, &plan, &err), 0, "%s", err.text);
	for (size_t i = 0; i < plan->n_devices; i++) {
		const struct vb_plan_device *d = &plan->devices[i];
		struct vb_player p = { .dev = d };

		for (size_t k = 0; k < d->n_steps; k++)
			spoil_step(l, &p, &d->steps[k], k % STRIDE);
	}
	vb_plan_free(plan);
}

Test(match, the_printed_list_is_what_counts)
{
	struct list l;

	read_list(&l);
	spoil_sample(&l, "timesync");
	spoil_sample(&l, "kvp");
	spoil_sample(&l, "netvsc");
	for (size_t i = 0; i < l.n; i++)
		cr_assert(l.lines[i].n_seen > 0 || strncmp(l.lines[i].path, "vmbus.", 6) == 0,
			  "%s: nothing was excused by it", l.lines[i].path);
}

/* For programs that read the list, and for those that compile it in. */
Test(match, the_printed_list_is_the_table)
{
	struct list l;
	size_t n;
	const struct vb_tolerated *t = vb_match_tolerated(&n);

	read_list(&l);
	cr_assert_eq(l.n, n);
	for (size_t i = 0; i < n; i++) {
		cr_assert_str_eq(l.lines[i].path, t[i].path);
		cr_assert_str_eq(l.lines[i].when, t[i].when ? t[i].when : "");
		cr_assert_eq(l.lines[i].equals, t[i].equals);
	}
}
