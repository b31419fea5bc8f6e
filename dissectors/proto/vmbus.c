/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channel management: the messages that cross the message page and HvPostMessage.
 *
 * Layouts 1-24: Linux 6.1 include/linux/hyperv.h, struct vmbus_channel_*; reserved channels (18-20),
 * 25-29 and the 6.0 forms: OpenVMM vmbus_core protocol.rs. QEMU 10 sends VERSION_RESPONSE without
 * its last word and OFFERCHANNEL with four bytes of C structure padding; both are accepted.
 */
#include "../control.h"
#include "../gpa.h"
#include "../names.h"
#include "../rows.h"

#define SUPPORTED VB_S_C

static const struct vb_row head[] = {
	U32("type", "Message type", .set = VB_S_TYPE),
	PAD("padding", 4),
	END_ROWS,
};

/* ---- offers ---- */

#define FLAG_PIPE 0x0010
#define FLAG_TLNPI 0x2000

static const struct vb_row offer_flags[] = {
	BITS("enumerate_device_interface", "Enumerate device interface", 0, 1),
	BITS("confidential_ring", "Confidential ring", 1, 1,
	     .help = "Before 6.0: the server supports transfer pages"),
	BITS("confidential_external", "Confidential external memory", 2, 1,
	     .help = "Before 6.0: the server supports GPADLs"),
	BITS("pinned_external", "External memory must be pinned", 3, 1),
	BITS("named_pipe", "Named pipe mode", 4, 1),
	BITS("loopback", "Loopback offer", 8, 1),
	BITS("parent", "Parent offer", 9, 1),
	BITS("monitored_notification", "Monitored notification requested", 10, 1),
	BITS("tlnpi_provider", "hv_sock provider", 13, 1),
	END_ROWS,
};

static const struct vb_name pipe_modes[] = {
	{ 0, "byte stream" },
	{ 4, "message" },
	END_NAMES,
};

static const struct vb_name sock_versions[] = {
	{ 0, "before RS5" },
	{ 1, "RS5" },
	END_NAMES,
};

