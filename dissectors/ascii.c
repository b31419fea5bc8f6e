/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text rows of one byte for each character, and text rows of either kind. */
#include <errno.h>

#include "buf.h"

static bool is_printable(uint8_t c)
{
	return c >= ' ' && c < 0x7f;
}

uint32_t vb_ascii_len(const uint8_t *bytes, uint32_t n)
{
	uint32_t len = 0;

	while (len < n && is_printable(bytes[len]))
		len++;
	return len;
}

int vb_ascii_from_text(const char *text, size_t len, uint8_t *buf, size_t size, size_t *ret_n)
{
	for (size_t i = 0; i < len; i++)
		if (!is_printable((uint8_t)text[i]))
			return -EINVAL;
	if (len > size)
		return -EMSGSIZE;
	memcpy(buf, text, len);
	*ret_n = len;
	return 0;
}

void vb_buf_text(struct vb_buf *b, const struct vb_item *it)
{
	if (it->row->type == VB_ASCII && it->n_bytes)
		vb_buf_add(b, (const char *)it->bytes, it->n_bytes);
	else if (it->row->type == VB_UTF16)
		vb_buf_utf16(b, it->bytes, it->n_bytes);
}

void vb_buf_text_escaped(struct vb_buf *b, const struct vb_item *it)
{
	if (it->row->type == VB_UTF16) {
		vb_buf_utf16_escaped(b, it->bytes, it->n_bytes);
		return;
	}
	for (uint32_t i = 0; i < it->n_bytes; i++) {
		if (it->bytes[i] == '"' || it->bytes[i] == '\\')
			vb_buf_char(b, '\\');
		vb_buf_char(b, (char)it->bytes[i]);
	}
}
