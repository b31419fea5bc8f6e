/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest has to do, and in what order its modules come.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dissectors/sinks.h"
#include "replay/guest_root.h"
#include "replay/modules.h"

/* As in a section .modinfo. */
#define MODULE(depends) "ELF\0license=GPL\0depends=" depends "\0name=x\0"

struct tree {
	char dir[64];
};

static void put(const struct tree *t, const char *name, const char *bytes, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	f = fopen(path, "w");
	cr_assert_not_null(f, "%s", path);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
}

#define PUT(t, name, depends) put(t, name, MODULE(depends), sizeof(MODULE(depends)) - 1)

static void make_tree(struct tree *t)
{
	char path[128];

	strcpy(t->dir, "/tmp/vb-modules-XXXXXX");
	cr_assert_not_null(mkdtemp(t->dir));
	snprintf(path, sizeof(path), "%s/deep", t->dir);
	cr_assert_eq(mkdir(path, 0777), 0);
	PUT(t, "hv_vmbus.ko", "");
	PUT(t, "deep/hid-hyperv.ko", "hid,hv_vmbus");
	PUT(t, "deep/hid.ko", "");
	PUT(t, "one.ko", "two");
	PUT(t, "two.ko", "one");
	put(t, "README", "no module", 9);
}

static void remove_tree(const struct tree *t)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", t->dir);
	cr_assert_eq(system(command), 0);
}

Test(guest_root, modules_come_behind_what_they_need)
{
	struct vb_module_list list = { 0 };
	struct vb_module_dir dir;
	struct vb_err err = { "" };
	struct tree t;

	make_tree(&t);
	cr_assert_eq(vb_module_dir_scan(t.dir, &dir, &err), 0, "%s", err.text);
	cr_assert_eq(dir.n, 5);
	cr_assert_eq(vb_module_list_add(&list, &dir, "hid_hyperv", &err), 0, "%s", err.text);
	cr_assert_eq(vb_module_list_add(&list, &dir, "hv_vmbus", &err), 0, "twice is once");
	cr_assert_eq(vb_module_list_add(&list, &dir, "built_in", &err), 0);
	cr_assert_eq(list.n, 3);
	cr_assert_str_eq(list.modules[0].name, "hid");
	cr_assert_str_eq(list.modules[1].name, "hv_vmbus");
	cr_assert_str_eq(list.modules[2].name, "hid_hyperv");
	cr_assert_eq(vb_module_list_add(&list, &dir, "one", &err), -ELOOP);
	vb_module_list_done(&list);
	vb_module_dir_done(&dir);
	remove_tree(&t);
}

Test(guest_root, a_directory_that_is_not_there)
{
	struct vb_module_dir dir;
	struct vb_err err = { "" };

	cr_assert_eq(vb_module_dir_scan("/nowhere/at/all", &dir, &err), -ENOENT);
	cr_assert_neq(err.text[0], '\0');
	err.text[0] = '\0'; /* fts(3) does not even begin */
	cr_assert_eq(vb_module_dir_scan("", &dir, &err), -ENOENT);
	cr_assert_neq(err.text[0], '\0');
}

Test(guest_root, what_a_module_says_of_itself)
{
	static const uint8_t cut[] = "x\0depends=hv_vm", none[] = "x\0license=GPL",
			     other[] = "x\0undepends=y\0depends=z";

	cr_assert_null(vb_module_depends(cut, sizeof(cut) - 1), "no end");
	cr_assert_null(vb_module_depends(none, sizeof(none)));
	cr_assert_str_eq(vb_module_depends(other, sizeof(other)), "z");
}

static void expect_steps(const struct vb_guest_root *r, const char *early, const char *late,
			 const char *wanted)
{
	struct vb_module e = { .name = (char *)(uintptr_t)early };
	struct vb_module l = { .name = (char *)(uintptr_t)late };
	struct vb_module_list first = { &e, early != NULL }, second = { &l, late != NULL };
	struct vb_buf steps = { 0 };

	vb_guest_root_steps(r, &first, &second, &steps);
	cr_assert_str_eq(steps.data, wanted);
	vb_buf_done(&steps);
}

Test(guest_root, steps_with_a_capture)
{
	struct vb_guest_root r = {
		.devices = "kvp", .vmbusdump = "x", .payload = 256, .workload = "y"
	};

	expect_steps(&r, "hv_vmbus", "hv_utils",
		     "capture /bin/vmbusdump -i any -B 32768 --payload 256 -w /out/guest.pcapng\n"
		     "load /lib/modules/hv_vmbus.ko\n"
		     "captured\n"
		     "load /lib/modules/hv_utils.ko\n"
		     "settle\n"
		     "workload /workload\n");
	expect_steps(&r, NULL, "hv_utils",
		     "capture /bin/vmbusdump -i any -B 32768 --payload 256 -w /out/guest.pcapng\n"
		     "load /lib/modules/hv_utils.ko\n"
		     "settle\n"
		     "workload /workload\n");
}

Test(guest_root, steps_without_anything)
{
	struct vb_guest_root r = { .devices = "kvp" };

	expect_steps(&r, NULL, NULL, "settle\nwait\n");
}

Test(guest_root, lists)
{
	cr_assert(vb_list_has("kvp", "kvp"));
	cr_assert(vb_list_has("vss,kvp.1,fcopy", "kvp"));
	cr_assert(vb_list_has("vss,kvp", "kvp"));
	cr_assert_not(vb_list_has("kvpx,xkvp", "kvp"));
	cr_assert_not(vb_list_has("", "kvp"));
}
