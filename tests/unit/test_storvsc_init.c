/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes before a guest's first request to a storage device, and sub-channels. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/loop/stor_bench.h"

#define INVALID_STATE 0xc0000184u
#define INVALID_PARAMETER 0xc000000du
#define INVALID_REQUEST 0xc0000010u
#define REVISION 0xc0000059u

static const uint16_t versions[] = { 0x0200, 0x0402, 0x0501, 0x0600, 0x0602 };

/* ---- versions ---- */

Test(storvsc_init, all_versions)
{
	for (size_t i = 0; i < 5; i++) {
		struct stor_bench *b = stor_bench_new("scsi", NULL);
		uint8_t data[512];
		struct stor_wire w;

		/* drivers of that time begin with the short form */
		b->message_len = versions[i] < 0x0501 ? STOR_OLD_MESSAGE : STOR_MESSAGE;
		cr_assert_eq(stor_ask(b, 7, 0, &w), 0);
		cr_assert_eq(stor_ask(b, 9, versions[i], &w), 0, "0x%x", versions[i]);
		cr_expect_eq(w.version.number, versions[i]);
		cr_assert_eq(stor_ask(b, 10, 0, &w), 0);
		cr_expect_eq(w.properties.max_transfer, 0x40000);
		cr_expect_eq(w.properties.max_channels, versions[i] < 0x0501 ? 0 : 63);
		cr_expect_eq(w.properties.flags, versions[i] < 0x0501 ? 0 : 1);
		cr_assert_eq(stor_ask(b, 8, 0, &w), 0);
		cr_expect_eq(stor_read(b, 0, 0, 1, data), VB_SRB_SUCCESS);
		cr_expect_str_eq(stor_bench_trouble(b), "");
		stor_bench_free(b);
	}
}

/* A driver that only knows the short form, and asks for the newest version first. */
Test(storvsc_init, the_short_form_lasts_until_a_version_is_agreed)
{
	const char *const settings[] = { "version=4.2", NULL };
	struct stor_bench *b = stor_bench_new("scsi", settings);
	struct stor_wire w;

	b->message_len = STOR_OLD_MESSAGE;
	cr_assert_eq(stor_ask(b, 7, 0, &w), 0);
	cr_expect_eq(stor_ask(b, 9, 0x0602, &w), REVISION);
	cr_expect_eq(stor_ask(b, 9, 0x0501, &w), REVISION);
	cr_expect_eq(stor_ask(b, 9, 0x0402, &w), 0);
	stor_bench_free(b);
}

Test(storvsc_init, unknown_versions)
{
	static const uint16_t wrong[] = { 0, 0x0100, 0x0601, 0x0603, 0x0700, 0xffff };
	struct stor_bench *b = stor_bench_new("scsi", NULL);
	struct stor_wire w;

	cr_assert_eq(stor_ask(b, 7, 0, &w), 0);
	for (size_t i = 0; i < 6; i++) {
		cr_expect_eq(stor_ask(b, 9, wrong[i], &w), REVISION, "0x%x", wrong[i]);
		cr_expect_eq(w.version.number, wrong[i], "it is told which one");
	}
	cr_expect_eq(stor_ask(b, 9, 0x0602, &w), 0);
	cr_expect_str_eq(stor_bench_trouble(b), "", "to ask is no mistake");
	stor_bench_free(b);
}

/* ---- the order ---- */

/* Those that are not in their place after the first n of the right ones. */
static void expect_refused(unsigned int n, const uint8_t *wrong, size_t n_wrong)
{
	static const uint8_t right[] = { 7, 9, 10, 8 };

	for (size_t i = 0; i < n_wrong; i++) {
		struct stor_bench *b = stor_bench_new("fc", NULL);
		struct stor_wire w;

		for (unsigned int k = 0; k < n; k++)
			cr_assert_eq(stor_ask(b, right[k], right[k] == 9 ? 0x0602 : 0, &w), 0);
		cr_expect_eq(stor_ask(b, wrong[i], 0x0602, &w), INVALID_STATE, "%u after %u",
			     wrong[i], n);
		cr_expect_neq(stor_bench_trouble(b)[0], '\0');
		/* and nothing has changed */
		for (unsigned int k = n; k < 4; k++)
			cr_expect_eq(stor_ask(b, right[k], right[k] == 9 ? 0x0602 : 0, &w), 0);
		stor_bench_free(b);
	}
}

Test(storvsc_init, out_of_order)
{
	expect_refused(0, (const uint8_t[]){ 9, 10, 8, 12, 13 }, 5);
	expect_refused(1, (const uint8_t[]){ 7, 10, 8, 12, 13 }, 5);
	expect_refused(2, (const uint8_t[]){ 7, 9, 8, 12, 13 }, 5);
	expect_refused(3, (const uint8_t[]){ 7, 9, 10 }, 3);
	expect_refused(4, (const uint8_t[]){ 7, 9, 10, 8, 12 }, 5);
}

