/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels: opening, moving, taking back, sub-channels; and what is refused.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "replay/host/synic.h"
#include "tests/loop/guest.h"

static struct loop loop;
static struct guest guest;
static struct vb_hdevice *device;

static void setup(void)
{
	struct loop_options opt = { .n_vps = 2 };

	device = guest_start(&guest, &loop, &opt);
	guest_connect(&guest, VB_VMBUS_5_3);
}

static void teardown(void)
{
	loop_done(&loop);
}

static struct loop_echo_state *echo(void)
{
	return vb_hdevice_state(device);
}

static void trouble_says(const char *what)
{
	cr_assert(strstr(loop.trouble, what), "'%s' lacks '%s'", loop.trouble, what);
}

/* ask for something that is answered */
static unsigned int ask(struct guest_channel *c, const char payload[8])
{
	struct guest_packet p;

	cr_assert_eq(guest_send(c, 6, 1, 7, payload, 8), 0);
	loop_run(&loop);
	return guest_drain(c, &p);
}

TestSuite(host_channel, .init = setup, .fini = teardown);

/* ---- opening ---- */

static void open_fails(uint32_t relid, uint32_t gpadl, uint32_t vp, uint32_t downstream,
		       const char *why)
{
	guest_post_open(&guest, relid, gpadl, vp, downstream);
	guest_expect(&guest, VB_CTL_OPEN_RESULT);
	cr_assert_eq(guest_field(&guest, "vmbus.open_result.status"), 0xc000000d);
	trouble_says(why);
	cr_assert_eq(echo()->n_opened, 0);
}

Test(host_channel, openings_that_are_refused)
{
	uint64_t pfns[8];
	uint32_t gpadl;

	guest_pages(&guest, pfns, 8);
	gpadl = guest_make_gpadl(&guest, 1, pfns, 8);
	open_fails(2, gpadl, 0, 4, "no such channel");
	open_fails(70000, gpadl, 0, 4, "no such channel");
	open_fails(1, gpadl + 1, 0, 4, "GPADL does not exist");
	open_fails(1, gpadl, 2, 4, "no such processor");
	open_fails(1, gpadl, 0, 0, "pages make no sense");
	open_fails(1, gpadl, 0, 1, "pages make no sense");
	open_fails(1, gpadl, 0, 7, "pages make no sense");
	open_fails(1, gpadl, 0, 8, "pages make no sense");
	open_fails(1, gpadl, 0, UINT32_MAX, "pages make no sense");
	cr_assert_eq(loop.memory.n_pages, 0);
	guest_post_open(&guest, 1, gpadl, 0, 6); /* rings need not be equal */
	guest_expect(&guest, VB_CTL_OPEN_RESULT);
	cr_assert_eq(guest_field(&guest, "vmbus.open_result.status"), 0);
	guest_post_open(&guest, 1, gpadl, 0, 4);
	guest_expect(&guest, VB_CTL_OPEN_RESULT);
	cr_assert_neq(guest_field(&guest, "vmbus.open_result.status"), 0);
	trouble_says("it is open");
	cr_assert_eq(echo()->n_opened, 1);
}

Test(host_channel, opens_and_closes_again_and_again)
{
	struct guest_channel c;

	for (unsigned int i = 1; i <= 5; i++) {
		guest_open(&guest, &c, 1, 4, 0);
		cr_assert_eq(vb_hdevice_primary(device) != NULL, 1);
		cr_assert_eq(ask(&c, "question"), 1);
		guest_close(&c, false);
		cr_assert_eq(echo()->n_closed, i);
		cr_assert_null(vb_hdevice_primary(device));
	}
	cr_assert_eq(loop.memory.n_pages, 0);
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
	guest_post_relid(&guest, VB_CTL_CLOSE, "vmbus.close.relid", 1);
	trouble_says("not open");
}

Test(host_channel, a_ring_whose_pages_go_away_is_broken)
{
	struct guest_channel c;
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_GPADL_TEARDOWN),
		VB_NUMBER("vmbus.gpadl_teardown.relid", 1),
		VB_NUMBER("vmbus.gpadl_teardown.gpadl", 0xe1e10),
	};

	guest_open(&guest, &c, 1, 4, 0);
	guest_post(&guest, values, 3, 16);
	guest_expect(&guest, VB_CTL_GPADL_TORNDOWN);
	trouble_says("torn down");
	loop_run(&loop);
	cr_assert(guest_take(&guest));
	cr_assert_eq(guest_field(&guest, "vmbus.type"), VB_CTL_RESCIND);
	guest_unmap(&c);
	cr_assert_eq(loop.memory.n_pages, 0);
}

/* ---- moving ---- */

static void move(uint32_t relid, uint32_t vp)
{
	const struct vb_value values[] = {
		VB_NUMBER("vmbus.type", VB_CTL_MODIFY_CHANNEL),
		VB_NUMBER("vmbus.modify_channel.relid", relid),
		VB_NUMBER("vmbus.modify_channel.target_vp", vp),
	};

	guest_post(&guest, values, 3, 16);
}

