/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_TEXT 1024

void vb_say(const char *fmt, ...)
{
	char text[LINE_MAX_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* One call, so that lines of several programs do not mix. */
	dprintf(STDERR_FILENO, "vmbusreplay: %s\n", text);
}

/* What a guest says reaches no terminal as it is. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

void vb_say_progress(void *ctx, uint64_t since_ns, const char *line)
{
	const struct vb_say *say = ctx;
	char text[LINE_MAX_TEXT];

	if (say->quiet)
		return;
	snprintf(text, sizeof(text), "%s", line);
	make_printable(text);
	vb_say("[%3" PRIu64 ".%03" PRIu64 "] %s", since_ns / 1000000000, since_ns / 1000000 % 1000,
	       text);
}

void vb_say_trouble(void *ctx, const char *text)
{
	(void)ctx;
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[LINE_MAX_TEXT];

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		make_printable(line);
		vb_say("%s", line);
		text += len + (text[len] == '\n');
	}
}

void vb_say_output(void *ctx, const char *bytes, size_t n)
{
	struct vb_say *say = ctx;

	while (n > 0 && !say->out_failed) {
		ssize_t done = write(STDOUT_FILENO, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			say->out_failed = true;
			return;
		}
		bytes += done;
		n -= (size_t)done;
	}
}