Test(storvsc_init, requests_come_last)
{
	struct stor_bench *b = stor_bench_new("scsi", NULL);
	const struct stor_request r = { STOR_CDB(0, 0, 0, 0, 0, 0), .way = STOR_NONE };
	static const uint8_t right[] = { 7, 9, 10, 8 };
	struct stor_wire w;

	for (unsigned int k = 0; k < 4; k++) {
		stor_run(b, &r, &w);
		cr_expect_eq(w.status, INVALID_STATE);
		cr_expect_eq(w.srb.srb_status, VB_SRB_INVALID_REQUEST);
		cr_expect_eq(stor_ask(b, 6, 0, &w), INVALID_STATE, "nor a reset");
		cr_assert_eq(stor_ask(b, right[k], right[k] == 9 ? 0x0602 : 0, &w), 0);
	}
	stor_run(b, &r, &w);
	cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	stor_bench_free(b);
}

Test(storvsc_init, operations_that_guests_do_not_have)
{
	static const uint8_t wrong[] = { 0, 1, 2, 11, 14, 15, 255 };
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w;

	for (size_t i = 0; i < 7; i++)
		cr_expect_eq(stor_ask(b, wrong[i], 0, &w), INVALID_REQUEST, "%u", wrong[i]);
	cr_expect_eq(stor_ask(b, 0x100, 0, &w), INVALID_REQUEST);
	stor_bench_free(b);
}

Test(storvsc_init, packets_that_want_no_answer)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_wire w = { .operation = 3 };
	uint64_t id;

	cr_assert(!guest_send(&b->c[0], 6, 0, 5, &w, sizeof(w)));
	cr_expect(!stor_take(b, 0, &w, &id));
	cr_expect_neq(stor_bench_trouble(b)[0], '\0');
	cr_assert(!guest_send(&b->c[0], 11, 0, 5, &w, sizeof(w)));
	cr_expect(!stor_take(b, 0, &w, &id));
	cr_expect_neq(stor_bench_trouble(b)[0], '\0');
	stor_bench_free(b);
}

Test(storvsc_init, messages_that_end_early)
{
	struct stor_bench *b = stor_bench_new("scsi", NULL);
	const struct stor_wire w = { .operation = 9, .flags = 1, .n_channels = 0x0602 };
	struct guest_packet p;
	struct stor_wire got;

	cr_assert_eq(stor_ask(b, 7, 0, &got), 0);
	for (uint32_t len = 0; len < 16; len += 8) {
		cr_assert(!guest_send(&b->c[0], 6, 1, 77, &w, len));
		loop_run(&b->l);
		cr_assert(guest_read(&b->c[0], &p));
		cr_expect_eq(p.payload_len, STOR_OLD_MESSAGE, "it has room for that");
		memcpy(&got, p.payload, p.payload_len);
		cr_expect_neq(got.status, 0);
	}
	cr_expect_eq(stor_ask(b, 9, 0x0602, &got), 0);
	stor_bench_free(b);
}

/* ---- a driver that comes anew ---- */

Test(storvsc_init, closed_and_opened_again)
{
	struct stor_bench *b = stor_bench_started(NULL);
	uint8_t data[512] = { 1, 2, 3 }, back[512] = { 0 };

	cr_assert_eq(stor_write(b, 0, 5, 1, data), VB_SRB_SUCCESS);
	stor_bench_close(b, 0);
	stor_bench_open(b, 0);
	stor_start(b, VB_STORVSC_WIN8);
	cr_expect_eq(stor_read(b, 0, 5, 1, back), VB_SRB_SUCCESS);
	cr_expect_arr_eq(data, back, 512, "what was written is there");
	stor_bench_free(b);
}

Test(storvsc_init, settings_for_the_next_driver)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct loop_request rq;
	struct stor_wire w;

	loop_command(&b->l, &rq, "set scsi version=5.1 disks=3 max-transfer=65536");
	cr_assert_eq(rq.status, 0, "%s", rq.text);
	cr_expect_null(b->s->unit[1]);
	stor_bench_close(b, 0);
	stor_bench_open(b, 0);
	cr_expect_not_null(b->s->unit[2]);
	cr_assert_eq(stor_ask(b, 7, 0, &w), 0);
	cr_expect_eq(stor_ask(b, 9, 0x0602, &w), REVISION);
	cr_expect_eq(stor_ask(b, 9, 0x0501, &w), 0);
	cr_expect_eq(stor_ask(b, 10, 0, &w), 0);
	cr_expect_eq(w.properties.max_transfer, 65536);
	stor_bench_free(b);
}

