/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UTF-16 of the wire, little-endian, and UTF-8 of everything else. Only text that comes back the
 * same is text: what is ill-formed is left to whoever shows bytes.
 */
#include <errno.h>

#include "buf.h"

#define MAX_ESCAPE 6 /* characters of an escaped one, or bytes of UTF-8 */

static uint32_t unit(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8;
}

/* The character that begins here and its bytes; 0: none does, or it is NUL. */
static uint32_t next_char(const uint8_t *bytes, uint32_t n, uint32_t *ret_len)
{
	uint32_t high, low;

	if (n < 2)
		return 0;
	high = unit(bytes);
	*ret_len = 2;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || n < 4)
		return 0;
	low = unit(bytes + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_len = 4;
	return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

uint32_t vb_utf16_len(const uint8_t *bytes, uint32_t n)
{
	uint32_t at = 0, len;

	while (at < n && next_char(bytes + at, n - at, &len))
		at += len;
	return at;
}

static char *put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	return p;
}

/* What would do something to a terminal, or end a JSON string. */
static bool is_special(uint32_t c)
{
	return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c <= 0x9f);
}

static char *put_escaped(char *p, uint32_t c)
{
	static const char shorts[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
	const char *at = c < 0x80 ? strchr(shorts, (int)c) : NULL;
	const uint8_t byte = (uint8_t)c;

	*p++ = '\\';
	if (at) {
		*p++ = letters[at - shorts];
		return p;
	}
	memcpy(p, "u00", 3);
	return vb_put_hex(p + 3, &byte, 1);
}

static void add(struct vb_buf *b, const uint8_t *bytes, uint32_t n, bool escape)
{
	char *p = vb_buf_room(b, MAX_ESCAPE * (size_t)(n / 2));
	uint32_t c, len;

	if (!p)
		return;
	for (uint32_t at = 0; at < n; at += len) {
		c = next_char(bytes + at, n - at, &len);
		if (!c)
			break;
		p = escape && is_special(c) ? put_escaped(p, c) : put_utf8(p, c);
	}
	vb_buf_took(b, p);
}

void vb_buf_utf16(struct vb_buf *b, const uint8_t *bytes, uint32_t n)
{
	add(b, bytes, n, false);
}

void vb_buf_utf16_escaped(struct vb_buf *b, const uint8_t *bytes, uint32_t n)
{
	add(b, bytes, n, true);
}

/* ---- the way back ---- */

/* The character that begins here and its bytes; 0: it is ill-formed, or NUL. */
static uint32_t next_utf8(const char *text, size_t n, size_t *ret_len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0x80 ? 1 : vb_utf8_len(s, n);
	uint32_t c;

	*ret_len = len;
	if (len < 2)
		return len ? s[0] : 0;
	c = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

static void put_unit(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

int vb_utf16_from_utf8(const char *text, size_t len, uint8_t *buf, size_t size, size_t *ret_n)
{
	size_t used = 0, step, need;
	uint32_t c;

	for (size_t at = 0; at < len; at += step) {
		c = next_utf8(text + at, len - at, &step);
		if (!c)
			return -EINVAL;
		need = c < 0x10000 ? 2 : 4;
		if (need > size - used)
			return -EMSGSIZE;
		if (need == 2) {
			put_unit(buf + used, c);
		} else {
			put_unit(buf + used, 0xd800 + ((c - 0x10000) >> 10));
			put_unit(buf + used + 2, 0xdc00 + ((c - 0x10000) & 0x3ff));
		}
		used += need;
	}
	*ret_n = used;
	return 0;
}
