/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv_vmbus goes away and comes back while we capture: what is attached and taken away, what is learned
 * of it, and the probes that wait for it, on a tracefs made of a file.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/source_bpf.h"
#include "tests/unit/bus_messages.h"
#include "tests/unit/machine_root.h"

#define LOOK_NS UINT64_C(20000000)

/* ---- a bus that the test loads and unloads ---- */

struct bus {
	struct vb_follow follow;
	struct vb_err err;
	uint64_t now_ns, instance;
	unsigned int n_looks, n_attached, n_detached;
	int attach_rc;
	uint64_t instance_then; /* what it is when attaching ends; 0 if it went */
	bool goes;		/* while we attach */
};

static uint64_t instance_of(void *ctx)
{
	struct bus *b = ctx;

	b->n_looks++;
	return b->instance;
}

static int attach(void *ctx, struct vb_err *err)
{
	struct bus *b = ctx;

	b->n_attached++;
	if (b->goes)
		b->instance = b->instance_then;
	return b->attach_rc ? vb_fail(err, b->attach_rc, "no such function") : 0;
}

static void detach(void *ctx)
{
	((struct bus *)ctx)->n_detached++;
}

static void bus_init(struct bus *b)
{
	*b = (struct bus){ .now_ns = 1000 * LOOK_NS };
	b->follow = (struct vb_follow){
		.ctx = b, .instance = instance_of, .attach = attach, .detach = detach
	};
}

static int look(struct bus *b, uint64_t instance)
{
	b->instance = instance;
	b->now_ns += LOOK_NS;
	return vb_follow_bus(&b->follow, b->now_ns, &b->err);
}

static void expect(const struct bus *b, unsigned int n_attached, unsigned int n_detached)
{
	cr_assert_eq(b->n_attached, n_attached);
	cr_assert_eq(b->n_detached, n_detached);
	cr_assert_str_empty(b->err.text);
}

Test(bus_follow, comes_goes_and_comes_again)
{
	struct bus b;

	bus_init(&b);
	cr_assert_eq(look(&b, 0), 0);
	expect(&b, 0, 0);
	cr_assert_eq(look(&b, 7), 0);
	expect(&b, 1, 0);
	cr_assert_eq(look(&b, 7), 0);
	expect(&b, 1, 0);
	cr_assert_eq(look(&b, 0), 0);
	expect(&b, 1, 1);
	cr_assert_eq(look(&b, 0), 0);
	expect(&b, 1, 1);
	cr_assert_eq(look(&b, 9), 0);
	expect(&b, 2, 1);
	cr_assert_eq(look(&b, 9), 0);
	expect(&b, 2, 1);
}

/* Unloaded and loaded between two looks: what is there is another one, with other functions. */
Test(bus_follow, another_in_between)
{
	struct bus b;

	bus_init(&b);
	look(&b, 7);
	cr_assert_eq(look(&b, 8), 0);
	expect(&b, 1, 1);
	cr_assert_eq(look(&b, 8), 0);
	expect(&b, 2, 1);
}

Test(bus_follow, looks_every_20_ms)
{
	struct bus b;

	bus_init(&b);
	look(&b, 7);
	cr_assert_eq(b.n_looks, 1);
	b.instance = 0;
	vb_follow_bus(&b.follow, b.now_ns + LOOK_NS - 1, &b.err);
	cr_assert_eq(b.n_looks, 1);
	expect(&b, 1, 0);
	vb_follow_bus(&b.follow, b.now_ns + LOOK_NS, &b.err);
	expect(&b, 1, 1);
}

/* It goes while we attach: no fault, and what was attached by then is taken away. */
Test(bus_follow, goes_while_we_attach)
{
	static const uint64_t then[] = { 0, 8 };

	for (size_t i = 0; i < 2; i++) {
		struct bus b;

		bus_init(&b);
		b.attach_rc = -ENOTSUP;
		b.goes = true;
		b.instance_then = then[i];
		cr_assert_eq(look(&b, 7), 0);
		expect(&b, 1, 1);
		b.attach_rc = 0;
		b.goes = false;
		cr_assert_eq(look(&b, 8), 0);
		expect(&b, 2, 1);
		cr_assert_eq(look(&b, 0), 0);
		expect(&b, 2, 2);
	}
}

