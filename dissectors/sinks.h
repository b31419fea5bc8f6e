/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be made of a walk: text, JSON, the field reference; and the check of the tables.
 */
#ifndef VB_SINKS_H
#define VB_SINKS_H

#include "wire.h"

/* ---- growing text ---- */

struct vb_buf {
	char *data; /* always NUL-terminated once something was added */
	size_t len, cap;
	bool failed; /* out of memory: what was added since is missing */
};

void vb_buf_add(struct vb_buf *b, const char *bytes, size_t n);
void vb_buf_str(struct vb_buf *b, const char *s);
void vb_buf_fmt(struct vb_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vb_buf_hex(struct vb_buf *b, const uint8_t *bytes, size_t n);
void vb_buf_json(struct vb_buf *b, const char *s); /* quoted and escaped */
void vb_buf_reset(struct vb_buf *b);
void vb_buf_done(struct vb_buf *b);

/* ---- UTF-16 of the wire, little-endian ---- */

/* Bytes of the n that are text: whole, well-formed characters in front of the first NUL. */
uint32_t vb_utf16_len(const uint8_t *bytes, uint32_t n);
/* Append the text as UTF-8; escaped: as inside a JSON string, without control characters. */
void vb_buf_utf16(struct vb_buf *b, const uint8_t *bytes, uint32_t n);
void vb_buf_utf16_escaped(struct vb_buf *b, const uint8_t *bytes, uint32_t n);
/*
 * The way back: len bytes of UTF-8 to ret_n bytes in buf. -EINVAL: ill-formed, or a NUL; -EMSGSIZE: more
 * than size bytes.
 */
int vb_utf16_from_utf8(const char *text, size_t len, uint8_t *buf, size_t size, size_t *ret_n);

/* ---- text rows of either kind ---- */

/* Bytes of the n that are text: printable ASCII. */
uint32_t vb_ascii_len(const uint8_t *bytes, uint32_t n);
/* len characters to ret_n bytes in buf. Errors as those of vb_utf16_from_utf8(). */
int vb_ascii_from_text(const char *text, size_t len, uint8_t *buf, size_t size, size_t *ret_n);

static inline bool vb_row_is_text(const struct vb_row *row)
{
	return row->type == VB_UTF16 || row->type == VB_ASCII;
}

/* Append the text of such a row as UTF-8; escaped: as above. */
void vb_buf_text(struct vb_buf *b, const struct vb_item *it);
void vb_buf_text_escaped(struct vb_buf *b, const struct vb_item *it);

#define VB_GUID_TEXT 37 /* with NUL */
void vb_guid_text(const uint8_t guid[16], char ret_text[VB_GUID_TEXT]);
bool vb_guid_parse(const char *text, uint8_t ret_guid[16]);

/* Value of a hexadecimal digit of either case, or -1. */
int vb_hex_digit(char c);

/* The value as text and JSON show it, without title: "5 (status)", a GUID, hex bytes. */
void vb_item_text(struct vb_buf *b, const struct vb_item *it);

/* ---- text, JSON ---- */

/*
 * Where a sink stands, as a permanent field name: protocol, message, structs. Feed it the sink's
 * open and close events.
 */
#define VB_PATH_LEVELS 40
struct vb_path {
	char text[512]; /* the protocols begun, each path with its NUL, innermost last */
	unsigned int n;
	struct {
		uint16_t start, end; /* of the innermost path, before this level was opened */
	} level[VB_PATH_LEVELS];
	uint16_t start, end;
};

void vb_path_init(struct vb_path *p);
void vb_path_open(struct vb_path *p, enum vb_span span, const struct vb_item *it);
void vb_path_close(struct vb_path *p);
/* Name of the innermost span that is open; valid until the next call. */
const char *vb_path_span(struct vb_path *p);
/* Name of the field it inside the spans that are open; valid until the next call. */
const char *vb_path_field(struct vb_path *p, const struct vb_item *it);

/* Both text sinks write here; set up by the functions below. */
struct vb_text {
	struct vb_buf *out;
	bool names;	      /* tree: add field name, offset and length */
	unsigned int depth;   /* of the tree */
	unsigned int element; /* of the innermost array of structs */
	unsigned int run;     /* values of an array so far on this line */
	bool in_bits;	      /* summary: the integer's bits are wanted */
	bool any;	      /* summary: something was written */
	bool repeated, hush;  /* summary: only the first message of those that repeat is in it */
	struct vb_path path;
};

/* Where the record belongs: "vmbus", or class and channel as in "network 14.2". */
void vb_text_channel(struct vb_buf *out, const struct vb_frame *f);
/* What is unusual about it, in brackets: cut, failed, lost before, ...; malformed: words or NULL. */
void vb_text_marks(struct vb_buf *out, const struct vb_record_header *h, const char *malformed);

/* One line for the record: message names and the rows marked for the summary, innermost last. */
struct vb_sink vb_text_summary(struct vb_text *t, struct vb_buf *out);
/* One line per field, indented. */
struct vb_sink vb_text_tree(struct vb_text *t, struct vb_buf *out, bool names);

#define VB_JSON_SCHEMA 1

#define VB_JSON_LAYERS                                                                             \
	(VB_MAX_LAYERS + 5) /* a frame, header, external part, messages in it, link */
#define VB_JSON_LEVELS 128

/* Zero-initialise; all members are private. */
struct vb_json {
	struct vb_buf layer[VB_JSON_LAYERS];
	const struct vb_proto *proto[VB_JSON_LAYERS]; /* of each layer */
	unsigned int n_objects[VB_JSON_LAYERS]; /* in each layer: of a protocol that repeats */
	unsigned int n_layers;
	uint8_t open[VB_JSON_LAYERS]; /* layers that are open, outermost first */
	unsigned int depth;	      /* how many */
	bool comma[VB_JSON_LEVELS];
	unsigned int level, skipped;
	struct vb_path path;
	struct vb_buf gaps;
	struct vb_buf notes;
	const struct vb_proto *gaps_of; /* protocol under which gaps are written */
};

/* Collect any number of walks of one record; each protocol becomes one member of the object. */
struct vb_sink vb_json_sink(struct vb_json *j);
/* Write what was collected as `"proto":{...},...,"notes":[...]` to out and start over. */
void vb_json_flush(struct vb_json *j, struct vb_buf *out);
void vb_json_done(struct vb_json *j);

/* ---- the field reference ---- */

struct vb_field_info {
	const struct vb_proto *proto;
	const struct vb_msg *msg; /* NULL: head, tail */
	const struct vb_row *row;
	const char *path; /* permanent name */
	const char *
		type; /* "u32", "s64", "guid", "bytes", "text", "struct", "bits"; arrays end in "[]" */
	int32_t offset; /* from the protocol's start, bytes; -1: not the same in all messages */
};

/* Call each() for every field of every protocol, in table order. Stops when each() returns false. */
void vb_fields_each(bool (*each)(void *ctx, const struct vb_field_info *fi), void *ctx);
/* Append the reference: one line per field, or Markdown. */
void vb_fields_list(struct vb_buf *out, bool markdown);

/* ---- lint ---- */

/* Check all tables; appends one line per fault and returns how many there were. */
unsigned int vb_lint(struct vb_buf *out);
unsigned int vb_lint_proto(const struct vb_proto *proto, struct vb_buf *out);

#endif
