/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --diff makes of two lanes: order by ring position, pairs, and what is left over.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "capture/diff.h"

#define RING 4096u
#define PACKET 56u /* 64 with its trailer */
#define NO_POSITION UINT32_MAX

struct lane {
	struct vb_diffing d;
	struct vb_options opt;
};

static void lane_init(struct lane *l)
{
	*l = (struct lane){ .d = { .lanes = calloc(1, sizeof(struct vb_diff_lane)),
				   .n_lanes = 1 } };
	l->d.opt = &l->opt;
	l->d.devices = calloc(1, sizeof(*l->d.devices));
	l->d.n_devices = 1;
	cr_assert(l->d.lanes && l->d.devices);
	l->d.lanes[0].direction = VB_TO_HOST;
}

static void lane_done(struct lane *l)
{
	free(l->d.found);
	vb_diff_lanes_done(&l->d);
}

/* A packet in slot of the ring (NO_POSITION: not known); its shape is the case of the letter. */
static void add(struct lane *l, unsigned int side, char letter, uint32_t slot)
{
	struct vb_diff_items *items = &l->d.lanes[0].items[side];

	items->list = reallocarray(items->list, items->n + 1, sizeof(*items->list));
	cr_assert_not_null(items->list);
	items->list[items->n] = (struct vb_diff_item){
		.key = (uint64_t)letter,
		.full = (uint64_t)letter,
		.raw = (uint64_t)letter,
		.number = items->n + 1,
		.wire_len = PACKET,
		.ring_pos = slot == NO_POSITION ? VB_RING_POS_UNKNOWN : slot * 64 % RING,
		.ring_size = RING,
		.shape = letter >= 'a',
		.kept = PACKET,
		.wanted = true,
	};
	items->n++;
}

/* Packets one after the other from slot on. */
static void add_row(struct lane *l, unsigned int side, const char *letters, uint32_t slot)
{
	for (; *letters; letters++) {
		if (*letters != ' ')
			add(l, side, *letters, slot);
		slot += slot != NO_POSITION;
	}
}

/* "m3" record 3 of A is missing, "x3" record 3 of B is extra, "d3/4" they differ. */
static void expect(struct lane *l, uint64_t equal, const char *differences)
{
	const struct vb_diff_counts *c = &l->d.devices[0].counts[VB_TO_HOST];
	struct vb_buf text = { 0 };

	l->opt.all = true;
	cr_assert_eq(vb_diff_match(&l->d, &l->d.lanes[0]), 0);
	for (size_t i = 0; i < l->d.n_found; i++) {
		const uint32_t *n = l->d.found[i].number;

		vb_buf_str(&text, text.len ? " " : "");
		if (n[0] && n[1])
			vb_buf_fmt(&text, "d%u/%u", n[0], n[1]);
		else
			vb_buf_fmt(&text, "%c%u", n[0] ? 'm' : 'x', n[0] ? n[0] : n[1]);
	}
	cr_expect_str_eq(text.data ? text.data : "", differences);
	cr_expect_eq(c->equal, equal);
	cr_expect_eq(c->missing + c->extra + c->different, l->d.n_found);
	vb_buf_done(&text);
	lane_done(l);
}

static void expect_rows(const char *a, const char *b, uint64_t equal, const char *differences)
{
	struct lane l;

	lane_init(&l);
	add_row(&l, 0, a, NO_POSITION);
	add_row(&l, 1, b, NO_POSITION);
	expect(&l, equal, differences);
}

Test(diff, pairs)
{
	expect_rows("abcdef", "abcdef", 6, "");
	expect_rows("abcdef", "abdef", 5, "m3");
	expect_rows("abdef", "abcdef", 5, "x3");
	expect_rows("abcdef", "abxdef", 5, "d3/3");
	expect_rows("abcdef", "abxyef", 4, "d3/3 d4/4");
	expect_rows("", "ab", 0, "x1 x2");
}

/* Of two against one, the one of the same kind is the one that differs. */
Test(diff, kinds_tell_which)
{
	expect_rows("abCdef", "abxef", 4, "m3 d4/3");
	expect_rows("abdCef", "abxef", 4, "d3/3 m4");
	expect_rows("abxef", "abCdef", 4, "x3 d3/4");
}

/* Which of several equal packets is missing only the ring can tell. */
Test(diff, positions_tell_which)
{
	struct lane l;

	lane_init(&l);
	add_row(&l, 0, "akkkb", 10);
	add_row(&l, 1, "ak kb", 10);
	expect(&l, 4, "m3");
	lane_init(&l);
	add_row(&l, 0, "a kkb", 10);
	add_row(&l, 1, "akkkb", 10);
	expect(&l, 4, "x2");
	lane_init(&l); /* two lost, one of them in the middle */
	add_row(&l, 0, "akkkkb", 10);
	add_row(&l, 1, "ak k b", 10);
	expect(&l, 4, "m3 m5");
}

Test(diff, positions_tell_the_place)
{
	struct lane l;

	/* Same kind, same number: but not the same place. */
	lane_init(&l);
	add_row(&l, 0, "ab cd", 10);
	add_row(&l, 1, "abx d", 10);
	expect(&l, 3, "m3 x3");
	lane_init(&l); /* the second of the two differs, whatever the kind */
	add_row(&l, 0, "abxCd", 10);
	add_row(&l, 1, "ab yd", 10);
	expect(&l, 3, "m3 d4/3");
	lane_init(&l); /* rings at other positions say nothing */
	add_row(&l, 0, "abcd", 10);
	add_row(&l, 1, "abxd", 20);
	expect(&l, 3, "d3/3");
}

