/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentence that tells the user what went wrong. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "capture/event.h"

/*
 * Sentences quote file names and what users typed. They stay one line, and no control character
 * reaches a terminal.
 */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int vb_fail(struct vb_err *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	make_printable(err->text);
	return code;
}

const char *vb_write_remedy(int code)
{
	switch (code) {
	case -ENOSPC:
	case -EDQUOT:
		return "free space or write elsewhere";
	case -EFBIG:
		return "raise the limit (ulimit -f) or write several files (-C)";
	case -EPIPE:
		return "the program that reads them has ended";
	default:
		return "check the disk or write elsewhere";
	}
}
