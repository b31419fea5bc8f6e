/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistent reservations of a storage device's disks. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define KEY UINT64_C(0x1122334455667788)
#define OTHER_KEY UINT64_C(0xabc)

enum { READ_KEYS, READ_RESERVATION, CAPABILITIES, FULL_STATUS };
enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_AND_ABORT, REGISTER_ANYWAY };
enum { GOOD = 0, CONFLICT = 0x18 };

static uint8_t data[4096];

/* Returns the bytes of the answer, behind generation and length. */
static uint32_t ask(struct stor_bench *b, uint8_t action)
{
	const struct stor_request r = { STOR_CDB(0x5e, action, 0, 0, 0, 0, 0, 1, 0, 0),
					.way = STOR_IN, .data_len = 256 };

	return stor_answer(b, &r, data) - 8;
}

static uint64_t generation(struct stor_bench *b)
{
	ask(b, READ_KEYS);
	return stor_be(data, 4);
}

/* Who holds it, and how: key 0: nobody. */
static void expect_held(struct stor_bench *b, uint64_t key, uint8_t type)
{
	uint32_t len = ask(b, READ_RESERVATION);

	cr_assert_eq(stor_be(data + 4, 4), len);
	cr_expect_eq(len, type ? 16 : 0);
	cr_expect_eq(len ? stor_be(data + 8, 8) : 0, key);
	cr_expect_eq(len ? data[21] : 0, type);
}

static struct stor_request out(struct stor_bench *b, uint8_t action, uint8_t type, uint64_t key,
			       uint64_t action_key)
{
	struct stor_request r = { STOR_CDB(0x5f, action, type, 0, 0, 0, 0, 0, 24, 0),
				  .way = STOR_OUT, .data_len = 24 };
	uint8_t list[24] = { 0 };

	for (unsigned int i = 0; i < 8; i++) {
		list[i] = (uint8_t)(key >> (56 - 8 * i));
		list[8 + i] = (uint8_t)(action_key >> (56 - 8 * i));
	}
	stor_put(b, 0, list, sizeof(list));
	return r;
}

/* The status of SCSI that it gets. */
static uint8_t status_of(struct stor_bench *b, const struct stor_request *r)
{
	struct stor_wire w;

	stor_run(b, r, &w);
	cr_expect_eq(w.srb.srb_status & 0x3f, w.srb.scsi_status ? VB_SRB_ERROR : VB_SRB_SUCCESS);
	return w.srb.scsi_status;
}

static uint8_t act(struct stor_bench *b, uint8_t action, uint8_t type, uint64_t key,
		   uint64_t action_key)
{
	struct stor_request r = out(b, action, type, key, action_key);

	return status_of(b, &r);
}

static uint8_t try_io(struct stor_bench *b, bool is_write)
{
	struct stor_request r;

	stor_rw(&r, is_write, 0, 0, 1, 512);
	return status_of(b, &r);
}

/* ---- the guest alone ---- */

Test(storvsc_reserve, registered)
{
	struct stor_bench *b = stor_bench_started(NULL);

	cr_expect_eq(ask(b, READ_KEYS), 0);
	cr_expect_eq(generation(b), 0);
	cr_expect_eq(act(b, REGISTER, 0, 5, KEY), CONFLICT, "it has no key yet");
	cr_expect_eq(act(b, REGISTER, 0, 0, 0), GOOD, "which it keeps on having not");
	cr_expect_eq(generation(b), 0);
	cr_expect_eq(act(b, REGISTER, 0, 0, KEY), GOOD);
	cr_expect_eq(ask(b, READ_KEYS), 8);
	cr_expect_eq(stor_be(data, 4), 1);
	cr_expect_eq(stor_be(data + 4, 4), 8);
	cr_expect_eq(stor_be(data + 8, 8), KEY);
	cr_expect_eq(act(b, REGISTER, 0, 0, 7), CONFLICT);
	cr_expect_eq(act(b, REGISTER, 0, KEY, 7), GOOD);
	cr_expect_eq(act(b, REGISTER_ANYWAY, 0, 99, KEY), GOOD);
	cr_expect_eq(generation(b), 3);
	cr_expect_eq(act(b, REGISTER, 0, KEY, 0), GOOD);
	cr_expect_eq(ask(b, READ_KEYS), 0);
	cr_expect_eq(generation(b), 4);
	stor_bench_free(b);
}