/* It went when all was attached: the next look finds out. */
Test(bus_follow, goes_right_after)
{
	struct bus b;

	bus_init(&b);
	b.goes = true;
	b.instance_then = 8;
	look(&b, 7);
	expect(&b, 1, 0);
	look(&b, 8);
	expect(&b, 1, 1);
}

Test(bus_follow, a_fault_is_told)
{
	struct bus b;

	bus_init(&b);
	b.attach_rc = -ENOTSUP;
	cr_assert_eq(look(&b, 7), -ENOTSUP);
	cr_assert_str_eq(b.err.text, "no such function");
	cr_assert_eq(b.n_detached, 0);
}

/* ---- channels, when the connection is over and made again ---- */

#define MSG_OPEN 5u
#define MSG_UNLOAD_RESPONSE 17u
#define KVP "a9a0f4e7-5a45-4d96-b827-8a841e8c03e6"
#define KVP_AT "242ff919-07db-4180-9c2e-b86cb68c8c55"

static struct vb_table table;

static bool is_gone(const char *channels)
{
	struct vb_selection s;
	struct vb_err err;

	cr_assert_eq(vb_selection_parse(channels, false, &s, &err), 0, "%s", err.text);
	return vb_selection_gone(&s, &table);
}

Test(bus_follow, channels_go_with_the_connection)
{
	struct bus_said said;

	cr_assert_eq(vb_table_init(&table), 0);
	table.version = 0x50003;
	bus_offer(&table, 3, KVP, KVP_AT, 0);
	said = bus_message(&table, VB_TO_HOST, MSG_OPEN, 3);
	cr_assert_eq(said.opened, 3);
	cr_assert(table.chan[3].open);
	cr_assert_not(is_gone(KVP_AT));
	bus_message(&table, VB_TO_GUEST, MSG_UNLOAD_RESPONSE, 0);
	cr_assert(table.chan[3].gone && !table.chan[3].open);
	cr_assert_eq(table.version, 0);
	cr_assert(is_gone(KVP_AT), "that one only: nothing more will come");
	cr_assert_not(is_gone("kvp"), "one of the class may come");
	cr_assert_not(is_gone("any"));
	bus_offer(&table, 5, KVP, KVP_AT, 0);
	cr_assert_not(is_gone(KVP_AT));
	cr_assert(!table.chan[5].gone && !table.chan[5].open);
	cr_assert_eq(table.chan[5].device, table.chan[3].device, "the same device as before");
	cr_assert_eq(bus_message(&table, VB_TO_HOST, MSG_OPEN, 5).opened, 5);
	vb_table_done(&table);
}

/* ---- what sysfs says ---- */

/* As offers have them: netvsc, SCSI, IDE, Fibre Channel. */
Test(bus_follow, classes_that_refer_to_memory)
{
	static const uint8_t network[16] = "\x63\x51\x61\xf8\x3e\xdf\xc5\x46"
					   "\x91\x3f\xf2\xd2\xf9\x65\xed\x0e";
	static const uint8_t ide[16] = "\x32\x26\x41\x32\xcb\x86\xa2\x44"
				       "\x9b\x5c\x50\xd1\x41\x73\x54\xf5";
	struct vb_bpf_class classes[VB_BPF_MAX_CLASSES];
	unsigned int n[3] = { 0 };

	vb_bpf_classes(classes);
	for (size_t i = 0; i < VB_BPF_MAX_CLASSES; i++) {
		n[classes[i].device]++;
		if (!memcmp(classes[i].guid, network, sizeof(network)))
			cr_assert_eq(classes[i].device, VB_BPF_NETWORK);
		if (!memcmp(classes[i].guid, ide, sizeof(ide)))
			cr_assert_eq(classes[i].device, VB_BPF_STORAGE);
	}
	cr_assert_eq(n[VB_BPF_NETWORK], 1);
	cr_assert_eq(n[VB_BPF_STORAGE], 3);
	cr_assert_eq(memcmp(classes[0].guid, network, sizeof(network)), 0);
	cr_assert_eq(memcmp(classes[2].guid, ide, sizeof(ide)), 0);
}

static struct machine_root machine;

static void make_machine(void)
{
	machine_root_make(&machine);
}

static void remove_machine(void)
{
	machine_root_remove(&machine);
}

TestSuite(bus_files, .init = make_machine, .fini = remove_machine);

