/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trouble of network devices: each kind in a conversation that has it, and in one like it that has
 * not. Statuses, sections, sizes.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "network_talk.h"

/* ---- status ---- */

Test(network, status)
{
	struct talk t;

	talk_begin(&t);
	talk_to_host(&t, VB_PACKET_IN_BAND, 1, WORDS(101));
	talk_to_guest(&t, VB_PACKET_COMPLETION, 1, WORDS(102, 1));
	talk_expect(&t, NONE);
	talk_to_guest(&t, VB_PACKET_COMPLETION, 1, WORDS(102, 2));
	talk_expect(&t, VB_NOTE_STATUS);
	talk_to_guest(&t, VB_PACKET_COMPLETION, 2, WORDS(108, 5));
	talk_expect(&t, VB_NOTE_STATUS);
	talk_to_guest(&t, VB_PACKET_COMPLETION, 2, WORDS(132, 0));
	talk_expect(&t, NONE);
	talk_to_guest(&t, VB_PACKET_COMPLETION, 2, WORDS(132, 0xc00000bb));
	talk_expect(&t, VB_NOTE_STATUS);
	talk_end(&t);
}

/* Which version the two will speak is tried out. */
Test(network, version_is_no_trouble)
{
	struct talk t;

	talk_begin(&t);
	talk_to_host(&t, VB_PACKET_IN_BAND, 1, WORDS(1, 0x60001, 0x60001));
	talk_to_guest(&t, VB_PACKET_COMPLETION, 1, WORDS(2, UINT32_MAX, 34, 0));
	talk_expect(&t, NONE);
	talk_end(&t);
}

Test(network, status_outside)
{
	struct talk t;

	talk_begin(&t);
	talk_transfer(&t);
	MESSAGE(&t, 0x80000005, 16, 3, 0);
	talk_expect(&t, NONE);
	talk_transfer(&t);
	MESSAGE(&t, 0x80000005, 16, 3, 0xc00000bb);
	talk_expect(&t, VB_NOTE_STATUS);
	talk_transfer(&t); /* a status that is told is no answer */
	MESSAGE(&t, 7, 20, 0x4001000b, 0, 0);
	talk_expect(&t, NONE);
	talk_end(&t);
}

/* ---- sections ---- */

static void section_size(struct talk *t, uint32_t size)
{
	talk_to_host(t, VB_PACKET_IN_BAND, 1, WORDS(104));
	talk_to_guest(t, VB_PACKET_COMPLETION, 1, WORDS(105, 1, size));
}

static void send_by_pages(struct talk *t, uint32_t len, bool control)
{
	t->outside_len = len;
	talk_to_host(t, VB_PACKET_GPA_DIRECT, 3, WORDS(107, control, NO_SECTION));
}

/* A frame of len bytes in a section, in a message with room behind it, as if another followed. */
static void put_in_section(struct talk *t, uint32_t len, uint32_t room)
{
	const uint32_t words[] = { 1, 44 + len + room, 36, len, 0, 0, 0, 0, 0, 0, 0 };

	talk_to_host(t, VB_PACKET_IN_BAND, 2, WORDS(107, 0, 4, 44 + len + room));
	talk_message(t, words, sizeof(words), 44 + len + room);
	talk_expect(t, NONE);
}

Test(network, no_section)
{
	struct talk t;

	talk_begin(&t);
	section_size(&t, 6144);
	send_by_pages(&t, 100, false);
	talk_expect(&t, NONE); /* this guest uses no sections */
	put_in_section(&t, 6091, 0);
	send_by_pages(&t, 100, false);
	talk_expect(&t, VB_NOTE_NO_SECTION);
	send_by_pages(&t, 6135, false);
	talk_expect(&t, VB_NOTE_NO_SECTION);
	send_by_pages(&t, 6136, false); /* with its alignment it is too long */
	talk_expect(&t, NONE);
	send_by_pages(&t, 100, true);
	talk_expect(&t, NONE);
	talk_to_host(&t, VB_PACKET_IN_BAND, 4, WORDS(106));
	send_by_pages(&t, 100, false);
	talk_expect(&t, NONE);
	talk_end(&t);
}

