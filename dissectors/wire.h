/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMBus wire library: bytes and context in, decoded items out.
 *
 * A message is described once, as a table of rows in wire order (proto/ holds one file per
 * protocol). The walker reads bytes by the rows and hands items to a sink; the encoder is the
 * inverse walk. The library uses libc only: no files, no output, no globals, no time of its own.
 */
#ifndef VB_WIRE_H
#define VB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* ---- rows: what a message looks like ---- */

enum vb_type {
	VB_END,	    /* ends a table */
	VB_UINT,    /* integer of .size bytes, little-endian unless .big */
	VB_GUID,    /* 16 bytes, Microsoft's mixed-endian form */
	VB_BYTES,   /* .size bytes, or as many as .len or .calc say */
	VB_PAD,	    /* reserved bytes: kept out of sight while they are zero */
	VB_UTF16,   /* text in as many bytes as VB_BYTES has; what is behind it is the next row's */
	VB_ASCII,   /* likewise, of one byte for each character */
	VB_STRUCT,  /* the rows of .rows, once or .count times */
	VB_PAYLOAD, /* the protocol .proto, or that of the channel's class */
	VB_VALUE,   /* no bytes: the value of slot .from_slot */
	VB_BIT,	    /* some bits of the integer whose .bits table it stands in */
};

/* FILETIME: 100 ns since the year 1601, UTC, as Windows has it. */
enum vb_base { VB_DEC, VB_HEX, VB_NS, VB_FILETIME, VB_RECORD_NUMBER };

/* When a row's value stands in the one-line summary; NAME: the name of the value says it all. */
enum vb_summary { VB_SUM_NO, VB_SUM_YES, VB_SUM_NONZERO, VB_SUM_NAME };

/*
 * Slots keep values that later rows, the session or a parent protocol refer to. Values of integers
 * are kept as they are, of other rows their offset in the frame.
 */
enum vb_slot {
	VB_S_NONE,
	VB_S_TYPE,    /* selects the message */
	VB_S_VERSION, /* decides .since and .until from here on */
	VB_S_LEN,     /* length of the message or of its payload */
	VB_S_HEAD,    /* length of the header, where a payload begins */
	VB_S_FLAGS,
	VB_S_COUNT,    /* elements of an array */
	VB_S_ID,       /* transaction id, GPADL handle: what requests and answers share */
	VB_S_RELID,    /* a channel */
	VB_S_STATUS,   /* 0 is success */
	VB_S_MORE,     /* non-zero: further messages belong to this one */
	VB_S_CLASS,    /* offset of an interface GUID */
	VB_S_INSTANCE, /* offset of an instance GUID */
	VB_S_SUB,      /* sub-channel index */
	VB_S_PIPE,     /* channel flags of an offer */
	VB_S_A,	       /* free for a protocol's own use */
	VB_S_B,
	VB_S_C,
	VB_S_D,
	VB_S_RECALLED, /* what the request had: in an answer from the start */
	VB_N_SLOTS
};

#define VB_REST 255 /* as .count or .len: as many as fit before the end of the message */

struct vb_name {
	uint64_t value;
	const char *name; /* NULL ends the list */
};

struct vb_scope; /* what an escape hatch may look at: vb_slot(), vb_left() */

struct vb_row {
	const char *name;  /* last part of the field's permanent name; [a-z0-9_] */
	const char *title; /* what a person reads */
	const char *help;  /* one sentence for the field reference, or NULL */
	enum vb_type type;
	uint16_t size;	 /* bytes on the wire; 0 when another attribute says it */
	uint8_t base;	 /* enum vb_base */
	uint8_t summary; /* enum vb_summary */
	bool is_signed;
	bool big;	   /* VB_UINT: big-endian */
	bool optional;	   /* silently absent when the message ends before it */
	uint8_t set;	   /* slot that keeps the value; of an array, how many elements it has */
	uint8_t from_slot; /* VB_VALUE: slot that is shown */
	uint8_t count;	   /* slot with the number of elements, or VB_REST */
	uint8_t len;	   /* slot with the number of bytes, or VB_REST */
	uint8_t within;	   /* a struct, or all of an array of them: slot with the bytes they have */
	uint8_t from;	   /* enum vb_direction: only what that side sends has the row; 0: both */
	uint8_t scale;	   /* of .count and .len; 0 means 1 */
	int16_t bias;	   /* added after scaling */
	uint8_t at;	   /* slot: begin at slot * at_scale + at_bias from the protocol's start */
	uint8_t at_scale;
	int16_t at_bias;
	uint8_t lo, width; /* VB_BIT: lowest bit, number of bits */
	uint8_t when;	   /* slot: the row is there only when (slot & mask) == equals */
	bool unless;	   /* ... or only when it does not */
	uint32_t mask, equals;
	uint32_t since; /* first protocol version that has the row */
	uint32_t until; /* first one that no longer has it; 0: all have */
	uint64_t max;	/* larger values are noted as unexpected; 0: none are */
	const struct vb_name *names;
	const struct vb_row *bits;
	const struct vb_row *rows;
	const char *proto;
	bool foreign;	 /* .proto is no protocol of ours but a dissector of Wireshark's */
	uint8_t version; /* VB_PAYLOAD: slot with the version of the protocol inside, if we know it */
	bool opaque;	 /* VB_BYTES: nobody says what they mean; VB_PAD and payloads never do */
	bool after_text; /* VB_PAD: what the text before it has left of its bytes */
	uint64_t (*calc)(const struct vb_scope *sc); /* in place of .count or .len */
};

