/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header that all messages of the integration services have, and the negotiation of versions.
 *
 * Layouts: Linux 6.1 include/linux/hyperv.h, struct icmsg_hdr and struct icmsg_negotiate. The host
 * asks and the guest answers, always; the guest sends back the packet it got, so that bytes of the
 * request may stand behind an answer. One request is open on a channel, and an answer is told by
 * its message type. Each message says its version, by which the body is laid out.
 */
#include "../names.h"
#include "../rows.h"

#define MAJOR VB_S_A
#define N_FRAMEWORK VB_S_B
#define N_MESSAGE VB_S_C
#define IS_REQUEST VB_S_FLAGS

/* Two 16-bit words, the major one first. */
static const struct vb_name versions[] = {
	{ 0x00000001, "1.0" }, { 0x00000003, "3.0" },
	{ 0x00000004, "4.0" }, { 0x00000005, "5.0" },
	{ 0x00000006, "6.0" }, { 0x00000007, "7.0" },
	{ 0x00010001, "1.1" }, { 0x00010003, "3.1" },
	{ 0x00020003, "3.2" }, END_NAMES,
};

static const struct vb_row framework_bits[] = {
	BITS("major", "Major", 0, 16),
	BITS("minor", "Minor", 16, 16),
	END_ROWS,
};

static const struct vb_row version_bits[] = {
	BITS("major", "Major", 0, 16, .set = MAJOR),
	BITS("minor", "Minor", 16, 16),
	END_ROWS,
};

static const struct vb_row flags[] = {
	BITS("transaction", "Transaction", 0, 1),
	BITS("request", "Request", 1, 1, .set = IS_REQUEST),
	BITS("response", "Response", 2, 1),
	BITS("reserved", "Reserved", 3, 5),
	END_ROWS,
};

/* The statuses that are seen; Linux 6.1 include/linux/hyperv.h, HV_S_ and HV_E_. */
static const struct vb_name statuses[] = {
	{ 0, "success" },
	{ 0x80004005, "failure" },
	{ 0x80041002, "not found" },
	{ 0x80070032, "not supported" },
	{ 0x80070050, "already exists" },
	{ 0x80070057, "invalid argument" },
	{ 0x80070070, "disk full" },
	{ 0x80070103, "no more items" },
	{ 0x8007048f, "not connected" },
	{ 0x800704f7, "machine locked" },
	END_NAMES,
};

static const struct vb_row head[] = {
	U32("framework_version", "Framework version", .base = VB_HEX, .bits = framework_bits,
	    .names = versions),
	U16("type", "Message type", .set = VB_S_TYPE),
	U32("message_version", "Message version", .base = VB_HEX, .bits = version_bits,
	    .names = versions),
	U16("size", "Size of the body", .set = VB_S_LEN),
	U32("status", "Status", .base = VB_HEX, .names = statuses, .summary = VB_SUM_NONZERO,
	    .help = "Of an answer"),
	U8("transaction_id", "Transaction id", .help = "An answer repeats it"),
	U8("flags", "Flags", .base = VB_HEX, .bits = flags),
	PAD("reserved", 2),
	END_ROWS,
};

static const struct vb_row negotiate[] = {
	U16("framework_count", "Framework versions", .set = N_FRAMEWORK),
	U16("message_count", "Message versions", .set = N_MESSAGE),
	PAD("reserved", 4),
	U32("framework", "Framework version", .count = N_FRAMEWORK, .base = VB_HEX,
	    .bits = framework_bits, .names = versions, .summary = VB_SUM_YES),
	U32("message", "Message version", .count = N_MESSAGE, .base = VB_HEX,
	    .bits = framework_bits, .names = versions, .summary = VB_SUM_YES),
	HIDDEN("unused", "Bytes of the request", 0, .len = VB_REST),
	END_ROWS,
};

#define BODY(p)                                                                                    \
	static const struct vb_row p##_body[] = {                                                  \
		PAYLOAD("body", "Body", "hv_" #p, .len = VB_S_LEN, .version = MAJOR),              \
		END_ROWS,                                                                          \
	}
BODY(heartbeat);
BODY(kvp);
BODY(shutdown);
BODY(timesync);
BODY(vss);
BODY(fcopy);

static const struct vb_row unknown_body[] = {
	BYTES("body", "Body", .len = VB_S_LEN),
	END_ROWS,
};

/* What the class says already need not stand in the summary. */
#define PAIR(num, n, t, r, ...)                                                                    \
	MSG(num, n, t, r, .from = VB_TO_GUEST, .asks_if = IS_REQUEST, ##__VA_ARGS__),              \
		MSG(num, n "_response", t ", response", r, .from = VB_TO_HOST, .answers = (num),   \
		    .answers_zero = (num) == 0, ##__VA_ARGS__)

static const struct vb_msg msgs[] = {
	PAIR(0, "negotiate", "Version negotiation", negotiate),
	PAIR(1, "heartbeat", "Heartbeat", heartbeat_body, .quiet = true),
	PAIR(2, "kvp", "Key-value pairs", kvp_body, .quiet = true),
	PAIR(3, "shutdown", "Shutdown", shutdown_body, .quiet = true),
	PAIR(4, "timesync", "Time synchronization", timesync_body, .quiet = true),
	PAIR(5, "vss", "Backup", vss_body, .quiet = true),
	PAIR(6, "rdv", "Remote desktop", unknown_body),
	PAIR(7, "fcopy", "File copy", fcopy_body, .quiet = true),
	PAIR(8, "vm_session", "VM session", unknown_body),
	END_MSGS,
};

const struct vb_proto vb_proto_icmsg = {
	.name = "hv_icmsg",
	.title = "Integration service",
	.head = head,
	.msgs = msgs,
	.by_class_version = true,
	.help = "The header of the integration services' messages",
};
