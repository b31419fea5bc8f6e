/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 and UTF-16 (RFC 3629, RFC 2781). */
#include <errno.h>
#include <stdbool.h>

#include "replay/host/utf16.h"

#define REPLACEMENT 0xfffdu
#define HIGH_FIRST 0xd800u /* of the first half of a pair */
#define LOW_FIRST 0xdc00u
#define LOW_END 0xe000u
#define SUPPLEMENT 0x10000u /* characters from here on are pairs */
#define CHARACTERS_END 0x110000u

static bool is_surrogate(uint32_t c)
{
	return c >= HIGH_FIRST && c < LOW_END;
}

/* Bytes of a sequence that begins like this; 0: none does. */
static unsigned int sequence_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* The character at *p, which moves on. CHARACTERS_END: it is none. */
static uint32_t next_character(const char **p)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, SUPPLEMENT };
	unsigned int len = sequence_len((uint8_t) * *p);
	uint32_t c;

	if (!len)
		return CHARACTERS_END;
	c = len == 1 ? (uint8_t) * *p : (uint8_t) * *p & (0x7fu >> len);
	(*p)++;
	for (unsigned int i = 1; i < len; i++, (*p)++) {
		if (((uint8_t) * *p & 0xc0) != 0x80)
			return CHARACTERS_END;
		c = c << 6 | ((uint8_t) * *p & 0x3fu);
	}
	return c < least[len] || is_surrogate(c) || c >= CHARACTERS_END ? CHARACTERS_END : c;
}

static void put_unit(uint8_t *p, uint32_t unit)
{
	p[0] = (uint8_t)unit;
	p[1] = (uint8_t)(unit >> 8);
}

/* Bytes of the character as UTF-16, at most 4. */
static unsigned int put_units(uint8_t p[4], uint32_t c)
{
	if (c < SUPPLEMENT) {
		put_unit(p, c);
		return 2;
	}
	put_unit(p, HIGH_FIRST | (c - SUPPLEMENT) >> 10);
	put_unit(p + 2, LOW_FIRST | (c & 0x3ff));
	return 4;
}

int vb_utf16_from_text(const char *text, uint8_t *buf, size_t size, size_t *ret_len)
{
	size_t len = 0;
	bool end;

	do {
		uint8_t units[4];
		unsigned int n;
		uint32_t c;

		end = !*text;
		c = next_character(&text);
		if (c == CHARACTERS_END)
			return -EINVAL;
		n = put_units(units, c);
		if (n > size - len)
			return -EMSGSIZE;
		for (unsigned int i = 0; i < n; i++)
			buf[len++] = units[i];
	} while (!end);
	*ret_len = len;
	return 0;
}

/* Bytes of the character as UTF-8, at most 4. */
static unsigned int put_text(char p[4], uint32_t c)
{
	unsigned int len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < SUPPLEMENT ? 3 : 4;

	if (len == 1) {
		p[0] = (char)c;
		return 1;
	}
	for (unsigned int i = len; --i > 0; c >>= 6)
		p[i] = (char)(0x80 | (c & 0x3f));
	p[0] = (char)((0xf00u >> len & 0xff) | c);
	return len;
}

static uint32_t unit_at(const uint8_t *bytes, size_t i)
{
	return bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8;
}

size_t vb_utf16_to_text(const uint8_t *bytes, size_t n_bytes, char *buf, size_t size)
{
	size_t n = n_bytes / 2, len = 0, i = 0;
	uint32_t unit = n ? unit_at(bytes, 0) : 0;

	while (unit) {
		uint32_t c = is_surrogate(unit) ? REPLACEMENT : unit;
		uint32_t next = ++i < n ? unit_at(bytes, i) : 0;
		char text[4];
		unsigned int text_len;

		if (unit >= HIGH_FIRST && unit < LOW_FIRST && next >= LOW_FIRST && next < LOW_END) {
			c = SUPPLEMENT + ((unit - HIGH_FIRST) << 10) + (next - LOW_FIRST);
			next = ++i < n ? unit_at(bytes, i) : 0;
		}
		text_len = put_text(text, c);
		if (text_len >= size - len)
			break;
		for (unsigned int k = 0; k < text_len; k++)
			buf[len++] = text[k];
		unit = next;
	}
	buf[len] = '\0';
	return len;
}