struct vb_msg {
	uint32_t number;
	const char *name; /* middle part of the field names; NULL ends the list */
	const char *title;
	const struct vb_row *rows; /* NULL: nothing after the protocol's head */
	uint8_t from;		   /* enum vb_direction: who sends it; 0: either */
	bool quiet;		   /* the summary does not mention it */
	uint32_t since;		   /* first version that has the message */
	uint32_t min_len;	   /* shorter messages are of a later entry with the same number */
	uint32_t answers; /* number of the message this one answers; VB_ANY: any request; 0: none */
	bool answers_zero;   /* it answers message number 0 */
	uint8_t key[2];	     /* slots that a request and its answer share */
	uint8_t reply_to;    /* only when the request that the packet answers had this number */
	uint8_t asks_if;     /* slot: only a request when this is non-zero; VB_S_NONE: always */
	bool recalls;	     /* its answer has slot VB_S_RECALLED as it has it */
	bool proposes;	     /* slot VB_S_VERSION is a version proposed to the other side */
	uint8_t accepts_if;  /* slot: non-zero accepts the version that the request proposed */
	uint32_t accepts;    /* the one value of .accepts_if that accepts; 0: all but 0 do */
	bool accepts_zero;   /* only 0 accepts */
	uint8_t status;	     /* slot: how what this answers went; VB_S_NONE: it does not say */
	uint32_t success;    /* the one value of .status that is no failure */
	uint8_t more;	     /* slot: non-zero: further messages of this number follow */
	uint32_t continues;  /* number of the message this one is a further part of; 0: none */
	uint8_t total;	     /* first part: slot with the bytes that all parts hold together */
	uint16_t parts_at;   /* offset in the message where those bytes begin */
	const char *outside; /* protocol of the messages that this one leads to, or NULL */
	bool apart;	     /* they do not follow each other: each range of the packet has one */
	const char *help;
};

#define VB_ANY UINT32_MAX

static inline bool vb_msg_is_answer(const struct vb_msg *m)
{
	return m->answers || m->answers_zero;
}

struct vb_proto {
	const char *name; /* first part of the field names */
	const char *title;
	const struct vb_row *head; /* rows before the message proper; one sets VB_S_TYPE */
	const struct vb_msg *msgs; /* first match wins; NULL: head and tail are all */
	const struct vb_row *tail; /* rows after the message, or NULL */
	uint8_t own_len;	   /* slot with the message's own length (scaled), 0: none */
	uint8_t head_len; /* slot that limits the message rows, in units of .unit; 0: none */
	uint8_t unit;	  /* bytes per unit of own_len and head_len; 0 means 1 */
	bool any_request; /* .answers = VB_ANY pairs by key alone */
	bool repeats;	  /* a record may have several of its messages: .outside of another */
	bool titled;	  /* people know its messages by their titles: those stand in the summary */
	/*
	 * Whoever is told something has said how much of it they want: to the guest, a message may end
	 * anywhere. What is missing was cut off, which is no fault.
	 */
	bool as_asked;
	/*
	 * Bytes (1 to 4) at its beginning that decide how the answer is read: slot VB_S_RECALLED, as a
	 * little-endian number and shifted by as many bits. What several protocols in one packet say is
	 * put together. The lowest byte is what .reply_to is compared with.
	 */
	uint8_t recall_len, recall_shift;
	bool by_request;       /* its messages' number is not in them: slot VB_S_RECALLED has it */
	bool by_class_version; /* .since/.until are versions of the class's protocol, not VMBus */
	const struct vb_name *versions; /* names of version numbers, for lint and display */
	const char *help;
};

