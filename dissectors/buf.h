/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the library: growing text for paths where every field counts.
 */
#ifndef VB_BUF_H
#define VB_BUF_H

#include <string.h>

#include "sinks.h"

#define VB_U64_DIGITS 20 /* of the largest number in decimal */

/* Slow path of vb_buf_room(). */
bool vb_buf_grow(struct vb_buf *b, size_t n);

/*
 * Where the next n bytes may be written, or NULL when there is no memory. The caller writes some of
 * them and says with vb_buf_took() where it stopped.
 */
static inline char *vb_buf_room(struct vb_buf *b, size_t n)
{
	if (b->failed || (b->cap - b->len <= n && !vb_buf_grow(b, n)))
		return NULL;
	return b->data + b->len;
}

static inline void vb_buf_took(struct vb_buf *b, char *end)
{
	b->len = (size_t)(end - b->data);
	*end = '\0';
}

static inline void vb_buf_char(struct vb_buf *b, char c)
{
	char *p = vb_buf_room(b, 1);

	if (!p)
		return;
	*p = c;
	vb_buf_took(b, p + 1);
}

/* Decimal digits of a number to p, which has room for VB_U64_DIGITS; returns where they end. */
char *vb_put_u64(char *p, uint64_t value);
/* Lower-case hex, two digits per byte; returns where they end. */
char *vb_put_hex(char *p, const uint8_t *bytes, size_t n);
/* Bytes of the UTF-8 sequence at s, beyond ASCII, of which n bytes are there; 0: it is not valid. */
size_t vb_utf8_len(const unsigned char *s, size_t n);
void vb_buf_u64(struct vb_buf *b, uint64_t value);

#endif
