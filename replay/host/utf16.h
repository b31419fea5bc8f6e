/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of messages: UTF-16, little-endian, ended by a zero unit where it does not fill its field.
 */
#ifndef VB_UTF16_H
#define VB_UTF16_H

#include <stddef.h>
#include <stdint.h>

/*
 * UTF-8 to UTF-16. ret_len: bytes written, the ending zero unit included. -EINVAL: the text is no
 * UTF-8; -EMSGSIZE: it does not fit size bytes.
 */
int vb_utf16_from_text(const char *text, uint8_t *buf, size_t size, size_t *ret_len);

/*
 * UTF-16 of n_bytes, or up to a zero unit, to UTF-8 of size bytes (at least 1), NUL included; cut at
 * a character when it does not fit. Units that are no text become U+FFFD. Every byte is read once,
 * so that it may lie in memory that a guest writes. Returns the length without NUL.
 */
size_t vb_utf16_to_text(const uint8_t *bytes, size_t n_bytes, char *buf, size_t size);

/* Bytes of UTF-8 that n bytes of UTF-16 may become, NUL included. */
#define VB_UTF16_TEXT(n) ((n) / 2 * 3 + 1)

#endif