/* Some drivers copy short frames into sections, and have longer ones fetched from where they are. */
Test(network, pages_on_purpose)
{
	struct talk t;

	talk_begin(&t);
	section_size(&t, 6144);
	put_in_section(&t, 256, 4);
	send_by_pages(&t, 301, false);
	talk_expect(&t, NONE); /* what stands behind a message is none of it */
	send_by_pages(&t, 300, false);
	talk_expect(&t, VB_NOTE_NO_SECTION);
	put_in_section(&t, 512, 0);
	put_in_section(&t, 60, 0);
	send_by_pages(&t, 556, false);
	talk_expect(&t, VB_NOTE_NO_SECTION);
	send_by_pages(&t, 557, false);
	talk_expect(&t, NONE);
	talk_to_host(&t, VB_PACKET_IN_BAND, 4,
		     WORDS(106)); /* another driver may come after this one */
	section_size(&t, 6144);
	put_in_section(&t, 60, 0);
	send_by_pages(&t, 556, false);
	talk_expect(&t, NONE);
	talk_end(&t);
}

/* Which lengths go into sections is not known where the capture has nothing of them. */
Test(network, sections_that_were_not_captured)
{
	struct talk t;

	talk_begin(&t);
	section_size(&t, 6144);
	talk_to_host(&t, VB_PACKET_IN_BAND, 2, WORDS(107, 0, 4, 300));
	send_by_pages(&t, 300, false);
	talk_expect(&t, NONE);
	talk_end(&t);
}

Test(network, no_section_of_unknown_size)
{
	static const uint32_t state[] = { 4 | 4 << 16, 6144 };
	struct talk t;

	talk_begin(&t);
	put_in_section(&t, 256, 0);
	send_by_pages(&t, 100, false);
	talk_expect(&t, NONE);
	memcpy(t.bytes, state, sizeof(state));
	talk_learn(&t, VB_KIND_STATE, VB_DIR_NONE, sizeof(state));
	send_by_pages(&t, 100, false);
	talk_expect(&t, VB_NOTE_NO_SECTION);
	talk_end(&t);
}

/* ---- sizes ---- */

/* Longer than the bytes there are for it; shorter is what a range may be. */
Test(network, size_of_a_range)
{
	static const uint32_t keepalive[8] = { 8, 12, 1 };
	static const uint32_t longer[3] = { 8, 20, 1 };
	struct talk t;

	talk_begin(&t);
	talk_ask(&t, 1);
	talk_message(&t, keepalive, 32, 32);
	talk_expect(&t, NONE);
	talk_ask(&t, 2);
	talk_message(&t, longer, 12, 12);
	talk_expect(&t, VB_NOTE_SIZE);
	t.flags = VB_REC_EXT_CUT;
	talk_ask(&t, 3);
	talk_message(&t, longer, 12, 12);
	talk_expect(&t, NONE);
	talk_end(&t);
}

static void send_in_section(struct talk *t, uint32_t size)
{
	talk_to_host(t, VB_PACKET_IN_BAND, 2, WORDS(107, 0, 4, size));
	MESSAGE(t, 8, 12, 1);
	MESSAGE(t, 8, 12, 2);
}

Test(network, size_of_a_section)
{
	static const uint32_t rest = 0;
	struct talk t;

	talk_begin(&t);
	send_in_section(&t, 24);
	talk_expect(&t, NONE);
	send_in_section(&t, 20);
	talk_expect(&t, VB_NOTE_SIZE);
	send_in_section(&t, 28);
	talk_expect(&t, NONE);
	talk_message(&t, &rest, 4, 4); /* behind the last message */
	talk_expect(&t, VB_NOTE_SIZE);
	send_in_section(&t, 28);
	talk_message(&t, &rest, 0, 4); /* not captured: it may be one */
	talk_expect(&t, NONE);
	talk_end(&t);
}

/* A frame without its bytes: they were not captured. */
static void send_frame(struct talk *t, uint32_t len, uint32_t info_type, uint32_t info)
{
	const uint32_t words[] = { 1,  60 + len, 52, len, 0,	     0,	 0,   36,
				   16, 0,	 0,  16,  info_type, 12, info };

	talk_ask(t, 1);
	talk_message(t, words, sizeof(words), 60 + len);
}

