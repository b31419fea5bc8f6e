/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One write(2) for so many bytes: system calls then cost nothing beside the decoding. */
#define ENOUGH 262144u

/* Kinds of devices named in the last line; a guest has few, hv_sock connections count as one. */
#define LINE_MAX_TEXT 2048

void vb_report_init(struct vb_report *r, const char *program, bool line_buffered)
{
	*r = (struct vb_report){
		.program = program,
		.each = line_buffered || isatty(STDOUT_FILENO),
	};
}

void vb_report_done(struct vb_report *r)
{
	vb_buf_done(&r->out);
}

int vb_report_flush(struct vb_report *r)
{
	size_t done = 0;

	if (r->out.failed && !r->failed)
		r->failed = -ENOMEM;
	while (done < r->out.len && !r->failed) {
		ssize_t n = write(STDOUT_FILENO, r->out.data + done, r->out.len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			r->failed = -errno;
	}
	vb_buf_reset(&r->out);
	return r->failed;
}

int vb_report_next(struct vb_report *r)
{
	if (r->each || r->out.len >= ENOUGH || r->out.failed)
		return vb_report_flush(r);
	return r->failed;
}

bool vb_report_reader_gone(const struct vb_report *r)
{
	return r->failed == -EPIPE;
}

const char *vb_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void vb_report_say(const struct vb_report *r, const char *fmt, ...)
{
	char text[LINE_MAX_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* One call, so that lines of several programs do not mix. */
	dprintf(STDERR_FILENO, "%s: %s\n", r->program, text);
}

/* ---- of a guest ---- */

/* What a guest says reaches no terminal as it is. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

void vb_report_progress(void *ctx, uint64_t since_ns, const char *line)
{
	const struct vb_report *r = ctx;
	char text[LINE_MAX_TEXT];

	if (r->quiet)
		return;
	snprintf(text, sizeof(text), "%s", line);
	make_printable(text);
	vb_report_say(r, "[%3" PRIu64 ".%03" PRIu64 "] %s", since_ns / 1000000000,
		      since_ns / 1000000 % 1000, text);
}

void vb_report_trouble(void *ctx, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[LINE_MAX_TEXT];

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		make_printable(line);
		vb_report_say(ctx, "%s", line);
		text += len + (text[len] == '\n');
	}
}

void vb_report_output(void *ctx, const char *bytes, size_t n)
{
	struct vb_report *r = ctx;

	vb_buf_add(&r->out, bytes, n);
	vb_report_flush(r);
}

/* ---- counts ---- */

static bool is_bus(const struct vb_device *dev)
{
	static const uint8_t zero[16];

	return dev->class == VB_CLASS_UNKNOWN && memcmp(dev->instance, zero, 16) == 0;
}

static const char *short_name(const struct vb_device *dev)
{
	return is_bus(dev) ? "vmbus" : vb_class_by_code(dev->class)->name;
}

void vb_report_counts(const struct vb_report *r, const struct vb_device_stats *stats, size_t n,
		      const char *verb)
{
	uint64_t received = 0, lost = 0, delivered = 0, filtered = 0;
	struct vb_buf each = { 0 };
	char left_out[64] = "";

	for (size_t i = 0; i < n; i++) {
		const struct vb_device_stats *s = &stats[i];

		received += s->received;
		lost += s->lost;
		delivered += s->delivered;
		filtered += s->filtered;
		if (s->received == 0 && s->lost == 0 && s->delivered == 0 && !s->dev.bypassed &&
		    !s->dev.on_vf)
			continue;
		vb_buf_fmt(&each, "%s%s %" PRIu64, each.len > 0 ? ", " : ": ", short_name(&s->dev),
			   s->delivered);
		if (s->lost > 0)
			vb_buf_fmt(&each, " (%" PRIu64 " lost)", s->lost);
		if (s->filtered > 0)
			vb_buf_fmt(&each, " (%" PRIu64 " filtered)", s->filtered);
		if (s->dev.bypassed)
			vb_buf_str(&each, " (bypassed)");
		if (s->dev.on_vf)
			vb_buf_str(&each,
				   " (data path on the virtual function: frames are not here)");
	}
	if (filtered > 0)
		snprintf(left_out, sizeof(left_out), "%" PRIu64 " filtered in the kernel, ",
			 filtered);
	vb_report_say(r, "%" PRIu64 " record%s received, %" PRIu64 " lost, %s%" PRIu64 " %s%s",
		      received, vb_plural(received), lost, left_out, delivered, verb,
		      each.len > 0 ? each.data : "");
	vb_buf_done(&each);
}

/* ---- the machine ---- */

void vb_report_finding(void *ctx, const struct vb_finding *f)
{
	static const char *const words[] = {
		[VB_GOOD] = "good",
		[VB_WARN] = "warning",
		[VB_BAD] = "BAD",
	};
	struct vb_report *r = ctx;

	vb_buf_fmt(&r->out, "%-8s %s", words[f->verdict], f->subject);
	if (f->detail && f->detail[0])
		vb_buf_fmt(&r->out, ": %s", f->detail);
	if (f->remedy && f->remedy[0])
		vb_buf_fmt(&r->out, " - %s", f->remedy);
	vb_buf_str(&r->out, "\n");
	vb_report_next(r);
}

void vb_report_device(void *ctx, const struct vb_device *dev, uint32_t n_channels)
{
	struct vb_report *r = ctx;
	char guid[VB_GUID_TEXT];

	vb_guid_text(dev->instance, guid);
	vb_buf_fmt(&r->out, "%-4" PRIu32 " %-10s %s  %s", dev->relid,
		   vb_class_by_code(dev->class)->name, guid,
		   dev->driver[0] ? dev->driver : "(no driver)");
	if (n_channels > 1)
		vb_buf_fmt(&r->out, ", %" PRIu32 " channels", n_channels);
	if (dev->bypassed)
		vb_buf_str(&r->out, ", bypassed: user space has its rings");
	vb_buf_str(&r->out, "\n");
	vb_report_next(r);
}
