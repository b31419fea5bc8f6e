/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record of a trace: header, packet bytes, external part.
 *
 * The bytes may come from anywhere. A length is believed only after it was compared with what is
 * there; what does not add up is repaired, counted and named.
 */
#include <stdbool.h>
#include <string.h>

#include "session.h"

static void fault(struct vb_record *rec, const char *words)
{
	if (!rec->n_malformed++)
		rec->malformed = words;
}

/* One segment at p, of which left bytes are there; its length with padding, 0 when it is none. */
static uint32_t check_segment(struct vb_record *rec, uint8_t *p, uint32_t left)
{
	struct vb_segment s;

	if (left < VB_SEGMENT_LEN) {
		fault(rec, "the external part ends inside a segment header");
		return 0;
	}
	memcpy(&s, p, sizeof(s));
	left -= VB_SEGMENT_LEN;
	if (vb_pad4(s.cap_len) > left) {
		fault(rec, "a segment is longer than the external part");
		s.cap_len = left & ~3u;
		if (s.reason == VB_REASON_COMPLETE)
			s.reason = VB_REASON_SNAPLEN;
		rec->hdr.flags |= VB_REC_EXT_CUT;
	}
	if (s.wire_len < s.cap_len) {
		fault(rec, "a segment holds more bytes than it had on the wire");
		s.wire_len = s.cap_len;
	}
	memcpy(p, &s, sizeof(s));
	return VB_SEGMENT_LEN + (uint32_t)vb_pad4(s.cap_len);
}

/* Make the external part a list of whole segments within the len bytes at p. */
static void check_external(struct vb_record *rec, uint8_t *p, uint32_t len)
{
	uint32_t pos = 0;

	if (rec->hdr.ext_len > len) {
		fault(rec, "the external part reaches past the end of the record");
		rec->hdr.ext_len = len;
		rec->hdr.flags |= VB_REC_EXT_CUT;
	} else if (rec->hdr.ext_len < len) {
		fault(rec, "bytes are left over behind the record");
	}
	while (pos < rec->hdr.ext_len) {
		uint32_t n = check_segment(rec, p + pos, rec->hdr.ext_len - pos);

		if (!n) {
			rec->hdr.flags |= VB_REC_EXT_CUT;
			break;
		}
		pos += n;
	}
	rec->hdr.ext_len = pos;
	rec->ext = pos ? p : NULL;
}

static void check_values(struct vb_record *rec)
{
	struct vb_record_header *h = &rec->hdr;

	if (h->header_len < VB_RECORD_HEADER_LEN || h->header_len % 8) {
		fault(rec, "the header length is no multiple of 8 or less than 96");
		h->header_len = VB_RECORD_HEADER_LEN;
	}
	if (h->kind < VB_KIND_CONTROL || h->kind > VB_KIND_EVENT)
		fault(rec, "the kind of record is not known");
	if (h->direction > VB_TO_GUEST) {
		fault(rec, "the direction is not known");
		h->direction = VB_DIR_NONE;
	}
}

/* The record at p: header, packet bytes, external part. */
static void read_record(struct vb_record *rec, uint8_t *p, uint32_t len)
{
	struct vb_record_header *h = &rec->hdr;
	uint32_t skip, padded;

	memcpy(h, p, sizeof(*h));
	check_values(rec);
	skip = h->header_len;
	if (skip > len) {
		fault(rec, "the record ends inside its header");
		skip = len;
	}
	p += skip;
	len -= skip;
	if (h->cap_len > len) {
		fault(rec, "the captured length reaches past the end of the record");
		h->cap_len = len;
		h->flags |= VB_REC_CUT;
	}
	if (h->wire_len < h->cap_len) {
		fault(rec, "the wire length is less than the captured length");
		h->wire_len = h->cap_len;
	}
	rec->data = p;
	/* Padding that is missing at the very end does no harm. */
	padded = vb_pad4(h->cap_len) < len ? (uint32_t)vb_pad4(h->cap_len) : len;
	check_external(rec, p + padded, len - padded);
}

/* No record: handed on as it is. */
static void read_other(struct vb_record *rec, const uint8_t *p, uint32_t len, const char *words)
{
	rec->hdr.wire_len = len;
	rec->hdr.cap_len = len;
	rec->data = p;
	fault(rec, words);
}

void vb_record_read(uint8_t *bytes, uint32_t len, struct vb_record *ret)
{
	uint32_t magic;

	memset(ret, 0, sizeof(*ret));
	if (len < VB_RECORD_HEADER_LEN) {
		read_other(ret, bytes, len, "shorter than a record header");
		return;
	}
	memcpy(&magic, bytes, sizeof(magic));
	if (magic == VB_RECORD_MAGIC)
		read_record(ret, bytes, len);
	else
		read_other(ret, bytes, len, "no record: the magic number is wrong");
}

/* ---- parts ---- */

static void set_bytes(struct vb_frame *f, const void *bytes, uint32_t len)
{
	f->data = bytes;
	f->cap_len = f->wire_len = len;
}

const struct vb_proto *vb_part_frame(enum vb_part part, const struct vb_record_header *h,
				     const uint8_t *ext, const struct vb_frame *f,
				     struct vb_frame *ret_f)
{
	*ret_f = *f;
	switch (part) {
	case VB_PART_RECORD:
		/* Bytes that are no record have no header. */
		set_bytes(ret_f, h, sizeof(*h));
		return h->magic == VB_RECORD_MAGIC ? vb_header_proto() : NULL;
	case VB_PART_ROOT:
		return vb_root_proto(f->kind);
	case VB_PART_EXT:
		set_bytes(ret_f, ext, h->ext_len);
		return h->ext_len > 0 ? vb_external_proto() : NULL;
	case VB_PART_INNER: /* any number */
	case VB_PART_LINK:
	case VB_PART_ALL:
		break;
	}
	return NULL;
}
