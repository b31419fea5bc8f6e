/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header that stands in front of every record of a trace file.
 *
 * Each field is written here once. The list makes the C struct below, which capture fills in, and
 * the rows of proto/record.c, by which the same bytes are shown, filtered and documented.
 * Everything is little-endian. samples/README.md describes the file around it.
 */
#ifndef VB_RECORD_H
#define VB_RECORD_H

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "trace records are little-endian and used in place: a big-endian machine is not supported"
#endif

/*
 * U(bits, name, title, row attributes): an unsigned integer; G(name, title, row attributes): a GUID.
 * Units: lengths in bytes, time in ns.
 */
#define VB_RECORD_HEADER(U, G)                                                                     \
	U(32, magic, "Magic", .base = VB_HEX, .help = "VMB1 in ASCII")                             \
	U(8, header_len, "Header length", .help = "Bytes; a multiple of 8, at least 96")           \
	U(8, kind, "Kind", .names = vb_kinds)                                                      \
	U(8, direction, "Direction", .names = vb_directions)                                       \
	U(8, class, "Class", .names = vb_class_codes, .help = "What kind of device")               \
	U(32, relid, "Channel", .help = "Id the host gave the channel; 0 for control messages")    \
	U(16, subchannel, "Sub-channel index", .help = "0 is the primary channel")                 \
	U(16, flags, "Flags", .base = VB_HEX, .bits = vb_record_flags)                             \
	U(32, cpu, "CPU")                                                                          \
	U(32, result, "Result", .is_signed = true, .help = "0, or why the write failed (-errno)")  \
	U(64, seq, "Sequence number", .base = VB_HEX, .help = "Per CPU, counts lost records too")  \
	U(32, wire_len, "Wire length", .help = "Bytes of the message or packet, no trailer")       \
	U(32, cap_len, "Captured length", .help = "How many of those bytes are in the record")     \
	U(32, ext_wire_len, "External length", .help = "Bytes referred to outside the ring")       \
	U(32, ext_len, "External part", .help = "Length of the external part in the record")       \
	U(32, ring_size, "Ring size", .help = "Data bytes of the ring; 0 is unknown")              \
	U(32, ring_pos, "Ring position", .help = "Where the packet starts; 0xffffffff: unknown")   \
	U(32, ring_read, "Ring read index", .help = "As seen at the probe, advisory")              \
	U(32, lost, "Lost before", .help = "Records lost on this CPU directly before this one")    \
	G(device, "Device instance", .help = "Zero for control messages")                          \
	U(64, capture, "Capture id", .base = VB_HEX, .help = "The same in all files of a capture") \
	U(64, mono_ns, "Monotonic time", .help = "ns")

#define VB_RECORD_MEMBER(bits, name, ...) uint##bits##_t name;
#define VB_RECORD_GUID_MEMBER(name, ...) uint8_t name[16];
struct vb_record_header {
	VB_RECORD_HEADER(VB_RECORD_MEMBER, VB_RECORD_GUID_MEMBER)
} __attribute__((packed));
#undef VB_RECORD_MEMBER
#undef VB_RECORD_GUID_MEMBER

#define VB_RECORD_MAGIC 0x31424d56u /* "VMB1" */
#define VB_RECORD_HEADER_LEN 96u    /* version 1; later versions only append */
#define VB_SEQ_SYNTHESIZED UINT64_MAX
#define VB_RING_POS_UNKNOWN UINT32_MAX
#define VB_RESULT_RING_FULL (-11) /* Linux's -EAGAIN */

_Static_assert(sizeof(struct vb_record_header) == VB_RECORD_HEADER_LEN, "record header size");

/* A segment of the external part; its bytes follow, padded to 4. */
struct vb_segment {
	uint32_t range;
	uint32_t wire_len;
	uint32_t cap_len;
	uint32_t reason;
};

#define VB_SEGMENT_LEN 16u
#define VB_REASON_COMPLETE 0u
#define VB_REASON_SNAPLEN 1u
#define VB_REASON_LIMIT 2u

_Static_assert(sizeof(struct vb_segment) == VB_SEGMENT_LEN, "segment header size");

static inline uint64_t vb_pad4(uint64_t n)
{
	return (n + 3) & ~(uint64_t)3;
}

/* One record, as read. */
struct vb_record {
	struct vb_record_header hdr; /* with lengths that fit what is there */
	const uint8_t *data;	     /* hdr.cap_len bytes */
	const uint8_t *ext;	     /* hdr.ext_len bytes, whole segments; NULL: none */
	uint32_t n_malformed;	     /* faults repaired */
	const char *malformed;	     /* the first of those, in words; NULL: none */
};

/*
 * Read the record of len bytes; segment headers that do not add up are repaired in place. *ret
 * points into bytes. What is no record becomes one without header fields: all bytes are its data.
 */
void vb_record_read(uint8_t *bytes, uint32_t len, struct vb_record *ret);

enum vb_kind { VB_KIND_CONTROL = 1, VB_KIND_PACKET = 2, VB_KIND_STATE = 3, VB_KIND_EVENT = 4 };

enum vb_direction { VB_DIR_NONE = 0, VB_TO_HOST = 1, VB_TO_GUEST = 2 };

enum vb_class {
	VB_CLASS_UNKNOWN = 0,
	VB_CLASS_NETWORK = 1,
	VB_CLASS_SCSI = 2,
	VB_CLASS_IDE = 3,
	VB_CLASS_FC = 4,
	VB_CLASS_SHUTDOWN = 5,
	VB_CLASS_TIMESYNC = 6,
	VB_CLASS_HEARTBEAT = 7,
	VB_CLASS_KVP = 8,
	VB_CLASS_VSS = 9,
	VB_CLASS_FCOPY = 10,
	VB_CLASS_BALLOON = 11,
	VB_CLASS_MOUSE = 12,
	VB_CLASS_KEYBOARD = 13,
	VB_CLASS_VIDEO = 14,
	VB_CLASS_PCI = 15,
	VB_CLASS_ND = 16,
	VB_CLASS_HVSOCK = 17,
	VB_CLASS_OTHER = 255,
};

enum vb_record_flag {
	VB_REC_CUT = 0x01,	   /* packet bytes were cut */
	VB_REC_EXT_CUT = 0x02,	   /* external part cut or incomplete */
	VB_REC_FAILED = 0x08,	   /* the write failed, see result */
	VB_REC_SYNTHESIZED = 0x10, /* made up at the start of the capture or of a file */
	VB_REC_HOST_SIDE = 0x20,   /* taken on the host side */
	VB_REC_WITHHELD = 0x40,	   /* content withheld for privacy; the bytes are zero */
};

/* Keys of states (below 16) and events; the value's form is in proto/state.c. */
enum vb_tlv_key {
	VB_STATE_VMBUS_VERSION = 1,
	VB_STATE_PROTO_VERSION = 2,
	VB_STATE_RECV_SECTION = 3,
	VB_STATE_SEND_SECTION = 4,
	VB_STATE_RECV_BUF_ID = 5,
	VB_EVENT_GUEST_SIGNAL = 16,
	VB_EVENT_HOST_INTERRUPT = 17,
	VB_EVENT_RING_FULL = 18,
	VB_EVENT_CLOSED = 19,
	VB_EVENT_BYPASS = 20,
	VB_EVENT_CLOCK_STEP = 21,
	VB_EVENT_END = 0x8000, /* private: the capture ends; carries what was lost at last */
};

#endif
