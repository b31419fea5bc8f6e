/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of libpcap.c where the program was built without libpcap: everything else works, and what
 * does not says so.
 */
#include <errno.h>

#include "capture/libpcap.h"

static int not_built(const char *what, struct vb_err *err)
{
	return vb_fail(err, -ENOTSUP,
		       "this vmbusdump was built without libpcap, which %s needs: build it where "
		       "libpcap0.8-dev is installed",
		       what);
}

int vb_pcap_filter_compile(const char *text, struct vb_pcap_filter **ret, struct vb_err *err)
{
	(void)text;
	(void)ret;
	return not_built("--frames", err);
}

bool vb_pcap_filter_match(const struct vb_pcap_filter *f, const struct vb_pcap_frame *frame)
{
	(void)f;
	(void)frame;
	return false;
}

size_t vb_pcap_filter_program(const struct vb_pcap_filter *f, struct vb_classic *ret, size_t max)
{
	(void)f;
	(void)ret;
	(void)max;
	return 0;
}

void vb_pcap_filter_free(struct vb_pcap_filter *f)
{
	(void)f;
}

int vb_pcap_file_open(const char *path, struct vb_pcap_file **ret, struct vb_err *err)
{
	(void)path;
	(void)ret;
	return not_built("--ethernet", err);
}

int vb_pcap_file_write(struct vb_pcap_file *f, const struct vb_pcap_frame *frame,
		       struct vb_err *err)
{
	(void)f;
	(void)frame;
	return not_built("--ethernet", err);
}

int vb_pcap_file_flush(struct vb_pcap_file *f, struct vb_err *err)
{
	(void)f;
	return not_built("--ethernet", err);
}

int vb_pcap_file_close(struct vb_pcap_file *f, struct vb_err *err)
{
	(void)f;
	(void)err;
	return 0;
}

const char *vb_pcap_version(void)
{
	return "libpcap not built in";
}
