/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of frames that a disk does not take, and expressions. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/libpcap.h"
#include "tests/unit/trace_helpers.h"

#ifdef VB_HAVE_PCAP

static uint8_t data[70000];

static struct vb_pcap_frame frame_of(uint32_t n)
{
	return (struct vb_pcap_frame){ data, n, n, UINT64_C(1767300504123456789) };
}

static long size_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return (long)st.st_size;
}

/* The limit falls into a frame: the file keeps what is whole before it. */
Test(libpcap, full_disk_keeps_the_good_part)
{
	struct rlimit limit = { .rlim_cur = 500000, .rlim_max = RLIM_INFINITY };
	struct vb_pcap_frame frame = frame_of(60000);
	struct vb_err err = { "" };
	char *path = scratch_file();
	struct vb_pcap_file *f;
	int rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(vb_pcap_file_open(path, &f, &err), 0, "%s", err.text);
	cr_assert_eq(size_of(path), 24, "good from its first moment");
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; rc == 0 && i < 100; i++)
		rc = vb_pcap_file_write(f, &frame, &err);
	cr_assert_eq(rc, -EFBIG);
	cr_assert(strstr(err.text, path) && strstr(err.text, "are kept and readable"), "%s",
		  err.text);
	err.text[0] = '\0';
	cr_assert_eq(vb_pcap_file_write(f, &frame, &err), -EFBIG, "and again");
	cr_assert_eq(vb_pcap_file_flush(f, &err), -EFBIG);
	limit.rlim_cur = RLIM_INFINITY; /* there is room again, but for nothing that is left */
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(vb_pcap_file_close(f, &err), -EFBIG);
	cr_assert_eq((size_of(path) - 24) % (60000 + 16), 0, "%ld", size_of(path));
	cr_assert_gt(size_of(path), 60000);
	unlink(path);
	free(path);
}

/* What stood there before stays. */
Test(libpcap, appended)
{
	struct vb_pcap_frame frame = frame_of(100);
	char *path = scratch_file();
	struct vb_pcap_file *f;
	struct vb_err err;
	FILE *before = fopen(path, "w");

	cr_assert_not_null(before);
	fputs("before", before);
	fclose(before);
	cr_assert_not_null(freopen(path, "a", stdout));
	cr_assert_eq(vb_pcap_file_open("-", &f, &err), 0);
	cr_assert_eq(vb_pcap_file_write(f, &frame, &err), 0);
	cr_assert_eq(vb_pcap_file_flush(f, &err), 0);
	cr_assert_eq(size_of(path), 6 + 24 + 116);
	cr_assert_eq(vb_pcap_file_close(f, &err), 0);
	unlink(path);
	free(path);
}

Test(libpcap, broken_pipe)
{
	struct vb_pcap_frame frame = frame_of(100);
	struct vb_pcap_file *f;
	struct vb_err err;
	char path[64];
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(fds), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[1]);
	cr_assert_eq(vb_pcap_file_open(path, &f, &err), 0);
	close(fds[0]);
	cr_assert_eq(vb_pcap_file_write(f, &frame, &err), 0);
	cr_assert_eq(vb_pcap_file_close(f, &err), -EPIPE);
	close(fds[1]);
}

Test(libpcap, only_the_owner_may_look)
{
	char *path = scratch_file();
	struct vb_pcap_file *f;
	struct vb_err err;
	struct stat st;

	unlink(path);
	umask(0);
	cr_assert_eq(vb_pcap_file_open(path, &f, &err), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(vb_pcap_file_close(f, &err), 0);
	unlink(path);
	free(path);
	cr_assert_eq(vb_pcap_file_close(NULL, &err), 0);
}

static bool matches(const char *text, const uint8_t *bytes, uint32_t n, uint32_t wire_len)
{
	struct vb_pcap_frame frame = { .data = bytes, .cap_len = n, .wire_len = wire_len };
	struct vb_pcap_filter *f;
	struct vb_err err;
	bool match;

	cr_assert_eq(vb_pcap_filter_compile(text, &f, &err), 0, "%s", err.text);
	match = vb_pcap_filter_match(f, &frame);
	vb_pcap_filter_free(f);
	return match;
}

/* The length is that on the wire, the bytes are those that were captured. */
Test(libpcap, expressions)
{
	static const uint8_t bytes[18] = { [12] = 0x81, [15] = 5, [16] = 8, [17] = 6 };

	cr_assert(matches("vlan 5", bytes, 18, 64));
	cr_assert(matches("vlan and arp", bytes, 18, 64));
	cr_assert(!matches("arp", bytes, 18, 64));
	cr_assert(matches("greater 64", bytes, 18, 64));
	cr_assert(!matches("vlan 5", bytes, 14, 64));
	cr_assert(!matches("not arp", bytes, 12, 64), "nobody knows");
}

Test(libpcap, wrong_expressions)
{
	static const char *const wrong[] = { "vlan x",		"tcp prot 80", "inbound",
					     "outbound or arp", "ether[",      "arp\nand" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct vb_pcap_filter *f = NULL;
		struct vb_err err = { "" };

		cr_assert_eq(vb_pcap_filter_compile(wrong[i], &f, &err), -EINVAL, "%s", wrong[i]);
		cr_assert(err.text[0] && !strchr(err.text, '\n'), "%s", err.text);
		cr_assert_null(f);
	}
}

#endif