Test(storvsc_reserve, reserved)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;

	cr_expect_eq(act(b, RESERVE, 1, 0, 0), CONFLICT, "only who has registered may");
	act(b, REGISTER, 0, 0, KEY);
	cr_expect_eq(act(b, RESERVE, 1, 5, 0), CONFLICT);
	cr_expect_eq(act(b, RESERVE, 1, KEY, 0), GOOD);
	expect_held(b, KEY, 1);
	cr_expect_eq(generation(b), 1, "a reservation does not count");
	cr_expect_eq(act(b, RESERVE, 1, KEY, 0), GOOD, "once more is the same");
	cr_expect_eq(act(b, RESERVE, 3, KEY, 0), CONFLICT);
	cr_expect_eq(try_io(b, true), GOOD, "it is the guest's own");
	r = out(b, RELEASE, 3, KEY, 0);
	cr_expect_eq(stor_sense(b, &r), 0x052604);
	expect_held(b, KEY, 1);
	cr_expect_eq(act(b, RELEASE, 1, KEY, 0), GOOD);
	expect_held(b, 0, 0);
	cr_expect_eq(act(b, RELEASE, 1, KEY, 0), GOOD, "nothing to release");
	act(b, RESERVE, 6, KEY, 0);
	cr_expect_eq(act(b, CLEAR, 0, KEY, 0), GOOD);
	expect_held(b, 0, 0);
	cr_expect_eq(ask(b, READ_KEYS), 0);
	stor_bench_free(b);
}

/* Who gives up the registration gives up the reservation. */
Test(storvsc_reserve, unregistered)
{
	struct stor_bench *b = stor_bench_started(NULL);

	for (uint8_t type = 1; type <= 7; type += 6) {
		act(b, REGISTER, 0, 0, KEY);
		cr_expect_eq(act(b, RESERVE, type, KEY, 0), GOOD);
		expect_held(b, type == 7 ? 0 : KEY, type);
		act(b, REGISTER, 0, KEY, 0);
		expect_held(b, 0, 0);
	}
	stor_bench_free(b);
}

Test(storvsc_reserve, what_it_can)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;
	const uint8_t persists[] = { 1 };

	cr_expect_eq(ask(b, CAPABILITIES), 0);
	cr_expect(memcmp(data, (uint8_t[]){ 0, 8, 0x11, 0x80, 0xea, 1, 0, 0 }, 8) == 0);
	r = out(b, REGISTER, 0, 0, KEY);
	stor_put(b, 20, persists, 1);
	cr_expect_eq(status_of(b, &r), GOOD);
	ask(b, CAPABILITIES);
	cr_expect_eq(data[3], 0x81, "whatever happens to the power");
	stor_bench_free(b);
}

Test(storvsc_reserve, full_status)
{
	struct stor_bench *b = stor_bench_started(NULL);

	act(b, REGISTER, 0, 0, KEY);
	act(b, RESERVE, 3, KEY, 0);
	cr_assert_eq(ask(b, FULL_STATUS), 48);
	cr_expect_eq(stor_be(data + 8, 8), KEY);
	cr_expect_eq(data[20], 1, "it holds the reservation");
	cr_expect_eq(data[21], 3);
	cr_expect_eq(stor_be(data + 26, 2), 1);
	cr_expect_eq(stor_be(data + 28, 4), 24);
	cr_expect_eq(data[32], 1, "named as on a parallel bus");
	cr_expect_eq(data[35], 7);
	stor_bench_free(b);
}