/* ---- classes of devices ---- */

struct vb_class_info {
	uint8_t code;	  /* enum vb_class */
	const char *name; /* as in interface names and -i */
	const char *title;
	const char *guid;  /* text, lower case; NULL: none */
	const char *proto; /* protocol of the payload, or NULL while none is described */
	bool pipe;	   /* the payload is wrapped in pipe framing */
};

/* The table of known classes; ret_n of them. The last is "other". */
const struct vb_class_info *vb_classes(size_t *ret_n);
/* Never NULL: unknown codes give the entry "other", code 0 the entry "unknown". */
const struct vb_class_info *vb_class_by_code(uint8_t code);
/* NULL when the GUID (16 wire bytes) is no class we know. */
const struct vb_class_info *vb_class_by_guid(const uint8_t guid[16]);
/* NULL when no class has that name. */
const struct vb_class_info *vb_class_by_name(const char *name);
/* Whether devices of that class speak as SCSI controllers do. */
bool vb_class_is_storage(uint8_t code);

/* ---- a frame: the bytes and what is known about them ---- */

struct vb_frame {
	const uint8_t *data;
	uint32_t cap_len;  /* bytes at data */
	uint32_t wire_len; /* bytes the message had; >= cap_len */
	uint8_t kind;	   /* enum vb_kind */
	uint8_t direction; /* enum vb_direction */
	uint8_t class;	   /* enum vb_class */
	uint8_t instance[16];
	uint8_t interface[16]; /* GUID of the offer; zero: not known; by vb_session_prepare() */
	uint32_t relid;
	uint16_t subchannel;
	uint16_t flags;	      /* enum vb_record_flag */
	uint32_t lost;	      /* records lost before this one */
	uint32_t cpu;	      /* that saw it */
	int32_t result;	      /* of the write: 0 or negative errno */
	uint32_t outside_len; /* bytes the packet refers to outside the ring, as the record says */
	uint64_t number;      /* of the record, from 1 */
	uint64_t time_ns;
	uint32_t vmbus_version; /* 0: not known; set by vb_session_prepare() */
	uint32_t proto_version; /* of the class's protocol, 0: not known */
	uint32_t recalled;	/* slot VB_S_RECALLED, 0: nothing; by vb_session_recall() */
};

/* Context of a record; data, version and number are left for the caller. */
void vb_frame_from_header(struct vb_frame *ret_f, const struct vb_record_header *h);

/* ---- sinks: who is told what was found ---- */

enum vb_note_code {
	VB_NOTE_CUT,   /* the capture kept too few bytes, or the reader wanted fewer: no fault */
	VB_NOTE_SHORT, /* the message ends before the field does */
	VB_NOTE_UNEXPECTED, /* a value the protocol does not allow here */
	VB_NOTE_UNKNOWN,    /* a message or payload that no row describes: no error */
	VB_NOTE_EXTRA,	    /* bytes after the last row */
	VB_NOTE_LIMIT,	    /* nested or repeated beyond what is shown */
	/* trouble in a conversation, which the session finds: no fault of the message */
	VB_NOTE_STATUS,	    /* the answer says that the request failed */
	VB_NOTE_NO_SECTION, /* would fit in a section of the send buffer, but none was free */
	VB_NOTE_RING_FULL,  /* not written: the ring had no room */
	VB_NOTE_STALLED,    /* the channel's requests had no answer for more than 5 s */
	VB_NOTE_SIZE,	    /* host and guest disagree about a size */
	VB_NOTE_FORCED,	    /* likewise failed, but the driver takes it for a success */
	VB_NOTE_UNBALANCED, /* one queue of a device has nearly all packets; of no one record */
	VB_N_NOTES
};

/* Word for a note, e.g. "short"; whether it says that the message is malformed, or of trouble. */
const char *vb_note_name(enum vb_note_code code);
bool vb_note_is_error(enum vb_note_code code);
bool vb_note_is_trouble(enum vb_note_code code);

enum vb_span {
	VB_SPAN_PROTO,	 /* item.proto */
	VB_SPAN_MSG,	 /* item.msg */
	VB_SPAN_STRUCT,	 /* item.row */
	VB_SPAN_ARRAY,	 /* item.row; elements follow as structs or fields with .index */
	VB_SPAN_ELEMENT, /* item.row, item.index: one struct of an array */
	VB_SPAN_BITS,	 /* item.row, item.value: an integer whose bits follow as fields */
};