static void come_anew(struct stor_bench *b, const char *settings)
{
	struct loop_request rq;

	loop_command(&b->l, &rq, settings);
	cr_assert_eq(rq.status, 0, "%s", rq.text);
	stor_bench_close(b, 0);
	stor_bench_open(b, 0);
	stor_start(b, VB_STORVSC_WIN10);
}

Test(storvsc_init, disks_that_are_as_before_keep_their_bytes)
{
	struct stor_bench *b = stor_bench_started(NULL);
	const struct stor_request caching = { STOR_CDB(0x1a, 8, 8, 0, 64, 0), .way = STOR_IN,
					      .data_len = 64 };
	uint8_t data[512] = { 7 };
	struct loop_request rq;

	stor_write(b, 0, 0, 1, data);
	loop_command(&b->l, &rq, "set scsi medium=long disks=2");
	cr_assert_eq(rq.status, 0);
	come_anew(b, "set scsi medium= disks=1 cache=on thin=on");
	cr_expect_eq(stor_read(b, 0, 0, 1, data), VB_SRB_SUCCESS);
	cr_expect_eq(data[0], 7);
	cr_assert_eq(stor_answer(b, &caching, data), 24);
	cr_expect_eq(data[6], 4, "the cache is on");
	come_anew(b, "set scsi medium=x");
	come_anew(b, "set scsi medium=");
	stor_read(b, 0, 0, 1, data);
	cr_expect_eq(data[0], 0, "others are made anew");
	data[0] = 7;
	stor_write(b, 0, 0, 1, data);
	come_anew(b, "set scsi cache=off");
	stor_read(b, 0, 0, 1, data);
	cr_expect_eq(data[0], 7);
	stor_bench_free(b);
}

/* ---- sub-channels ---- */

Test(storvsc_init, sub_channels)
{
	struct stor_bench *b = stor_bench_started(NULL);
	struct stor_request r;
	uint8_t data[512] = { 9 };
	struct stor_wire w;
	uint64_t id, got;

	stor_more_channels(b, 2);
	stor_rw(&r, true, 0, 7, 1, 512);
	stor_put(b, 0, data, 512);
	id = stor_submit(b, 2, &r);
	cr_expect(!stor_take(b, 0, &w, &got), "it is answered where it was asked");
	cr_assert(stor_take(b, 2, &w, &got));
	cr_expect_eq(got, id);
	cr_expect_eq(w.srb.srb_status, VB_SRB_SUCCESS);
	memset(data, 0, 512);
	cr_expect_eq(stor_read(b, 0, 7, 1, data), VB_SRB_SUCCESS);
	cr_expect_eq(data[0], 9);
	stor_bench_free(b);
}

Test(storvsc_init, no_more_sub_channels_than_there_are)
{
	const char *const settings[] = { "subchannels=3", NULL };
	struct stor_bench *b = stor_bench_started(settings);
	struct stor_wire w;

	cr_expect_eq(stor_ask(b, 13, 4, &w), INVALID_PARAMETER);
	cr_expect_eq(stor_ask(b, 13, 0xffff, &w), INVALID_PARAMETER);
	stor_more_channels(b, 2);
	cr_expect_eq(stor_ask(b, 13, 2, &w), INVALID_PARAMETER);
	cr_expect_eq(stor_ask(b, 13, 1, &w), 0);
	while (guest_take_offers(&b->g))
		continue;
	stor_bench_open(b, 3);
	cr_expect_eq(stor_ask(b, 13, 0, &w), 0, "none are always to be had");
	stor_bench_free(b);
}

Test(storvsc_init, sub_channels_do_not_prepare)
{
	struct stor_bench *b = stor_bench_started(NULL);
	const struct stor_wire w = { .operation = 13, .flags = 1, .n_channels = 1 };
	struct stor_wire got;
	uint64_t id;

	stor_more_channels(b, 1);
	stor_send(b, 1, &w);
	cr_assert(stor_take(b, 1, &got, &id));
	cr_expect_eq(got.status, INVALID_STATE);
	stor_bench_free(b);
}

Test(storvsc_init, old_versions_have_no_sub_channels)
{
	struct stor_bench *b = stor_bench_new("scsi", NULL);
	struct stor_wire w;

	b->message_len = STOR_OLD_MESSAGE;
	stor_start(b, VB_STORVSC_WIN7);
	cr_expect_eq(stor_ask(b, 13, 1, &w), INVALID_PARAMETER);
	stor_bench_free(b);
}

/* ---- Fibre Channel, IDE ---- */