static const struct vb_row pipe_area[] = {
	U32("mode", "Pipe mode", .names = pipe_modes),
	HIDDEN("device_data", "Device data", 112),
	U32("flags", "Pipe flags", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row sock_area[] = {
	U32("mode", "Pipe mode", .names = pipe_modes),
	U8("for_guest_accept", "Host connects to the guest", .names = vb_no_yes),
	U8("for_container", "For a container", .names = vb_no_yes),
	U32("version", "Version", .names = sock_versions),
	GUID("silo", "Silo"),
	PAD("pad", 92),
	END_ROWS,
};

static const struct vb_row monitor_bits[] = {
	BITS("allocated", "Monitor id is valid", 0, 1),
	END_ROWS,
};

static const struct vb_row interrupt_bits[] = {
	BITS("dedicated", "Signals by its own connection id", 0, 1),
	END_ROWS,
};

#define AREA(f) .when = VB_S_PIPE, .mask = FLAG_PIPE | FLAG_TLNPI, .equals = (f)

static const struct vb_row offer[] = {
	GUID("if_type", "Interface type", .set = VB_S_CLASS, .summary = VB_SUM_NAME),
	GUID("if_instance", "Instance", .set = VB_S_INSTANCE),
	PAD("reserved", 16),
	U16("flags", "Channel flags", .base = VB_HEX, .bits = offer_flags, .set = VB_S_PIPE),
	U16("mmio_megabytes", "Required MMIO", .help = "Megabytes"),
	HIDDEN("user_defined", "User-defined area", 120, AREA(0)),
	STRUCT("pipe", "Pipe offer", pipe_area, AREA(FLAG_PIPE)),
	STRUCT("sock", "hv_sock offer", sock_area, .when = VB_S_PIPE, .mask = FLAG_TLNPI,
	       .equals = FLAG_TLNPI),
	U16("sub_channel_index", "Sub-channel index", .set = VB_S_SUB, .summary = VB_SUM_NONZERO),
	U16("mmio_megabytes_optional", "Optional MMIO", .help = "Megabytes"),
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U8("monitor_id", "Monitor id"),
	U8("monitor", "Monitor", .base = VB_HEX, .bits = monitor_bits, .since = VB_VMBUS_1_1),
	U16("interrupt", "Interrupt", .base = VB_HEX, .bits = interrupt_bits,
	    .since = VB_VMBUS_1_1),
	U32("connection_id", "Connection id", .base = VB_HEX, .since = VB_VMBUS_1_1,
	    .help = "What the guest signals when the interrupt is dedicated"),
	PAD("not_valid", 7, .until = VB_VMBUS_1_1),
	HIDDEN("trailer", "Structure padding", 4, .optional = true),
	END_ROWS,
};

static const struct vb_row relid_only[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	END_ROWS,
};

/* ---- opening and closing ---- */

static const struct vb_row open_flags[] = {
	BITS("redirect_interrupt", "Redirect interrupt", 0, 1),
	END_ROWS,
};

static const struct vb_row open[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("open_id", "Open id", .set = VB_S_ID),
	U32("gpadl", "Ring GPADL", .base = VB_HEX, .summary = VB_SUM_YES),
	U32("target_vp", "Target processor", .summary = VB_SUM_YES,
	    .help = "0xffffffff: no interrupts"),
	U32("downstream_page_offset", "Page of the host-to-guest ring", .summary = VB_SUM_YES),
	HIDDEN("user_data", "User data", 120),
	U32("connection_id", "Connection id", .base = VB_HEX, .optional = true),
	U16("event_flag", "Event flag", .optional = true),
	U16("flags", "Flags", .base = VB_HEX, .bits = open_flags, .optional = true),
	END_ROWS,
};

static const struct vb_row open_result[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("open_id", "Open id", .set = VB_S_ID),
	U32("status", "Status", .base = VB_HEX, .names = vb_status_names, .set = VB_S_STATUS,
	    .summary = VB_SUM_YES),
	END_ROWS,
};

/* ---- guest physical address descriptor lists ---- */

static const struct vb_row gpadl_header[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("gpadl", "GPADL", .base = VB_HEX, .set = VB_S_ID, .summary = VB_SUM_YES),
	U16("range_buflen", "Bytes of all ranges", .set = VB_S_LEN,
	    .help = "Of this message and its bodies"),
	U16("range_count", "Ranges", .set = VB_S_COUNT),
	STRUCT("range", "Range", vb_gpa_range, .count = VB_S_COUNT, .optional = true),
	END_ROWS,
};

static const struct vb_row gpadl_body[] = {
	U32("message_number", "Message number", .help = "Linux leaves it 0"),
	U32("gpadl", "GPADL", .base = VB_HEX, .set = VB_S_ID, .summary = VB_SUM_YES),
	U64("pfn", "Page number", .count = VB_REST, .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row gpadl_created[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("gpadl", "GPADL", .base = VB_HEX, .set = VB_S_ID, .summary = VB_SUM_YES),
	U32("status", "Status", .base = VB_HEX, .names = vb_status_names, .set = VB_S_STATUS,
	    .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row gpadl_teardown[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("gpadl", "GPADL", .base = VB_HEX, .set = VB_S_ID, .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row gpadl_torndown[] = {
	U32("gpadl", "GPADL", .base = VB_HEX, .set = VB_S_ID, .summary = VB_SUM_YES),
	END_ROWS,
};

/* ---- the connection ---- */

static const struct vb_row features[] = {
	BITS("guest_signal_parameters", "Guest-specified signal parameters", 0, 1),
	BITS("interrupt_redirection", "Channel interrupt redirection", 1, 1),
	BITS("modify_connection", "Modify connection", 2, 1),
	BITS("client_id", "Client id", 3, 1),
	BITS("confidential_channels", "Confidential channels", 4, 1),
	BITS("pause_resume", "Pause and resume", 5, 1),
	BITS("server_monitor_pages", "Server-specified monitor pages", 6, 1),
	BITS("gpa_pinning", "Pinning of guest memory", 7, 1),
	END_ROWS,
};

static const struct vb_row contact[] = {
	U32("version", "Version requested", .base = VB_HEX, .names = vb_vmbus_versions,
	    .set = VB_S_VERSION, .summary = VB_SUM_YES),
	U32("target_vp", "Target processor"),
	U64("interrupt_page", "Interrupt page", .base = VB_HEX, .until = VB_VMBUS_5_0),
	U8("sint", "Interrupt source", .since = VB_VMBUS_5_0),
	U8("vtl", "Trust level", .since = VB_VMBUS_5_0),
	PAD("reserved", 2, .since = VB_VMBUS_5_0),
	PAD("reserved2", 4, .since = VB_VMBUS_5_0, .until = VB_VMBUS_6_0),
	U32("features", "Features", .base = VB_HEX, .bits = features, .since = VB_VMBUS_6_0),
	U64("monitor_to_guest", "Monitor page, host to guest", .base = VB_HEX),
	U64("monitor_to_host", "Monitor page, guest to host", .base = VB_HEX),
	GUID("client_id", "Client id", .optional = true),
	END_ROWS,
};

static const struct vb_name connection_states[] = {
	{ 0, "successful" },
	{ 1, "low resources" },
	{ 2, "unknown failure" },
	END_NAMES,
};

static const struct vb_row version_response[] = {
	U8("supported", "Version supported", .names = vb_no_yes, .set = SUPPORTED,
	   .summary = VB_SUM_YES),
	U8("connection_state", "Connection state", .names = connection_states),
	PAD("reserved", 2),
	U32("selected_version", "Selected version", .base = VB_HEX, .names = vb_vmbus_versions,
	    .until = VB_VMBUS_5_0, .optional = true),
	U32("connection_id", "Message connection id", .base = VB_HEX, .since = VB_VMBUS_5_0,
	    .optional = true, .help = "Where the guest posts its messages from now on"),
	U32("features", "Supported features", .base = VB_HEX, .bits = features, .optional = true),
	PAD("reserved2", 4, .optional = true),
	U64("monitor_to_guest", "Monitor page, host to guest", .base = VB_HEX, .optional = true),
	U64("monitor_to_host", "Monitor page, guest to host", .base = VB_HEX, .optional = true),
	END_ROWS,
};

static const struct vb_row modify_connection[] = {
	U64("monitor_to_guest", "Monitor page, host to guest", .base = VB_HEX),
	U64("monitor_to_host", "Monitor page, guest to host", .base = VB_HEX),
	END_ROWS,
};

static const struct vb_row modify_connection_response[] = {
	U8("connection_state", "Connection state", .names = connection_states,
	   .summary = VB_SUM_YES),
	END_ROWS,
};

/* ---- reserved channels, hv_sock, moving a channel ---- */

static const struct vb_row open_reserved[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("target_vp", "Target processor"),
	U32("sint", "Interrupt source"),
	U32("gpadl", "Ring GPADL", .base = VB_HEX, .summary = VB_SUM_YES),
	U32("downstream_page_offset", "Page of the host-to-guest ring"),
	END_ROWS,
};

static const struct vb_row close_reserved[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("target_vp", "Target processor"),
	U32("sint", "Interrupt source"),
	END_ROWS,
};

static const struct vb_row tl_connect[] = {
	GUID("endpoint", "Guest endpoint", .set = VB_S_INSTANCE),
	GUID("service", "Host service", .summary = VB_SUM_YES),
	GUID("silo", "Silo", .optional = true),
	END_ROWS,
};

static const struct vb_row tl_connect_result[] = {
	GUID("endpoint", "Guest endpoint", .set = VB_S_INSTANCE),
	GUID("service", "Host service", .summary = VB_SUM_YES),
	U32("status", "Status", .base = VB_HEX, .names = vb_status_names, .set = VB_S_STATUS,
	    .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row modify_channel[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("target_vp", "Target processor", .summary = VB_SUM_YES),
	END_ROWS,
};

static const struct vb_row modify_channel_response[] = {
	U32("relid", "Channel", .set = VB_S_RELID, .summary = VB_SUM_YES),
	U32("status", "Status", .base = VB_HEX, .names = vb_status_names, .set = VB_S_STATUS,
	    .summary = VB_SUM_YES),
	END_ROWS,
};

#define TO_HOST .from = VB_TO_HOST
#define TO_GUEST .from = VB_TO_GUEST

static const struct vb_msg msgs[] = {
	MSG(VB_CTL_OFFER, "offer", "Offer channel", offer, TO_GUEST),
	MSG(VB_CTL_RESCIND, "rescind_offer", "Rescind channel offer", relid_only, TO_GUEST),
	MSG(VB_CTL_REQUEST_OFFERS, "request_offers", "Request offers", NULL, TO_HOST),
	MSG(VB_CTL_ALL_OFFERS, "all_offers_delivered", "All offers delivered", NULL, TO_GUEST,
	    .answers = VB_CTL_REQUEST_OFFERS),
	MSG(VB_CTL_OPEN, "open", "Open channel", open, TO_HOST, .key = { VB_S_RELID, VB_S_ID }),
	MSG(VB_CTL_OPEN_RESULT, "open_result", "Open channel result", open_result, TO_GUEST,
	    .answers = VB_CTL_OPEN, .key = { VB_S_RELID, VB_S_ID }),
	MSG(VB_CTL_CLOSE, "close", "Close channel", relid_only, TO_HOST),
	MSG(VB_CTL_GPADL_HEADER, "gpadl_header", "GPADL header", gpadl_header, TO_HOST,
	    .key = { VB_S_RELID, VB_S_ID }, .total = VB_S_LEN, .parts_at = 20),
	MSG(VB_CTL_GPADL_BODY, "gpadl_body", "GPADL body", gpadl_body, TO_HOST,
	    .continues = VB_CTL_GPADL_HEADER, .parts_at = 16),
	MSG(VB_CTL_GPADL_CREATED, "gpadl_created", "GPADL created", gpadl_created, TO_GUEST,
	    .answers = VB_CTL_GPADL_HEADER, .key = { VB_S_RELID, VB_S_ID }),
	MSG(VB_CTL_GPADL_TEARDOWN, "gpadl_teardown", "GPADL teardown", gpadl_teardown, TO_HOST,
	    .key = { VB_S_ID }),
	MSG(VB_CTL_GPADL_TORNDOWN, "gpadl_torndown", "GPADL torn down", gpadl_torndown, TO_GUEST,
	    .answers = VB_CTL_GPADL_TEARDOWN, .key = { VB_S_ID }),
	MSG(VB_CTL_RELID_RELEASED, "relid_released", "Channel id released", relid_only, TO_HOST),
	MSG(VB_CTL_CONTACT, "initiate_contact", "Initiate contact", contact, TO_HOST,
	    .proposes = true),
	MSG(VB_CTL_VERSION_RESPONSE, "version_response", "Version response", version_response,
	    TO_GUEST, .answers = VB_CTL_CONTACT, .accepts_if = SUPPORTED),
	MSG(VB_CTL_UNLOAD, "unload", "Unload", NULL, TO_HOST),
	MSG(VB_CTL_UNLOAD_RESPONSE, "unload_response", "Unload response", NULL, TO_GUEST,
	    .answers = VB_CTL_UNLOAD),
	MSG(VB_CTL_OPEN_RESERVED, "open_reserved", "Open reserved channel", open_reserved, TO_HOST,
	    .since = VB_VMBUS_4_0),
	MSG(VB_CTL_CLOSE_RESERVED, "close_reserved", "Close reserved channel", close_reserved,
	    TO_HOST, .since = VB_VMBUS_4_0, .key = { VB_S_RELID }),
	MSG(VB_CTL_CLOSE_RESERVED_RESPONSE, "close_reserved_response",
	    "Close reserved channel response", relid_only, TO_GUEST, .since = VB_VMBUS_4_0,
	    .answers = VB_CTL_CLOSE_RESERVED, .key = { VB_S_RELID }),
	MSG(VB_CTL_TL_CONNECT, "tl_connect_request", "hv_sock connect request", tl_connect, TO_HOST,
	    .since = VB_VMBUS_4_0),
	MSG(VB_CTL_MODIFY_CHANNEL, "modify_channel", "Modify channel", modify_channel, TO_HOST,
	    .since = VB_VMBUS_4_1, .key = { VB_S_RELID }),
	MSG(VB_CTL_TL_CONNECT_RESULT, "tl_connect_result", "hv_sock connect result",
	    tl_connect_result, TO_GUEST, .since = VB_VMBUS_4_1, .answers = VB_CTL_TL_CONNECT),
	MSG(VB_CTL_MODIFY_CHANNEL_RESPONSE, "modify_channel_response", "Modify channel response",
	    modify_channel_response, TO_GUEST, .since = VB_VMBUS_5_3,
	    .answers = VB_CTL_MODIFY_CHANNEL, .key = { VB_S_RELID }),
	MSG(VB_CTL_MODIFY_CONNECTION, "modify_connection", "Modify connection", modify_connection,
	    TO_HOST, .since = VB_VMBUS_6_0),
	MSG(VB_CTL_MODIFY_CONNECTION_RESPONSE, "modify_connection_response",
	    "Modify connection response", modify_connection_response, TO_GUEST,
	    .since = VB_VMBUS_6_0, .answers = VB_CTL_MODIFY_CONNECTION),
	MSG(VB_CTL_PAUSE, "pause", "Pause", NULL, TO_HOST, .since = VB_VMBUS_6_0),
	MSG(VB_CTL_PAUSE_RESPONSE, "pause_response", "Pause response", NULL, TO_GUEST,
	    .since = VB_VMBUS_6_0, .answers = VB_CTL_PAUSE),
	MSG(VB_CTL_RESUME, "resume", "Resume", NULL, TO_HOST, .since = VB_VMBUS_6_0),
	END_MSGS,
};

const struct vb_proto vb_proto_vmbus = {
	.name = "vmbus",
	.title = "VMBus channel management",
	.head = head,
	.msgs = msgs,
	.versions = vb_vmbus_versions,
	.help = "Control messages between guest and host: versions, offers, channels, memory lists",
};
