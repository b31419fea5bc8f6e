/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/outer/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/outer/inner_impl.h"

static void add(struct vb_outer_argv *c, const char *word)
{
	if (c->n < VB_COMMAND_WORDS)
		c->argv[c->n++] = word;
	else
		c->failed = true;
	c->argv[c->n] = NULL;
}

static void add_all(struct vb_outer_argv *c, const char *const *words)
{
	for (; *words; words++)
		add(c, *words);
}

/*
 * Time is the number of instructions, 1 ns each, and idle time is skipped; every source of chance
 * is given a beginning.
 */
static const char *const deterministic[] = {
	"-accel",  "tcg,thread=single",
	"-icount", "shift=0,sleep=off",
	"-rtc",	   "base=2026-01-01T00:00:00,clock=vm",
	"-seed",   "42",
	NULL,
};

/* ramfs: a tmpfs would take half of the memory at most, which large inputs may need. */
#define INNER_APPEND                                                                               \
	"console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests rootfstype=ramfs "         \
	"rdinit=/init"
/*
 * The APIC's timer would be measured for 0.2 s by spinning with PAUSE, at each of which the emulator
 * leaves its counted loop: 5 s. One processor does without that timer.
 */
#define COUNTED_APPEND INNER_APPEND " nolapic_timer"

static const char *const real_time[] = { "-accel", "tcg,thread=multi", NULL };

static const char *const machine[] = {
	"-M",	       "q35",
	"-cpu",	       "EPYC,+svm,+npt,+x2apic",
	"-nodefaults", "-no-user-config",
	"-display",    "none",
	"-no-reboot",  NULL,
};

/*
 * A file takes what comes without ever keeping the machine waiting. ioeventfd=off: a write is done in
 * the emulated processor's thread, hence no notification is missed and no time passes.
 */
static const char *const ports[] = {
	"-chardev", "file,id=console,path=" VB_OUTER_CONSOLE,
	"-serial",  "chardev:console",
	"-device",  "virtio-serial-pci,ioeventfd=off",
	"-chardev", "file,id=frames,path=" VB_OUTER_FRAMES,
	"-device",  "virtserialport,chardev=frames,name=" VB_INNER_PORT_FRAMES,
	"-device",  "virtserialport,chardev=signals,name=" VB_INNER_PORT_SIGNALS,
	NULL,
};

/* By descriptor: a name may have any character, and who may open it was decided already. */
static void add_drive(struct vb_outer_argv *c, const struct vb_outer_drive *d, unsigned int i)
{
	struct vb_drive_words *w = &c->drives[i];

	snprintf(w->set, sizeof(w->set), "fd=%d,set=%u", d->fd, i);
	snprintf(
		w->drive, sizeof(w->drive),
		"if=none,id=drive%u,file=/dev/fdset/%u,format=raw,discard=unmap,auto-read-only=off,readonly=%s",
		i, i, d->writable ? "off" : "on");
	snprintf(w->device, sizeof(w->device),
		 "virtio-blk-pci,drive=drive%u,serial=" VB_INNER_DRIVE "%u,ioeventfd=off", i, i);
	add_all(c, (const char *const[]){ "-add-fd", w->set, "-drive", w->drive, "-device",
					  w->device, NULL });
}

int vb_outer_command(struct vb_outer_argv *c, const struct vb_outer_options *opt,
		     const char *kernel, uint64_t memory_mib, int signals_fd, struct vb_err *err)
{
	const char *append = opt->deterministic ? COUNTED_APPEND : INNER_APPEND;
	uint32_t n_cpus = opt->n_cpus ? opt->n_cpus : 1;

	memset(c, 0, sizeof(*c));
	if (opt->deterministic && n_cpus > 1)
		return vb_fail(err, -EINVAL, "a deterministic run has one processor, not %u",
			       n_cpus);
	snprintf(c->memory, sizeof(c->memory), "%" PRIu64, memory_mib);
	snprintf(c->cpus, sizeof(c->cpus), "%u", n_cpus);
	snprintf(c->signals, sizeof(c->signals), "socket,id=signals,fd=%d", signals_fd);
	add(c, VB_OUTER_EMULATOR);
	add_all(c, opt->deterministic ? deterministic : real_time);
	add_all(c, machine);
	add_all(c, (const char *const[]){ "-m", c->memory, "-smp", c->cpus, NULL });
	add_all(c, (const char *const[]){ "-kernel", kernel, "-initrd", VB_OUTER_INITRD, NULL });
	add_all(c, (const char *const[]){ "-append", append, NULL });
	add_all(c, (const char *const[]){ "-chardev", c->signals, NULL });
	add_all(c, ports);
	if (opt->n_drives > VB_OUTER_DRIVES)
		return vb_fail(err, -E2BIG, "%zu drives are too many", opt->n_drives);
	for (unsigned int i = 0; i < opt->n_drives; i++)
		add_drive(c, &opt->drives[i], i);
	return c->failed ? vb_fail(err, -E2BIG, "the emulator's command line is too long") : 0;
}

int vb_outer_find_emulator(char *ret_path, size_t size, struct vb_err *err)
{
	const char *path = getenv("PATH"), *end;
	int n;

	for (path = path ? path : "/usr/bin:/bin"; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		n = snprintf(ret_path, size, "%.*s/" VB_OUTER_EMULATOR, (int)(end - path), path);
		if (n > 0 && (size_t)n < size && !access(ret_path, X_OK))
			return 0;
	}
	return vb_fail(err, -ENOENT,
		       VB_OUTER_EMULATOR " is not installed: install qemu-system-x86");
}