Test(diff, only_wanted_records_count)
{
	struct lane l;

	lane_init(&l);
	add_row(&l, 0, "zabcd", NO_POSITION);
	add_row(&l, 1, "abcdx", NO_POSITION);
	l.d.lanes[0].items[0].list[0].wanted = false;
	l.d.lanes[0].items[0].list[1].wanted = false; /* before --from here, behind it there */
	l.d.lanes[0].items[1].list[4].wanted = false;
	expect(&l, 4, "");
}

/*
 * So does only their payload: that of a pair in both traces, though a mark of one of them stands
 * between the two; what is missing or extra in its own.
 */
Test(diff, only_wanted_payload_is_totalled)
{
	struct lane l;

	lane_init(&l);
	add_row(&l, 0, "abcdef", NO_POSITION);
	add_row(&l, 1, "abcefx", NO_POSITION);
	l.d.lanes[0].items[0].list[0].wanted = l.d.lanes[0].items[1].list[0].wanted = false;
	l.d.lanes[0].items[0].list[1].wanted = false;
	l.d.lanes[0].items[0].list[3].wanted = false;
	l.opt.all = true;
	cr_assert_eq(vb_diff_match(&l.d, &l.d.lanes[0]), 0);
	cr_expect_eq(l.d.input[0].n_payload, UINT64_C(4) * PACKET); /* bcef */
	cr_expect_eq(l.d.input[1].n_payload, UINT64_C(5) * PACKET); /* bcefx */
	lane_done(&l);
}

Test(diff, cut_packets_are_compared_as_far_as_they_go)
{
	struct lane l;
	struct vb_diff_item *it;

	lane_init(&l);
	add_row(&l, 0, "abcd", NO_POSITION);
	add_row(&l, 1, "abxd", NO_POSITION);
	it = l.d.lanes[0].items[0].list;
	it[1].cut = true;
	it[1].full = it[1].raw = 77; /* of fewer bytes than B has; the key is of what both have */
	it[2].cut = it[2].stub = true;
	it[3].full = 78; /* both whole, alike at the beginning only */
	expect(&l, 3, "d4/4");
}

Test(diff, only_the_first_ones_are_kept)
{
	struct lane l;

	lane_init(&l);
	add_row(&l, 0, "abcdefghijklmnopqrstuvwxyz", NO_POSITION);
	cr_assert_eq(vb_diff_match(&l.d, &l.d.lanes[0]), 0);
	cr_assert_eq(l.d.n_found, 10);
	cr_assert_eq(l.d.devices[0].n_found, 26);
	cr_assert_eq(l.d.devices[0].counts[VB_TO_HOST].missing, 26);
	lane_done(&l);
}

/* ---- the order of the ring ---- */

static void expect_order(const uint32_t *slots, size_t n, const char *order, uint64_t moved)
{
	struct lane l;
	struct vb_diff_items *items;

	lane_init(&l);
	for (size_t i = 0; i < n; i++)
		add(&l, 0, (char)('a' + i), slots[i]);
	items = &l.d.lanes[0].items[0];
	cr_expect_eq(vb_diff_order(items), moved, "%s", order);
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(items->list[i].key, (uint64_t)order[i], "%s at %zu", order, i);
	lane_done(&l);
}

#define EXPECT_ORDER(order, moved, ...)                                                            \
	expect_order((const uint32_t[]){ __VA_ARGS__ },                                            \
		     sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t), order, moved)

Test(diff, order_of_the_ring)
{
	EXPECT_ORDER("abcd", 0, 5, 6, 7, 8);
	EXPECT_ORDER("acbd", 1, 5, 7, 6, 8);
	EXPECT_ORDER("adcb", 2, 5, 8, 7, 6);
	EXPECT_ORDER("acbd", 1, 62, 64, 63, 65); /* over the end of the ring */
	EXPECT_ORDER("abcd", 0, 5, 7, 8, 9);	 /* one was lost */
	EXPECT_ORDER("abcd", 0, 5, 0, 1, 2);	 /* opened anew */
	EXPECT_ORDER("abcd", 0, 5, 0, 3, 6);	 /* 6 does not lead to 0 */
	EXPECT_ORDER("abcd", 0, 5, NO_POSITION, 7, 6);
}

/* Whatever the header says, it ends, and no byte outside is touched. */
Test(diff, hostile_positions)
{
	uint64_t seed = 5;

	for (int round = 0; round < 2000; round++) {
		struct vb_diff_item list[100];
		struct vb_diff_items items = { list, 100, 100 };

		for (uint32_t i = 0; i < items.n; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			list[i] = (struct vb_diff_item){
				.number = i,
				.wire_len = round % 3 ? PACKET : (uint32_t)(seed >> 40),
				.ring_pos = (uint32_t)(seed >> 33) % (round % 2 ? 8 : 3000) * 64,
				.ring_size = round % 5 ? RING : (uint32_t)(seed >> 50) % 3,
			};
		}
		cr_assert_leq(vb_diff_order(&items), 100);
		for (uint32_t i = 0, sum = 0; i <= items.n; i++) {
			cr_assert(i < items.n || sum == 99 * 100 / 2);
			sum += i < items.n ? list[i].number : 0;
		}
	}
}
