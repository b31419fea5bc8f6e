/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as two traces that are compared (--diff): a byte of options, then both files, of which the
 * second begins at the last section header. Which one comes first makes no difference to the verdict,
 * and a trace is equal to itself.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/modes.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
	int fd;
	char path[32];
};

static void make_file(struct file *f, const uint8_t *data, size_t size)
{
	f->fd = memfd_create("trace", MFD_CLOEXEC);
	REQUIRE(f->fd >= 0);
	REQUIRE(write(f->fd, data, size) == (ssize_t)size);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

static size_t second_begins(const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 0x0a, 0x0d, 0x0d, 0x0a };

	for (size_t at = size; at > sizeof(magic); at--)
		if (memcmp(data + at - sizeof(magic), magic, sizeof(magic)) == 0)
			return at - sizeof(magic);
	return 0;
}

static struct vb_options options_of(uint8_t byte)
{
	static const enum vb_form forms[] = { VB_FORM_TEXT, VB_FORM_JSON, VB_FORM_NONE,
					      VB_FORM_TEXT };
	static const char *ignore[] = { "hv_ring.trans_id", "hv_icmsg.status", "hv_heartbeat.*",
					"hv_rndis.keepalive" };
	static struct vb_option_min mins[] = { { VB_MIN_ANY, 1, "any=1" } };

	return (struct vb_options){
		.mode = VB_MODE_DIFF,
		.form = forms[byte & 3],
		.verbose = byte & 4 ? 2 : 0,
		.hex = byte & 4,
		.all = byte & 8,
		.ignore = ignore,
		.n_ignore = byte & 16 ? 4 : 0,
		.filter = byte & 32 ? "hv_heartbeat || vmbus" : NULL,
		.from = byte & 64 ? "vmbus.open" : NULL,
		.mins = mins,
		.n_mins = byte & 128 ? 1 : 0,
	};
}

/* What is left in out is never printed. */
static enum vb_exit compare(struct vb_options *opt, const struct file *a, const struct file *b,
			    struct vb_buf *out)
{
	struct vb_report report = { .program = "fuzz" };
	enum vb_exit code;

	opt->input = a->path;
	opt->second = b->path;
	code = vb_run_diff(opt, &report);
	REQUIRE(code == VB_EXIT_GOOD || code == VB_EXIT_DATA || code == VB_EXIT_USAGE);
	REQUIRE(!report.failed && !report.out.failed);
	*out = report.out;
	return code;
}

/* The verdict is the last line of the text. */
static void check_same(struct vb_options *opt, const struct file *f)
{
	struct vb_buf out;

	opt->form = VB_FORM_TEXT;
	opt->n_mins = 0;
	compare(opt, f, f, &out);
	REQUIRE(!out.len || !memmem(out.data, out.len, "DIFFERENT", 9));
	vb_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vb_options opt = options_of(size ? data[0] : 0);
	const uint8_t *first = size ? data + 1 : data;
	size_t len = size ? size - 1 : 0, split = second_begins(first, len);
	struct vb_buf there, back;
	struct file a, b;

	make_file(&a, first, split);
	make_file(&b, first + split, len - split);
	REQUIRE(compare(&opt, &a, &b, &there) == compare(&opt, &b, &a, &back));
	vb_buf_done(&there);
	vb_buf_done(&back);
	check_same(&opt, &b);
	close(a.fd);
	close(b.fd);
	return 0;
}