Test(host_channel, interrupts_go_where_the_channel_was_opened_and_moved)
{
	struct guest_channel c;
	uint64_t before;

	guest_open(&guest, &c, 1, 4, 1);
	before = loop.n_interrupts[0];
	cr_assert_eq(ask(&c, "question"), 1);
	cr_assert_eq(loop.n_interrupts[0], before);
	cr_assert_eq(loop.n_interrupts[1], 1);
	move(1, 0);
	guest_expect(&guest, VB_CTL_MODIFY_CHANNEL_RESPONSE);
	cr_assert_eq(guest_field(&guest, "vmbus.modify_channel_response.status"), 0);
	c.vp = 0;
	cr_assert_eq(ask(&c, "question"), 1);
	cr_assert_eq(loop.n_interrupts[1], 1);
	move(1, 2);
	guest_expect(&guest, VB_CTL_MODIFY_CHANNEL_RESPONSE);
	cr_assert_neq(guest_field(&guest, "vmbus.modify_channel_response.status"), 0);
	cr_assert_eq(ask(&c, "question"), 1);
	move(9, 0);
	guest_expect(&guest, VB_CTL_MODIFY_CHANNEL_RESPONSE);
	cr_assert_neq(guest_field(&guest, "vmbus.modify_channel_response.status"), 0);
	guest_close(&c, false);
}

Test(host_channel, before_5_3_moving_has_no_answer)
{
	struct guest_channel c;

	guest_unload(&guest);
	guest_connect(&guest, VB_VMBUS_5_2);
	guest_open(&guest, &c, 1, 4, 0);
	move(1, 1);
	cr_assert_not(guest_take(&guest));
	c.vp = 1;
	cr_assert_eq(ask(&c, "question"), 1);
	guest_close(&c, false);
}

Test(host_channel, a_flag_that_is_set_interrupts_once)
{
	struct guest_channel c;
	struct guest_packet p;

	guest_open(&guest, &c, 1, 4, 1);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(guest_send(&c, 6, 1, 1, "question", 8), 0);
		loop_run(&loop);
		while (guest_read(&c, &p)) /* without looking at the flag */
			continue;
	}
	cr_assert_eq(loop.n_interrupts[1], 1);
	guest_close(&c, false);
}

Test(host_channel, no_interrupts_at_all)
{
	struct guest_channel c;
	struct guest_packet p;

	guest_open(&guest, &c, 1, 4, 0);
	move(1, UINT32_MAX);
	guest_expect(&guest, VB_CTL_MODIFY_CHANNEL_RESPONSE);
	cr_assert_eq(guest_field(&guest, "vmbus.modify_channel_response.status"), 0);
	cr_assert_eq(ask(&c, "question"), 0);
	cr_assert(guest_read(&c, &p));
	guest_close(&c, false);
}

/* ---- taking back ---- */

Test(host_channel, an_open_channel_is_taken_back)
{
	struct guest_channel c;

	guest_open(&guest, &c, 1, 4, 0);
	vb_host_rescind(device);
	cr_assert_eq(echo()->n_closed, 1);
	cr_assert(guest_take(&guest));
	cr_assert_eq(guest_field(&guest, "vmbus.type"), VB_CTL_RESCIND);
	guest.offers[0].rescinded = true;
	cr_assert_eq(guest_send(&c, 6, 1, 1, "too late", 8), 0);
	loop_run(&loop);
	/* offered again before the guest let go: it hears of it when it did */
	cr_assert_eq(vb_host_reoffer(device), 0);
	cr_assert_eq(vb_host_reoffer(device), -EALREADY);
	guest_close(&c, true);
	cr_assert(!guest_take(&guest));
	guest_release(&guest, 1);
	guest_expect(&guest, VB_CTL_OFFER);
	/* its GPADL went with it */
	guest.next_gpadl = 0xe1e10;
	guest_request_offers(&guest);
	cr_assert_eq(guest_offer(&guest, 0)->relid, 1);
	guest_open(&guest, &c, 1, 4, 0);
	cr_assert_eq(ask(&c, "question"), 1);
	guest_close(&c, false);
	cr_assert_eq(loop.n_troubles, 1, "%s", loop.trouble); /* the offers, a second time */
}

Test(host_channel, an_id_is_used_again_when_it_is_released)
{
	vb_host_rescind(device);
	vb_host_reoffer(device);
	vb_host_rescind(device);
	guest_release(&guest, 1);
	cr_assert_eq(vb_host_reoffer(device), 0);
	guest.n_offers = 0;
	/* the rescind, the offer: the one between the two was never made */
	for (uint32_t i = 0; i < 2; i++)
		cr_assert(guest_take(&guest));
	cr_assert(!guest_take(&guest));
	cr_assert_eq(guest_field(&guest, "vmbus.type"), VB_CTL_OFFER);
	cr_assert_eq(guest_field(&guest, "vmbus.offer.relid"), 1);
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
	/* not twice, and not what is in use */
	guest_release(&guest, 1);
	trouble_says("not taken back");
	guest_release(&guest, 99999);
}

