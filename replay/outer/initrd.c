/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the inner machine. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dissectors/sinks.h"
#include "replay/cpio.h"
#include "replay/outer/command.h"
#include "replay/outer/inner_impl.h"
#include "replay/setup/setup.h"

static const char self[] = "/proc/self/exe";

const struct vb_inner_module vb_inner_modules[] = {
	{ .name = "virtio_ring" },
	{ .name = "virtio" },
	{ .name = "virtio_pci_modern_dev" },
	{ .name = "virtio_pci_legacy_dev" },
	{ .name = "virtio_pci" },
	{ .name = "virtio_console" },
	{ .name = "virtio_blk", .for_drives = true },
	{ .name = "irqbypass" },
	/*
	 * To poll for a guest that is halted steals the one processor from all others. And where
	 * time is real, the kernel here measures its TSC once more a second after its start, maybe
	 * between the loading of KVM and the making of the machine. To KVM 6.1 the guest's TSC is
	 * then another one that cannot be scaled, and it goes on with a factor of 0: the guest's
	 * timer comes later by as long as this kernel has been up.
	 */
	{ .name = "kvm", .parameters = "halt_poll_ns=0 tsc_tolerance_ppm=500000" },
	{ .name = "ccp" },
	{ .name = "kvm-amd" },
	{ .name = "tun" }, /* for the interfaces of devices with backend=tap:NAME */
	{ .name = NULL },
};

/* ---- this program ---- */

static int program_header(int fd, const Elf64_Ehdr *e, unsigned int i, Elf64_Phdr *ret)
{
	off_t at = (off_t)(e->e_phoff + (uint64_t)i * e->e_phentsize);

	return pread(fd, ret, sizeof(*ret), at) == (ssize_t)sizeof(*ret) ? 0 : -ENOEXEC;
}

static int needs_loader(int fd)
{
	Elf64_Ehdr e;
	Elf64_Phdr p;

	if (pread(fd, &e, sizeof(e), 0) != (ssize_t)sizeof(e) ||
	    memcmp(e.e_ident, ELFMAG, SELFMAG) || e.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e.e_machine != EM_X86_64)
		return -ENOEXEC;
	for (unsigned int i = 0; i < e.e_phnum; i++) {
		if (program_header(fd, &e, i, &p))
			return -ENOEXEC;
		if (p.p_type == PT_INTERP)
			return 1;
	}
	return 0;
}

int vb_outer_is_static(const char *path, struct vb_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return vb_fail(err, -errno, "cannot open %s: %s", path, strerror(errno));
	ret = needs_loader(fd);
	close(fd);
	if (ret < 0)
		return vb_fail(err, -ENOTSUP,
			       "emulation needs a program for x86-64, which %s "
			       "is not",
			       path);
	if (ret)
		return vb_fail(err, -ENOTSUP,
			       "this vmbusreplay needs shared libraries, which the emulated "
			       "machine has not: build it with VB_STATIC=ON");
	return 0;
}

/* ---- parts ---- */

static int add_modules(struct vb_cpio *c, const struct vb_outer_options *opt, struct vb_err *err)
{
	const struct vb_inner_module *m = vb_inner_modules;
	char dir[PATH_MAX], from[PATH_MAX + 64], to[128];
	int ret = vb_setup_path(opt->cache, VB_SETUP_MODULES, VB_SETUP_KERNEL, dir, err);

	for (; !ret && m->name; m++) {
		if (m->for_drives && !opt->n_drives)
			continue;
		snprintf(from, sizeof(from), "%s/%s.ko", dir, m->name);
		snprintf(to, sizeof(to), VB_INNER_MODULES "/%s.ko", m->name);
		if (!access(from, F_OK)) /* else built in */
			ret = vb_cpio_file(c, to, 0644, from, err);
	}
	return ret == -ENOENT ? -ENOTSUP : ret;
}

static int add_words(struct vb_cpio *c, const char *name, struct vb_buf *words, struct vb_err *err)
{
	int ret = words->failed ? vb_fail(err, -ENOMEM, "out of memory") :
				  vb_cpio_bytes(c, name, 0644, words->data, words->len, err);

	vb_buf_done(words);
	return ret;
}

static int add_task(struct vb_cpio *c, const struct vb_outer_options *opt, struct vb_err *err)
{
	struct vb_buf argv = { 0 }, outputs = { 0 };
	const struct vb_outer_file *f;
	int ret;

	for (size_t i = 0; opt->argv[i]; i++)
		vb_buf_add(&argv, opt->argv[i], strlen(opt->argv[i]) + 1);
	for (f = opt->files; f && f->path; f++)
		vb_buf_add(&outputs, f->output ? f->name : "", f->output ? strlen(f->name) + 1 : 1);
	ret = add_words(c, VB_INNER_ARGV, &argv, err);
	if (ret) {
		vb_buf_done(&outputs);
		return ret;
	}
	return add_words(c, VB_INNER_OUTPUTS, &outputs, err);
}

/* A name that leads nowhere else. */
static bool plain_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

static int add_inputs(struct vb_cpio *c, const struct vb_outer_file *f, struct vb_err *err)
{
	char to[PATH_MAX];
	int ret = 0;

	for (; f && f->path && !ret; f++) {
		if (!plain_name(f->name))
			return vb_fail(err, -EINVAL, "'%s' is no name for a file in there",
				       f->name);
		snprintf(to, sizeof(to), VB_INNER_IN "/%s", f->name);
		if (!f->output)
			ret = vb_cpio_file(c, to, access(f->path, X_OK) ? 0644 : 0755, f->path,
					   err);
	}
	return ret;
}

static int write_all(struct vb_cpio *c, const struct vb_outer_options *opt, struct vb_err *err)
{
	static const char *const dirs[] = { "dev", "proc", "sys", "tmp", VB_INNER_IN, VB_INNER_OUT };
	int ret = vb_cpio_file(c, "init", 0755, self, err);

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !ret; i++)
		ret = vb_cpio_dir(c, dirs[i], err);
	if (!ret)
		ret = add_modules(c, opt, err);
	if (!ret)
		ret = add_task(c, opt, err);
	if (!ret)
		ret = add_inputs(c, opt->files, err);
	return ret ? ret : vb_cpio_end(c, err);
}

int vb_outer_initrd(const struct vb_outer_options *opt, int fd, uint64_t *ret_len,
		    struct vb_err *err)
{
	struct vb_cpio c;
	int ret = vb_outer_is_static(self, err);

	if (ret)
		return ret;
	vb_cpio_init(&c, fd, "the inner machine's initramfs");
	ret = write_all(&c, opt, err);
	*ret_len = c.len;
	vb_cpio_done(&c);
	return ret;
}