Test(network, size_of_a_frame)
{
	struct talk t;

	talk_begin(&t);
	send_frame(&t, 9000, 8, 1);
	talk_expect(&t, NONE); /* the MTU is not known */
	talk_to_host(&t, VB_PACKET_IN_BAND, 9, WORDS(125, 1514));
	send_frame(&t, 1514, 8, 1);
	talk_expect(&t, NONE);
	send_frame(&t, 1518, 8, 1);
	talk_expect(&t, NONE);
	send_frame(&t, 1519, 8, 1);
	talk_expect(&t, VB_NOTE_SIZE);
	send_frame(&t, 9000, 2, 1460);
	talk_expect(&t, NONE);
	send_frame(&t, 9000, 0x80000001, 0x301);
	talk_expect(&t, NONE);
	talk_end(&t);
}

static void query(struct talk *t, uint32_t oid)
{
	talk_ask(t, 1);
	MESSAGE(t, 4, 28, 7, oid, 0, 20, 0);
	talk_transfer(t);
}

Test(network, size_of_an_answer)
{
	struct talk t;

	talk_begin(&t);
	query(&t, 0x01010101); /* a MAC address */
	MESSAGE(&t, 0x80000004, 32, 7, 0, 6, 16, 0, 0);
	talk_expect(&t, NONE);
	query(&t, 0x01010101);
	MESSAGE(&t, 0x80000004, 28, 7, 0, 4, 16, 0);
	talk_expect(&t, VB_NOTE_SIZE);
	query(&t, 0x01010101);
	MESSAGE(&t, 0x80000004, 24, 7, 0xc00000bb, 0, 0);
	talk_expect(&t, VB_NOTE_STATUS);
	query(&t, 0x00020216); /* a name may be empty */
	MESSAGE(&t, 0x80000004, 24, 7, 0, 0, 0);
	talk_expect(&t, NONE);
	query(&t, 0x00010203); /* an object says how long it is */
	MESSAGE(&t, 0x80000004, 36, 7, 0, 12, 16, 0x000c0288, 0, 0);
	talk_expect(&t, NONE);
	query(&t, 0x00010203);
	MESSAGE(&t, 0x80000004, 36, 7, 0, 12, 16, 0x00120288, 0, 0);
	talk_expect(&t, VB_NOTE_SIZE);
	talk_transfer(&t); /* nobody knows what was asked */
	MESSAGE(&t, 0x80000004, 24, 9, 0, 0, 0);
	talk_expect(&t, NONE);
	talk_end(&t);
}

Test(network, mtu)
{
	struct talk t;

	talk_begin(&t);
	query(&t, 0x00010106);
	MESSAGE(&t, 0x80000004, 28, 7, 0, 4, 16, 1000);
	talk_expect(&t, NONE);
	talk_to_host(&t, VB_PACKET_IN_BAND, 9, WORDS(125, 1514));
	query(&t, 0x00010106);
	MESSAGE(&t, 0x80000004, 28, 7, 0, 4, 16, 1500);
	talk_expect(&t, NONE);
	query(&t, 0x00010106);
	MESSAGE(&t, 0x80000004, 28, 7, 0, 4, 16, 1000);
	talk_expect(&t, VB_NOTE_SIZE);
	talk_end(&t);
}

/* Nobody says who sent it: it may hold a request and an answer with one id. */
Test(network, a_record_does_not_answer_itself)
{
	struct vb_session_stats stats;
	struct talk t;

	talk_begin(&t);
	talk_to_host(&t, VB_PACKET_IN_BAND, 1, WORDS(107, 1, NO_SECTION));
	t.f.direction = VB_DIR_NONE;
	MESSAGE(&t, 8, 12, 9);
	MESSAGE(&t, 0x80000008, 16, 9, 0);
	cr_expect_eq(t.link.request, 0);
	vb_session_get_stats(t.s, &stats);
	cr_expect_eq(stats.n_paired, 0);
	cr_expect_eq(stats.n_unpaired_answers, 1);
	talk_end(&t);
}