Test(storvsc_reserve, wrong_requests)
{
	struct stor_bench *b = stor_bench_started(NULL);
	const uint8_t all_ports[] = { 4 };
	struct stor_request r;

	act(b, REGISTER, 0, 0, KEY);
	r = out(b, RESERVE, 2, KEY, 0);
	cr_expect_eq(stor_sense(b, &r), 0x052400, "no type");
	r = out(b, RESERVE, 0x11, KEY, 0);
	cr_expect_eq(stor_sense(b, &r), 0x052400, "no scope");
	r = out(b, 7, 1, KEY, 0);
	cr_expect_eq(stor_sense(b, &r), 0x052400, "it cannot be moved");
	r = out(b, REGISTER, 0, KEY, 5);
	r.cdb[8] = 23;
	cr_expect_eq(stor_sense(b, &r), 0x051a00);
	r = out(b, REGISTER, 0, KEY, 5);
	stor_put(b, 20, all_ports, 1);
	cr_expect_eq(stor_sense(b, &r), 0x052600);
	r = out(b, PREEMPT, 1, KEY, 0);
	cr_expect_eq(stor_sense(b, &r), 0x052600, "nobody has key 0");
	cr_expect_eq(act(b, PREEMPT, 1, KEY, 5), CONFLICT, "nor 5");
	stor_bench_free(b);
}

/* ---- another one ---- */

/* What the guest may do while another has reserved the disk, registered or not. */
Test(storvsc_reserve, kept_out)
{
	static const struct {
		const char *command;
		uint8_t read, write, registered_read, registered_write;
	} cases[] = {
		{ "reserve 0 0xabc 1", GOOD, CONFLICT, GOOD, CONFLICT },
		{ "reserve 0 0xabc 3", CONFLICT, CONFLICT, CONFLICT, CONFLICT },
		{ "reserve 0 0xabc 5", GOOD, CONFLICT, GOOD, GOOD },
		{ "reserve 0 0xabc 6", CONFLICT, CONFLICT, GOOD, GOOD },
		{ "reserve 0 0xabc 7", GOOD, CONFLICT, GOOD, GOOD },
		{ "reserve 0 0xabc 8", CONFLICT, CONFLICT, GOOD, GOOD },
	};

	for (size_t i = 0; i < 6; i++) {
		struct stor_bench *b = stor_bench_started(NULL);

		stor_do(b, cases[i].command);
		cr_expect_eq(try_io(b, false), cases[i].read, "%s", cases[i].command);
		cr_expect_eq(try_io(b, true), cases[i].write, "%s", cases[i].command);
		cr_expect_eq(act(b, REGISTER, 0, 0, KEY), GOOD);
		cr_expect_eq(try_io(b, false), cases[i].registered_read, "%s", cases[i].command);
		cr_expect_eq(try_io(b, true), cases[i].registered_write, "%s", cases[i].command);
		stor_bench_free(b);
	}
}

Test(storvsc_reserve, what_anybody_may)
{
	static const uint8_t free_ones[][16] = {
		{ 0x00 },
		{ 0x12, 0, 0, 0, 36 },
		{ 0x25 },
		{ 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64 },
		{ 0x03, 0, 0, 0, 18 },
	};
	struct stor_bench *b = stor_bench_started(NULL);

	stor_do(b, "reserve 0 0xabc 3");
	for (size_t i = 0; i < 5; i++) {
		struct stor_request r = { .cdb_len = 12, .way = STOR_IN, .data_len = 64 };

		memcpy(r.cdb, free_ones[i], 16);
		cr_expect_eq(status_of(b, &r), GOOD, "%02x", r.cdb[0]);
	}
	expect_held(b, OTHER_KEY, 3);
	stor_bench_free(b);
}