struct vb_item {
	const struct vb_proto *proto;
	const struct vb_msg *msg; /* NULL outside a message */
	const struct vb_row *row;
	uint32_t off, len; /* place in the frame, bytes; a bit field has its integer's */
	uint32_t index;	   /* in an array */
	bool in_array;
	uint64_t value;	      /* integers, sign-extended when the row says signed */
	const uint8_t *bytes; /* other rows: len bytes, of which n_bytes were captured */
	uint32_t n_bytes;
};

/* Every member may be NULL. Calls nest as brackets do. */
struct vb_sink {
	void *ctx;
	void (*open)(void *ctx, enum vb_span span, const struct vb_item *it);
	void (*field)(void *ctx, const struct vb_item *it);
	void (*close)(void *ctx, enum vb_span span, const struct vb_item *it);
	/* Bytes that no row describes; together with the fields they are the whole message. */
	void (*gap)(void *ctx, const struct vb_item *it);
	void (*note)(void *ctx, enum vb_note_code code, const struct vb_item *it);
};

#define VB_MAX_LAYERS 6

struct vb_layer {
	const struct vb_proto *proto;
	const struct vb_msg *msg; /* NULL: unknown message */
	uint32_t off;
	uint32_t len;
	uint64_t slots[VB_N_SLOTS];
	uint32_t set; /* bit n: slot n holds a value */
};

/* What the walk found, for the session. */
struct vb_walked {
	unsigned int n_layers;
	struct vb_layer layer[VB_MAX_LAYERS];
	uint32_t n_notes[VB_N_NOTES];
	uint32_t unexplained; /* bytes no row describes */
};

/*
 * Walk a frame by a protocol. sink may be NULL. Reads each byte at most a fixed number of times,
 * whatever the bytes are. ret_w is always filled in.
 */
void vb_walk(const struct vb_proto *proto, const struct vb_frame *f, const struct vb_sink *sink,
	     struct vb_walked *ret_w);

/*
 * What the answer to a walked frame is read by, its .recalled: what the protocols in it begin with, as
 * struct vb_proto says. 0: nothing of that.
 */
uint32_t vb_walked_recall(const struct vb_frame *f, const struct vb_walked *w);

/* What a frame begins with: control messages, packets, states and events. Never NULL. */
const struct vb_proto *vb_root_proto(uint8_t kind);
const struct vb_proto *vb_header_proto(void); /* of the record; the next: behind the packet */
const struct vb_proto *vb_external_proto(void);

/* ---- protocols ---- */

/* All protocols; the record header ("hv_record") and the external part ("hv_ext") included. */
const struct vb_proto *const *vb_protos(size_t *ret_n);
const struct vb_proto *vb_proto_by_name(const char *name);

/*
 * Name of a value by the row's .names, or NULL; for message types the message's name. The protocol's
 * .versions are not looked at: a row that shows a version names them itself.
 */
const char *vb_value_name(const struct vb_proto *proto, const struct vb_row *row, uint64_t value);

/* ---- the encoder ---- */

/* Where an encoder finds values: a tree of named members, as the JSON form has them. */
struct vb_tree {
	void *ctx;
	/* Member name of an object node, element i of an array node; NULL when there is none. */
	const void *(*member)(void *ctx, const void *node, const char *name);
	const void *(*element)(void *ctx, const void *node, size_t i);
	/* 0, or -EINVAL when the node is no such thing; bytes: -EMSGSIZE when size is too small. */
	int (*number)(void *ctx, const void *node, uint64_t *ret_value);
	int (*bytes)(void *ctx, const void *node, uint8_t *buf, size_t size, size_t *ret_n);
	/* Text as UTF-8, valid until the next call; NULL: .bytes gives it as it is on the wire. */
	int (*text)(void *ctx, const void *node, const char **ret_text, size_t *ret_n);
};

/*
 * Encode one frame of f->wire_len bytes into buf (size >= wire_len), by the same rows. root is the
 * object whose members are protocols. Rows without a value are zero. -EINVAL: the tree does not
 * fit the rows; -EMSGSIZE: the message does not fit the length.
 */
int vb_encode(const struct vb_proto *proto, const struct vb_frame *f, const struct vb_tree *tree,
	      const void *root, uint8_t *buf, size_t size);

#endif