Test(storvsc_init, names_of_fibre_channel)
{
	const char *const settings[] = { "port-wwn=50:01:02:03:04:05:06:ff",
					 "node-wwn=2000000000000001", NULL };
	static const uint8_t port[] = { 0x50, 1, 2, 3, 4, 5, 6, 0xff };
	struct stor_bench *b = stor_bench_new("fc", settings);
	struct stor_wire w;

	cr_assert_eq(stor_ask(b, 7, 0, &w), 0);
	cr_assert_eq(stor_ask(b, 9, 0x0602, &w), 0);
	cr_assert_eq(stor_ask(b, 10, 0, &w), 0);
	cr_assert_eq(stor_ask(b, 12, 0, &w), 0);
	cr_expect_eq(w.names.primary_active, 1);
	cr_expect_arr_eq(w.names.primary_port, port, 8);
	cr_expect_eq(stor_be(w.names.primary_node, 8), 0x2000000000000001);
	cr_expect_eq(stor_be(w.names.secondary_port, 8), 0x5001020304050700);
	cr_assert_eq(stor_ask(b, 8, 0, &w), 0);
	stor_bench_free(b);
}

Test(storvsc_init, only_fibre_channel_has_names)
{
	struct stor_bench *b = stor_bench_new("scsi", NULL);
	struct stor_wire w;

	cr_assert_eq(stor_ask(b, 7, 0, &w), 0);
	cr_assert_eq(stor_ask(b, 9, 0x0602, &w), 0);
	cr_assert_eq(stor_ask(b, 10, 0, &w), 0);
	cr_expect_eq(stor_ask(b, 12, 0, &w), INVALID_REQUEST);
	cr_expect_eq(w.names.primary_active, 0);
	stor_bench_free(b);
}

/* The guest takes path and target from the offer's GUID. */
Test(storvsc_init, an_ide_disk)
{
	struct stor_bench *b = stor_bench_new("ide", NULL);
	uint8_t data[512];
	struct stor_wire w;

	cr_assert_eq(stor_ask(b, 7, 0, &w), 0);
	cr_assert_eq(stor_ask(b, 9, 0x0602, &w), 0);
	cr_assert_eq(stor_ask(b, 10, 0, &w), 0);
	cr_expect_eq(w.properties.flags, 0);
	cr_assert_eq(stor_ask(b, 8, 0, &w), 0);
	cr_expect_eq(stor_read(b, 0, 0, 1, data), VB_SRB_SUCCESS);
	b->target = 1;
	cr_expect_eq(stor_read(b, 0, 0, 1, data), VB_SRB_SUCCESS);
	cr_expect_eq(stor_read(b, 1, 0, 1, data), VB_SRB_INVALID_LUN);
	stor_bench_free(b);
}

/* ---- settings ---- */

Test(storvsc_init, settings_that_cannot_be)
{
	static const char *const wrong[][2] = {
		{ "scsi", "version=3.0" },
		{ "scsi", "version=6" },
		{ "scsi", "size=0" },
		{ "scsi", "size=65T" },
		{ "scsi", "size=10K" },
		{ "scsi", "size=10GG" },
		{ "scsi", "size=" },
		{ "scsi", "block=1024" },
		{ "scsi", "disks=64" },
		{ "scsi", "paths=0" },
		{ "scsi", "paths=9" },
		{ "scsi", "subchannels=64" },
		{ "scsi", "vendor=123456789" },
		{ "scsi", "product=12345678901234567" },
		{ "scsi", "revision=12345" },
		{ "scsi", "serial=\x01" },
		{ "scsi", "max-transfer=4095" },
		{ "scsi", "max-transfer=8388609" },
		{ "scsi", "latency=60000001" },
		{ "scsi", "cache=yes" },
		{ "scsi", "file=/nonexistent/x" },
		{ "scsi", "port-wwn=0000000000000000" },
		{ "fc", "port-wwn=000000000000000" },
		{ "fc", "port-wwn=00000000000000000" },
		{ "fc", "node-wwn=0000000g00000000" },
		{ "fc", "node-wwn=:0000000000000000" },
		{ "ide", "disks=2" },
		{ "ide", "dvd=on" },
	};
	const struct loop_options opt = { 0 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const settings[] = { wrong[i][1], NULL };
		struct vb_hdevice_config cfg = { .model = vb_model_by_name(wrong[i][0]),
						 .settings = settings };
		struct vb_err err;
		struct loop l;

		loop_init(&l, &opt);
		cr_expect_lt(vb_host_add(l.host, &cfg, NULL, &err), 0, "%s", wrong[i][1]);
		cr_expect(strstr(err.text, wrong[i][0]), "%s", err.text);
		loop_done(&l);
	}
}