Test(storvsc_reserve, preempted)
{
	struct stor_bench *b = stor_bench_started(NULL);

	stor_do(b, "reserve 0 0xabc 3");
	act(b, REGISTER, 0, 0, KEY);
	cr_expect_eq(act(b, RESERVE, 3, KEY, 0), CONFLICT);
	cr_expect_eq(ask(b, READ_KEYS), 16);
	cr_expect_eq(act(b, PREEMPT_AND_ABORT, 1, KEY, OTHER_KEY), GOOD);
	expect_held(b, KEY, 1);
	cr_expect_eq(ask(b, READ_KEYS), 8);
	cr_expect_eq(generation(b), 3);
	cr_expect_eq(try_io(b, true), GOOD);
	stor_bench_free(b);
}

/* A reservation of all registrants is taken over with key 0. */
Test(storvsc_reserve, preempted_of_all)
{
	struct stor_bench *b = stor_bench_started(NULL);

	stor_do(b, "reserve 0 0xabc 8");
	act(b, REGISTER, 0, 0, KEY);
	expect_held(b, 0, 8);
	cr_expect_eq(act(b, PREEMPT, 3, KEY, 5), CONFLICT);
	cr_expect_eq(act(b, PREEMPT, 3, KEY, OTHER_KEY), GOOD);
	expect_held(b, 0, 8);
	cr_expect_eq(ask(b, READ_KEYS), 8, "it is the registration that was lost");
	cr_expect_eq(act(b, PREEMPT, 3, KEY, 0), GOOD);
	expect_held(b, KEY, 3);
	stor_bench_free(b);
}

Test(storvsc_reserve, given_back)
{
	struct stor_bench *b = stor_bench_started(NULL);
	const struct stor_request ready = { STOR_CDB(0, 0, 0, 0, 0, 0), .way = STOR_NONE };

	stor_do(b, "reserve 0 0xabc 3");
	stor_do(b, "release 0");
	cr_expect_eq(try_io(b, true), GOOD);
	cr_expect_eq(stor_sense(b, &ready), 0, "nobody had been let in");
	act(b, REGISTER, 0, 0, KEY);
	stor_do(b, "reserve 0 0xabc 5");
	stor_do(b, "release 0");
	cr_expect_eq(stor_sense(b, &ready), 0x062a04);
	cr_expect_eq(try_io(b, true), GOOD);
	stor_bench_free(b);
}

Test(storvsc_reserve, commands)
{
	const char *const settings[] = { "disks=1", "dvd=on", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct loop_request rq;

	cr_expect_eq(stor_word(b, "reserve 0 0 1", &rq), -EINVAL);
	cr_expect_eq(stor_word(b, "reserve 0 5 2", &rq), -EINVAL);
	cr_expect_eq(stor_word(b, "reserve 0 5", &rq), -EINVAL);
	cr_expect_eq(stor_word(b, "reserve 1 5 1", &rq), -ENOENT, "a drive");
	cr_expect_eq(stor_word(b, "reserve 9 5 1", &rq), -ENOENT);
	cr_expect_eq(stor_word(b, "release 0", &rq), -ENOENT);
	cr_expect_eq(stor_word(b, "release", &rq), -EINVAL);
	act(b, REGISTER, 0, 0, KEY);
	act(b, RESERVE, 1, KEY, 0);
	cr_expect_eq(stor_word(b, "reserve 0 5 1", &rq), -EBUSY);
	expect_held(b, KEY, 1);
	stor_bench_free(b);
}

/* It survives what the guest can do to the unit. */
Test(storvsc_reserve, it_stays)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;

	act(b, REGISTER, 0, 0, KEY);
	act(b, RESERVE, 1, KEY, 0);
	stor_ask(b, VB_STORVSC_RESET_BUS, 0, &w);
	stor_calm(b, 0);
	expect_held(b, KEY, 1);
	stor_bench_close(b, 0);
	stor_bench_open(b, 0);
	stor_start(b, VB_STORVSC_WIN10);
	expect_held(b, KEY, 1);
	stor_bench_free(b);
}