Test(bus_files, a_bus_that_goes_is_not_there)
{
	cr_assert_eq(vb_bus_instance(machine.path), 0);
	machine_root_file(&machine, "/sys/bus/vmbus/devices/x", "");
	cr_assert_neq(vb_bus_instance(machine.path), 0, "built in: there is no module");
	machine_root_file(&machine, "/sys/module/hv_vmbus/initstate", "live\n");
	cr_assert_neq(vb_bus_instance(machine.path), 0);
	cr_assert_eq(vb_bus_instance(machine.path), vb_bus_instance(machine.path));
	machine_root_file(&machine, "/sys/module/hv_vmbus/initstate", "going\n");
	cr_assert_eq(vb_bus_instance(machine.path), 0);
}

/* ---- probes that wait ---- */

#define EVENTS "/sys/kernel/tracing/kprobe_events"
#define OTHER_EVENTS "/sys/kernel/debug/tracing/kprobe_events"

/* The id of a process that is no more. */
static int dead_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert_gt(pid, 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return (int)pid;
}

static void expect_file(const char *path, const char *text)
{
	char *is = machine_root_read(&machine, path);

	cr_assert_str_eq(is, text);
	free(is);
}

/* Another vmbusdump was killed, and left its probes; those of the living and of others stay. */
Test(bus_files, probes_of_the_dead_are_removed)
{
	char before[600], after[800];
	struct vb_early *e;
	struct vb_err err = { "" };
	int dead = dead_process();

	snprintf(before, sizeof(before),
		 "p:vmbusdump_%d/vmbus_on_message_entry hv_vmbus:vmbus_on_message a=%%di\n"
		 "p:vmbusdump_%d/mine_entry hv_vmbus:mine\n"
		 "p:kprobes/vmbusdump_%d other\n"
		 "p:vmbusdump_-%d/negative_entry hv_vmbus:negative\n"
		 "no probe\n"
		 "r16:vmbusdump_%d/vmbus_post_msg_return hv_vmbus:vmbus_post_msg\n",
		 dead, (int)getpid(), dead, dead, dead);
	snprintf(after, sizeof(after),
		 "%s-:vmbusdump_%d/vmbus_on_message_entry-:vmbusdump_%d/vmbus_post_msg_return",
		 before, dead, dead);
	machine_root_file(&machine, EVENTS, before);
	cr_assert_eq(vb_early_open(machine.path, &e, &err), 0, "%s", err.text);
	expect_file(EVENTS, after);
	vb_early_close(e);
	expect_file(EVENTS, after);
}

/* What was made before something failed is removed again: else it stays when we are gone. */
Test(bus_files, probes_go_with_us)
{
	static const struct vb_hook hooks[] = {
		{ .function = "f", .module = "hv_vmbus", .kind = VB_HOOK_ENTRY },
		{ .function = "g", .module = "hv_vmbus", .kind = VB_HOOK_RETURN },
	};
	int pid = (int)getpid();
	struct vb_err err = { "" };
	char text[400];
	struct vb_early *e;

	machine_root_file(&machine, EVENTS, "");
	cr_assert_eq(vb_early_open(machine.path, &e, &err), 0, "%s", err.text);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(vb_early_attach(e, NULL, &hooks[i], &err), -ENOTSUP, "no such event");
		cr_assert(strstr(err.text, hooks[i].function), "%s", err.text);
	}
	snprintf(text, sizeof(text),
		 "p:vmbusdump_%d/f_entry hv_vmbus:fr:vmbusdump_%d/g_return hv_vmbus:g", pid, pid);
	expect_file(EVENTS, text);
	vb_early_close(e);
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		 "-:vmbusdump_%d/f_entry-:vmbusdump_%d/g_return", pid, pid);
	expect_file(EVENTS, text);
}

Test(bus_files, where_tracefs_is)
{
	struct vb_err err = { "" };
	struct vb_early *e;

	cr_assert_eq(vb_early_open(machine.path, &e, &err), -ENOTSUP);
	cr_assert(strstr(err.text, "mount -t tracefs"), "%s", err.text);
	machine_root_file(&machine, OTHER_EVENTS, "p:x y\n");
	cr_assert_eq(vb_early_open(machine.path, &e, &err), 0);
	vb_early_close(e);
	expect_file(OTHER_EVENTS, "p:x y\n");
}
