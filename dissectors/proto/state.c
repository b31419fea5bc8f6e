/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States and events: records that the capture makes itself. Each item is a key, a length and a
 * value, padded to four bytes. Keys from 0x8000 on are private.
 */
#include "../names.h"
#include "../network.h"
#include "../rows.h"
#include "../walk.h"

#define KEY VB_S_A

static const struct vb_name keys[] = {
	{ VB_STATE_VMBUS_VERSION, "VMBus version" },
	{ VB_STATE_PROTO_VERSION, "protocol version" },
	{ VB_STATE_RECV_SECTION, "receive buffer section size" },
	{ VB_STATE_SEND_SECTION, "send buffer section size" },
	{ VB_STATE_RECV_BUF_ID, "receive buffer id" },
	{ VB_EVENT_GUEST_SIGNAL, "guest signalled host" },
	{ VB_EVENT_HOST_INTERRUPT, "host interrupt" },
	{ VB_EVENT_RING_FULL, "ring full" },
	{ VB_EVENT_CLOSED, "channel closed" },
	{ VB_EVENT_BYPASS, "data path bypasses the kernel" },
	{ VB_EVENT_CLOCK_STEP, "wall clock stepped" },
	{ VB_EVENT_END, "end of capture" },
	END_NAMES,
};

static const struct vb_name bypasses[] = {
	{ 1, "ring in user space" },
	{ 2, "virtual function" },
	END_NAMES,
};

/* Bytes of the value, less what a row has taken of it already. */
static uint64_t value_rest(const struct vb_scope *sc)
{
	uint64_t len = vb_slot(sc, VB_S_LEN);

	switch (vb_slot(sc, KEY)) {
	case VB_STATE_VMBUS_VERSION:
	case VB_STATE_PROTO_VERSION:
	case VB_STATE_RECV_SECTION:
	case VB_STATE_SEND_SECTION:
	case VB_STATE_RECV_BUF_ID:
	case VB_EVENT_RING_FULL:
	case VB_EVENT_BYPASS:
		return len > 4 ? len - 4 : 0;
	case VB_EVENT_CLOCK_STEP:
		return len > 8 ? len - 8 : 0;
	default:
		return len;
	}
}

static uint64_t value_pad(const struct vb_scope *sc)
{
	return (4 - vb_slot(sc, VB_S_LEN) % 4) % 4;
}

#define FOR_KEY(k) .when = KEY, .mask = 0xffff, .equals = (k)

static const struct vb_row item[] = {
	U16("key", "Key", .names = keys, .set = KEY, .summary = VB_SUM_NAME),
	U16("length", "Length", .set = VB_S_LEN),
	U32("vmbus_version", "VMBus version", FOR_KEY(VB_STATE_VMBUS_VERSION), .set = VB_S_VERSION,
	    .names = vb_vmbus_versions, .base = VB_HEX, .summary = VB_SUM_NAME),
	U32("proto_version", "Protocol version", FOR_KEY(VB_STATE_PROTO_VERSION),
	    .set = VB_S_VERSION, .base = VB_HEX, .summary = VB_SUM_YES,
	    .help = "Negotiated by the device, in the protocol's own encoding"),
	U32("recv_section", "Receive buffer section size", FOR_KEY(VB_STATE_RECV_SECTION),
	    .summary = VB_SUM_YES),
	U32("send_section", "Send buffer section size", FOR_KEY(VB_STATE_SEND_SECTION),
	    .set = VB_STATE_SECTION, .summary = VB_SUM_YES),
	U32("recv_buf_id", "Receive buffer id", FOR_KEY(VB_STATE_RECV_BUF_ID), .base = VB_HEX,
	    .summary = VB_SUM_YES),
	U32("wanted", "Bytes wanted", FOR_KEY(VB_EVENT_RING_FULL), .summary = VB_SUM_YES,
	    .help = "What the sender wanted to write"),
	U32("bypass", "Bypass", FOR_KEY(VB_EVENT_BYPASS), .names = bypasses, .summary = VB_SUM_YES),
	U64("step", "Clock step", FOR_KEY(VB_EVENT_CLOCK_STEP), .is_signed = true, .base = VB_NS,
	    .summary = VB_SUM_YES),
	OPAQUE("data", "Value", .calc = value_rest),
	PAD("pad", 0, .calc = value_pad),
	END_ROWS,
};

static const struct vb_row items[] = {
	STRUCT("item", "Item", item, .count = VB_REST),
	END_ROWS,
};

const struct vb_proto vb_proto_state = {
	.name = "hv_state",
	.title = "State or event",
	.head = items,
	.help = "What the capture knows at its start, and what it noticed besides messages",
};
