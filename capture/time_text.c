/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/time_text.h"

#include <errno.h>
#include <string.h>

#include "capture/digits.h"

#define NS_PER_S 1000000000u
#define S_PER_DAY 86400u
#define STAMP_LEN 19 /* 2026-01-01T20:48:24 */

static const char *const format_names[] = {
	[VB_TIME_TIME] = "time",	 [VB_TIME_DATE] = "date",   [VB_TIME_ISO] = "iso",
	[VB_TIME_EPOCH] = "epoch",	 [VB_TIME_DELTA] = "delta", [VB_TIME_MONO] = "mono",
	[VB_TIME_RELATIVE] = "relative", [VB_TIME_NONE] = "none",
};

int vb_time_format_by_name(const char *name, enum vb_time_format *ret)
{
	for (size_t i = 0; i < sizeof(format_names) / sizeof(*format_names); i++) {
		if (strcmp(format_names[i], name) == 0) {
			*ret = (enum vb_time_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *vb_time_format_names(void)
{
	return "time, date, iso, epoch, delta, relative, mono or none";
}

/*
 * Year, month and day from days since 1970-01-01. Years are counted from March, so that the leap
 * day is a year's last; 719468 is the number of days from 0000-03-01 to 1970-01-01.
 */
static void civil_date(uint64_t days, uint64_t *ret_year, uint64_t *ret_month, uint64_t *ret_day)
{
	uint64_t z = days + 719468;
	uint64_t era = z / 146097; /* days of 400 years */
	uint64_t doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153;

	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

static void put_stamp(char to[STAMP_LEN], uint64_t seconds, char between)
{
	uint64_t year, month, day, in_day = seconds % S_PER_DAY;

	civil_date(seconds / S_PER_DAY, &year, &month, &day);
	vb_digits_put(to, year, 4);
	to[4] = '-';
	vb_digits_put(to + 5, month, 2);
	to[7] = '-';
	vb_digits_put(to + 8, day, 2);
	to[10] = between;
	vb_digits_put(to + 11, in_day / 3600, 2);
	to[13] = ':';
	vb_digits_put(to + 14, in_day / 60 % 60, 2);
	to[16] = ':';
	vb_digits_put(to + 17, in_day % 60, 2);
}

void vb_time_iso(struct vb_buf *out, uint64_t time_ns)
{
	char text[STAMP_LEN + 11];

	put_stamp(text, time_ns / NS_PER_S, 'T');
	text[STAMP_LEN] = '.';
	vb_digits_put(text + STAMP_LEN + 1, time_ns % NS_PER_S, 9);
	text[STAMP_LEN + 10] = 'Z';
	vb_buf_add(out, text, sizeof(text));
}

void vb_time_seconds(struct vb_buf *out, uint64_t ns)
{
	char text[32];
	size_t n = vb_digits_all(text, ns / NS_PER_S);

	text[n] = '.';
	vb_digits_put(text + n + 1, ns % NS_PER_S, 9);
	vb_buf_add(out, text, n + 10);
}

/* Records may stand in the file a little out of the order of time. */
static void add_difference(struct vb_buf *out, uint64_t from_ns, uint64_t to_ns)
{
	if (to_ns < from_ns)
		vb_buf_add(out, "-", 1);
	vb_time_seconds(out, to_ns < from_ns ? from_ns - to_ns : to_ns - from_ns);
}

/* Time of day with microseconds, and the date before it when asked. */
static void add_clock(struct vb_time_text *t, struct vb_buf *out, uint64_t time_ns, bool date)
{
	uint64_t seconds = time_ns / NS_PER_S;
	char text[STAMP_LEN + 7];
	size_t skip = date ? 0 : 11;

	if (!t->cached || t->cached_s != seconds) {
		put_stamp(t->cached_text, seconds, ' ');
		t->cached = true;
		t->cached_s = seconds;
	}
	memcpy(text, t->cached_text, STAMP_LEN);
	text[STAMP_LEN] = '.';
	vb_digits_put(text + STAMP_LEN + 1, time_ns % NS_PER_S / 1000, 6);
	vb_buf_add(out, text + skip, sizeof(text) - skip);
}

void vb_time_text_see(struct vb_time_text *t, uint64_t time_ns)
{
	if (t->started)
		return;
	t->started = true;
	t->first_ns = time_ns;
}

void vb_time_text_add(struct vb_time_text *t, struct vb_buf *out, uint64_t time_ns,
		      uint64_t mono_ns)
{
	char text[24];

	vb_time_text_see(t, time_ns);
	switch (t->format) {
	case VB_TIME_TIME:
	case VB_TIME_DATE:
		add_clock(t, out, time_ns, t->format == VB_TIME_DATE);
		break;
	case VB_TIME_ISO:
		vb_time_iso(out, time_ns);
		break;
	case VB_TIME_EPOCH:
		vb_time_seconds(out, time_ns);
		break;
	case VB_TIME_DELTA:
		add_difference(out, t->shown ? t->last_ns : time_ns, time_ns);
		break;
	case VB_TIME_RELATIVE:
		add_difference(out, t->first_ns, time_ns);
		break;
	case VB_TIME_MONO:
		vb_buf_add(out, text, vb_digits_all(text, mono_ns));
		break;
	case VB_TIME_NONE:
		return;
	}
	t->shown = true;
	t->last_ns = time_ns;
}
