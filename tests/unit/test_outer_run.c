/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulator's command line, what is made of frames, and what runs without an emulator. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/outer/command.h"
#include "replay/outer/run_impl.h"

/* ---- the command line ---- */

/* The words in one line. */
static const char *line_of(const struct vb_outer_argv *c, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; c->argv[i]; i++)
		snprintf(ret + strlen(ret), size - strlen(ret), " %s", c->argv[i]);
	return ret;
}

static bool has_pair(const struct vb_outer_argv *c, const char *option, const char *value)
{
	for (size_t i = 0; i + 1 < c->n; i++)
		if (!strcmp(c->argv[i], option) && !strcmp(c->argv[i + 1], value))
			return true;
	return false;
}

Test(outer_command, real_time)
{
	struct vb_outer_options opt = { .n_cpus = 2 };
	struct vb_err err = { "" };
	struct vb_outer_argv c;
	char line[4096];

	cr_assert_eq(vb_outer_command(&c, &opt, "/cache, or so/vmlinuz", 700, 5, &err), 0);
	cr_assert(has_pair(&c, "-accel", "tcg,thread=multi"));
	cr_assert(has_pair(&c, "-m", "700"));
	cr_assert(has_pair(&c, "-smp", "2"));
	cr_assert(has_pair(&c, "-kernel", "/cache, or so/vmlinuz"));
	cr_assert(has_pair(&c, "-chardev", "socket,id=signals,fd=5"));
	cr_assert_not_null(strstr(line_of(&c, line, sizeof(line)), " -nodefaults "));
	cr_assert_null(strstr(line, "-icount"));
	cr_assert_null(strstr(line, "net"));
}

Test(outer_command, deterministic)
{
	struct vb_outer_options opt = { .deterministic = true };
	struct vb_err err = { "" };
	struct vb_outer_argv c;

	cr_assert_eq(vb_outer_command(&c, &opt, "/k", 700, 5, &err), 0);
	cr_assert(has_pair(&c, "-accel", "tcg,thread=single"));
	cr_assert(has_pair(&c, "-icount", "shift=0,sleep=off"));
	cr_assert(has_pair(&c, "-rtc", "base=2026-01-01T00:00:00,clock=vm"));
	cr_assert(has_pair(&c, "-seed", "42"));
	cr_assert(has_pair(&c, "-smp", "1"));
	opt.n_cpus = 2;
	cr_assert_eq(vb_outer_command(&c, &opt, "/k", 700, 5, &err), -EINVAL);
	cr_assert_str_eq(err.text, "a deterministic run has one processor, not 2");
}

Test(outer_command, drives)
{
	const struct vb_outer_drive drives[VB_OUTER_DRIVES] = { { .fd = 7 },
								{ .fd = 9, .writable = true } };
	struct vb_outer_options opt = { .drives = drives, .n_drives = 2 };
	struct vb_err err = { "" };
	struct vb_outer_argv c;

	cr_assert_eq(vb_outer_command(&c, &opt, "/k", 700, 5, &err), 0);
	cr_assert(has_pair(&c, "-add-fd", "fd=7,set=0"));
	cr_assert(has_pair(&c, "-add-fd", "fd=9,set=1"));
	cr_assert(has_pair(&c, "-drive",
			   "if=none,id=drive0,file=/dev/fdset/0,format=raw,discard=unmap,"
			   "auto-read-only=off,readonly=on"));
	cr_assert(has_pair(&c, "-drive",
			   "if=none,id=drive1,file=/dev/fdset/1,format=raw,discard=unmap,"
			   "auto-read-only=off,readonly=off"));
	cr_assert(has_pair(&c, "-device",
			   "virtio-blk-pci,drive=drive1,serial=vb.drive1,ioeventfd=off"));
	opt.n_drives = VB_OUTER_DRIVES;
	cr_assert_eq(vb_outer_command(&c, &opt, "/k", 700, 5, &err), 0, "as many as there may be");
	opt.n_drives++;
	cr_assert_eq(vb_outer_command(&c, &opt, "/k", 700, 5, &err), -E2BIG);
}

/* ---- frames become files and a status ---- */

struct run {
	struct vb_outer o;
	struct vb_outer_options opt;
	struct vb_outer_file files[3];
	char dir[64], path[128];
};

static void run_init(struct run *r)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/vb-outer-XXXXXX");
	cr_assert_not_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/b", r->dir);
	r->files[0] = (struct vb_outer_file){ "/dev/null", "a", false };
	r->files[1] = (struct vb_outer_file){ r->path, "b", true };
	r->opt.files = r->files;
	r->o.opt = &r->opt;
	r->o.frames = memfd_create("frames", MFD_CLOEXEC);
	r->o.pending = r->o.console = r->o.log = -1;
	r->o.reader.ctx = &r->o;
	r->o.reader.frame = vb_outer_take_frame;
	for (size_t i = 0; i < VB_OUTER_FILES; i++)
		r->o.files[i] = -1;
}

static void run_done(struct run *r)
{
	if (r->o.files[1] >= 0)
		close(r->o.files[1]);
	close(r->o.frames);
	unlink(r->path);
	cr_assert_eq(rmdir(r->dir), 0);
}

