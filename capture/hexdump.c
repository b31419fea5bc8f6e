/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/hexdump.h"

#include <inttypes.h>
#include <string.h>

#define PER_LINE 16u
#define HEX_COLUMNS (PER_LINE * 2 + PER_LINE / 2) /* a blank before every second byte */

/* The head of a segment of the external part. */
struct segment {
	uint32_t range, wire_len, cap_len, reason;
};

#define SEND_SECTION UINT32_MAX

static char hex_digit(unsigned int value)
{
	return "0123456789abcdef"[value & 15];
}

static void put_line(struct vb_buf *out, const uint8_t *bytes, uint32_t n)
{
	char hex[HEX_COLUMNS], ascii[PER_LINE];

	memset(hex, ' ', sizeof(hex));
	for (uint32_t i = 0; i < n; i++) {
		size_t at = i * 2 + i / 2 + 1;

		hex[at] = hex_digit(bytes[i] >> 4);
		hex[at + 1] = hex_digit(bytes[i]);
		ascii[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.';
	}
	vb_buf_add(out, hex, sizeof(hex));
	vb_buf_add(out, "  ", 2);
	vb_buf_add(out, ascii, n);
	vb_buf_add(out, "\n", 1);
}

void vb_hexdump(struct vb_buf *out, const uint8_t *bytes, uint32_t n)
{
	for (uint32_t off = 0; off < n; off += PER_LINE) {
		vb_buf_fmt(out, "\t0x%04" PRIx32 ": ", off);
		put_line(out, bytes + off, n - off < PER_LINE ? n - off : PER_LINE);
	}
}

void vb_hexdump_external(struct vb_buf *out, const uint8_t *ext, uint32_t n)
{
	struct segment s;
	uint32_t off = 0;

	while (n - off >= sizeof(s)) {
		uint32_t left, padded;

		memcpy(&s, ext + off, sizeof(s));
		off += (uint32_t)sizeof(s);
		left = n - off;
		if (s.cap_len > left)
			s.cap_len = left;
		if (s.range == SEND_SECTION)
			vb_buf_str(out, "\tsend buffer section");
		else
			vb_buf_fmt(out, "\trange %" PRIu32, s.range);
		vb_buf_fmt(out, ", %" PRIu32 " of %" PRIu32 " bytes\n", s.cap_len, s.wire_len);
		vb_hexdump(out, ext + off, s.cap_len);
		padded = (s.cap_len + 3) & ~3u;
		off += padded < left ? padded : left;
	}
}
