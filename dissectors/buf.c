/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growing text, hexadecimal digits, and the text form of GUIDs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"

#define FIRST_CAP 256u

static const char hex_digits[] = "0123456789abcdef";

bool vb_buf_grow(struct vb_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	char *data;

	if (n > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
		b->failed = true;
		return false;
	}
	while (cap - b->len <= n) /* one byte more than asked for: the NUL */
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void vb_buf_add(struct vb_buf *b, const char *bytes, size_t n)
{
	char *p = vb_buf_room(b, n);

	if (!p)
		return;
	if (n > 0)
		memcpy(p, bytes, n);
	vb_buf_took(b, p + n);
}

void vb_buf_str(struct vb_buf *b, const char *s)
{
	vb_buf_add(b, s, strlen(s));
}

void vb_buf_fmt(struct vb_buf *b, const char *fmt, ...)
{
	char *p = vb_buf_room(b, 0);
	va_list ap;
	int n;

	if (!p)
		return;
	va_start(ap, fmt);
	n = vsnprintf(p, b->cap - b->len, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= b->cap - b->len) {
		p = vb_buf_room(b, (size_t)n);
		if (!p) {
			b->data[b->len] = '\0'; /* no half of an item */
			return;
		}
		va_start(ap, fmt);
		vsnprintf(p, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

char *vb_put_hex(char *p, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*p++ = hex_digits[bytes[i] >> 4];
		*p++ = hex_digits[bytes[i] & 15];
	}
	return p;
}

void vb_buf_hex(struct vb_buf *b, const uint8_t *bytes, size_t n)
{
	char *p = vb_buf_room(b, 2 * n);

	if (p)
		vb_buf_took(b, vb_put_hex(p, bytes, n));
}

char *vb_put_u64(char *p, uint64_t value)
{
	char digits[VB_U64_DIGITS];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	memcpy(p, digits + at, sizeof(digits) - at);
	return p + sizeof(digits) - at;
}

void vb_buf_u64(struct vb_buf *b, uint64_t value)
{
	char *p = vb_buf_room(b, VB_U64_DIGITS);

	if (p)
		vb_buf_took(b, vb_put_u64(p, value));
}

size_t vb_utf8_len(const unsigned char *s, size_t n)
{
	/* The second byte has the narrower range: no overlong forms, no surrogates, no end beyond. */
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (n < len || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* One character below 0x20, or one of the three that JSON escapes; p has room for six. */
static char *put_escape(char *p, unsigned char c)
{
	static const char shorts[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
	const char *at = c ? strchr(shorts, c) : NULL;

	*p++ = '\\';
	if (at) {
		*p++ = letters[at - shorts];
		return p;
	}
	memcpy(p, "u00", 3);
	return vb_put_hex(p + 3, &c, 1);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* One character that cannot stand as it is; ret_len says how many bytes of s it had. */
static char *put_special(char *p, const char *s, size_t n, size_t *ret_len)
{
	unsigned char c = (unsigned char)s[0];

	*ret_len = 1;
	if (c < 0x80)
		return put_escape(p, c);
	*ret_len = vb_utf8_len((const unsigned char *)s, n);
	if (*ret_len > 0) {
		memcpy(p, s, *ret_len);
		return p + *ret_len;
	}
	*ret_len = 1;
	memcpy(p, "\xef\xbf\xbd", 3); /* U+FFFD stands for each byte that is no text */
	return p + 3;
}

void vb_buf_json(struct vb_buf *b, const char *s)
{
	size_t n = strlen(s), i = 0, len;
	char *p = vb_buf_room(b, 6 * n + 2);

	if (!p)
		return;
	*p++ = '"';
	while (i < n) {
		if (is_plain((unsigned char)s[i])) {
			*p++ = s[i++];
			continue;
		}
		p = put_special(p, s + i, n - i, &len);
		i += len;
	}
	*p++ = '"';
	vb_buf_took(b, p);
}

void vb_buf_reset(struct vb_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void vb_buf_done(struct vb_buf *b)
{
	free(b->data);
	*b = (struct vb_buf){ 0 };
}

int vb_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Bytes of the wire form in the order in which the text shows them. */
static const uint8_t guid_order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

static bool guid_dash_before(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

void vb_guid_text(const uint8_t guid[16], char ret_text[VB_GUID_TEXT])
{
	char *p = ret_text;

	for (size_t i = 0; i < 16; i++) {
		if (guid_dash_before(i))
			*p++ = '-';
		p = vb_put_hex(p, guid + guid_order[i], 1);
	}
	*p = '\0';
}

bool vb_guid_parse(const char *text, uint8_t ret_guid[16])
{
	uint8_t guid[16];
	int hi, lo;

	for (size_t i = 0; i < 16; i++) {
		if (guid_dash_before(i) && *text++ != '-')
			return false;
		hi = vb_hex_digit(text[0]);
		lo = hi < 0 ? -1 : vb_hex_digit(text[1]);
		if (lo < 0)
			return false;
		guid[guid_order[i]] = (uint8_t)(hi << 4 | lo);
		text += 2;
	}
	if (*text)
		return false;
	memcpy(ret_guid, guid, sizeof(guid));
	return true;
}