Test(host_channel, what_is_taken_back_before_it_is_open_cannot_be_opened)
{
	uint64_t pfns[4];
	uint32_t gpadl;

	guest_pages(&guest, pfns, 4);
	gpadl = guest_make_gpadl(&guest, 1, pfns, 4);
	vb_host_rescind(device);
	open_fails(1, gpadl, 0, 2, "rescinded");
}

Test(host_channel, signals_need_a_channel)
{
	struct guest_channel c;

	guest_open(&guest, &c, 1, 4, 0);
	cr_assert_eq(vb_host_signal(loop.host, c.connection, 0), 0);
	cr_assert_eq(vb_host_signal(loop.host, c.connection, 1), 5);
	cr_assert_eq(vb_host_signal(loop.host, c.connection + 1, 0), 18);
	cr_assert_eq(vb_host_signal(loop.host, 0, 0), 18);
	cr_assert_eq(vb_host_signal(loop.host, UINT32_MAX, 0), 18);
	guest_close(&c, false);
	cr_assert_eq(vb_host_signal(loop.host, c.connection, 0), 0);
	loop_run(&loop);
}

struct watched {
	uint32_t connection[16];
	bool in_use[16];
	unsigned int n;
};

static void watch(void *ctx, uint32_t connection, bool in_use)
{
	struct watched *w = ctx;

	w->connection[w->n] = connection;
	w->in_use[w->n++] = in_use;
}

Test(host_channel, connections_are_told)
{
	struct watched w = { .n = 0 };

	vb_host_watch_connections(loop.host, watch, &w);
	cr_assert_eq(w.n, 1);
	cr_assert_eq(w.connection[0], guest.offers[0].connection);
	vb_host_rescind(device);
	cr_assert(guest_take(&guest));
	guest_release(&guest, 1);
	cr_assert_eq(w.n, 2);
	cr_assert_eq(w.connection[1], w.connection[0]);
	cr_assert(!w.in_use[1]);
	vb_host_reoffer(device);
	cr_assert_eq(w.n, 3);
	cr_assert(w.in_use[2]);
	guest_unload(&guest);
	cr_assert_eq(w.n, 4);
	cr_assert(!w.in_use[3]);
}

/* ---- sub-channels ---- */

Test(host_channel, subchannels)
{
	struct guest_channel primary, sub[2];

	guest_open(&guest, &primary, 1, 4, 0);
	cr_assert_eq(ask(&primary, "S\2-----"), 1);
	cr_assert(guest_take(&guest) && guest_field(&guest, "vmbus.type") == VB_CTL_OFFER);
	cr_assert_eq(guest_field(&guest, "vmbus.offer.sub_channel_index"), 1);
	cr_assert_eq(guest_field(&guest, "vmbus.offer.relid"), 2);
	cr_assert_arr_eq(guest.msg + 24, guest.offers[0].instance, 16);
	cr_assert(guest_take(&guest) && guest_field(&guest, "vmbus.type") == VB_CTL_OFFER);
	cr_assert_eq(guest_field(&guest, "vmbus.offer.sub_channel_index"), 2);
	for (uint32_t i = 0; i < 2; i++) {
		guest.offers[guest.n_offers++] =
			(struct guest_offer){ .relid = 2 + i, .connection = 0x2002 + i };
		guest_open(&guest, &sub[i], 2 + i, 4, i);
	}
	cr_assert_eq(ask(&sub[0], "question"), 1);
	cr_assert_eq(ask(&sub[1], "question"), 1);
	cr_assert_eq(ask(&primary, "question"), 1);
	cr_assert_eq(echo()->n_opened, 3);
	/* with the primary the others go */
	guest_close(&primary, true);
	cr_assert_eq(echo()->n_closed, 3);
	for (int i = 0; i < 2; i++)
		guest_expect(&guest, VB_CTL_RESCIND);
	guest_close(&sub[0], true);
	guest_close(&sub[1], true);
	guest_release(&guest, 2);
	guest_release(&guest, 3);
	cr_assert_eq(loop.n_troubles, 0, "%s", loop.trouble);
}

Test(host_channel, no_more_subchannels_than_there_are)
{
	struct guest_channel c;

	cr_assert_eq(vb_host_offer_subchannels(device, 1), 0);
	guest_open(&guest, &c, 1, 4, 0);
	cr_assert_eq(vb_host_offer_subchannels(device, 3), 3);
	cr_assert_eq(vb_host_offer_subchannels(device, 3), 1);
	cr_assert_eq(vb_host_offer_subchannels(device, 3), 0);
	vb_host_rescind(device);
	guest_close(&c, true);
	guest.n_offers = 0;
}