static void frame(struct run *r, uint16_t type, uint16_t file, const void *data, uint32_t len)
{
	struct vb_frame_head head = { type, file, len };

	cr_assert_eq(write(r->o.frames, &head, sizeof(head)), (ssize_t)sizeof(head));
	cr_assert_eq(write(r->o.frames, data, len), (ssize_t)len);
}

static void expect_file(const struct run *r, const char *want)
{
	char have[64] = "";
	int fd = open(r->path, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(read(fd, have, sizeof(have) - 1), (ssize_t)strlen(want));
	cr_assert_str_eq(have, want);
	close(fd);
}

/* What has arrived is in the file at once; a file that began anew has nothing of the old one. */
Test(outer_take, file_and_status)
{
	struct vb_err err = { "" };
	struct run r;
	int32_t status = 3 << 8;

	run_init(&r);
	frame(&r, VB_FRAME_FILE_BEGIN, 1, "", 0);
	frame(&r, VB_FRAME_FILE_DATA, 1, "first, ", 7);
	cr_assert_eq(vb_outer_take(&r.o, &err), 0, "%s", err.text);
	expect_file(&r, "first, ");
	frame(&r, VB_FRAME_FILE_DATA, 1, "second", 6);
	cr_assert_eq(vb_outer_take(&r.o, &err), 0);
	expect_file(&r, "first, second");
	frame(&r, VB_FRAME_FILE_BEGIN, 1, "", 0);
	frame(&r, VB_FRAME_FILE_DATA, 1, "new", 3);
	frame(&r, VB_FRAME_STATUS, 0, &status, sizeof(status));
	cr_assert_eq(vb_outer_take(&r.o, &err), 0);
	expect_file(&r, "new");
	cr_assert(r.o.ended);
	cr_assert_eq(r.o.status, status);
	run_done(&r);
}

static int take_one(uint16_t type, uint16_t file, uint32_t len)
{
	struct vb_err err = { "" };
	struct run r;
	int ret;

	run_init(&r);
	frame(&r, type, file, "data", len);
	ret = vb_outer_take(&r.o, &err);
	cr_assert_eq(access(r.path, F_OK), -1);
	cr_assert_neq(err.text[0], '\0');
	run_done(&r);
	return ret;
}

/* Only what was asked for is written. */
Test(outer_take, files_nobody_asked_for)
{
	cr_assert_eq(take_one(VB_FRAME_FILE_BEGIN, 0, 0), -EPROTO); /* an input */
	cr_assert_eq(take_one(VB_FRAME_FILE_BEGIN, 2, 0), -EPROTO);
	cr_assert_eq(take_one(VB_FRAME_FILE_BEGIN, 0xffff, 0), -EPROTO);
	cr_assert_eq(take_one(VB_FRAME_FILE_DATA, 1, 4), -EPROTO); /* did not begin */
	cr_assert_eq(take_one(VB_FRAME_STATUS, 0, 3), -EPROTO);
	cr_assert_eq(take_one(VB_FRAME_FAILED, 0, 4), -EIO);
}

Test(outer_take, a_full_disk)
{
	struct vb_err err = { "" };
	struct run r;

	run_init(&r);
	r.files[1].path = "/dev/full";
	frame(&r, VB_FRAME_FILE_BEGIN, 1, "", 0);
	frame(&r, VB_FRAME_FILE_DATA, 1, "data", 4);
	cr_assert_eq(vb_outer_take(&r.o, &err), -ENOSPC);
	cr_assert_str_eq(err.text, "cannot write /dev/full: No space left on device");
	run_done(&r);
}

/* ---- what is missing ---- */

Test(outer, needs_a_static_program)
{
	struct vb_err err = { "" };

	cr_assert_eq(vb_outer_is_static("/bin/sh", &err), -ENOTSUP);
	cr_assert_not_null(strstr(err.text, "shared libraries"));
	cr_assert_eq(vb_outer_is_static("/etc/passwd", &err), -ENOTSUP);
	cr_assert_not_null(strstr(err.text, "a program for x86-64"));
}

Test(outer, no_emulator)
{
	struct vb_err err = { "" };
	char path[PATH_MAX];

	setenv("PATH", "/nonexistent::/dev", 1);
	cr_assert_eq(vb_outer_find_emulator(path, sizeof(path), &err), -ENOENT);
	cr_assert_str_eq(err.text, "qemu-system-x86_64 is not installed: install qemu-system-x86");
}

/* An empty cache names the command that fills it; nothing stays behind. */
Test(outer, empty_cache)
{
	const char *const argv[] = { "x", NULL };
	char tmp[] = "/tmp/vb-outer-XXXXXX";
	struct vb_outer_options opt = { .cache = "/nonexistent", .argv = argv };
	struct vb_err err = { "" };
	int status;

	cr_assert_not_null(mkdtemp(tmp));
	setenv("TMPDIR", tmp, 1);
	cr_assert_eq(vb_outer_run(&opt, &status, &err), -ENOTSUP);
	cr_assert_not_null(strstr(err.text, "run vmbusreplay setup kernel bookworm"));
	cr_assert_eq(rmdir(tmp), 0);
}
