/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of values that several protocols share, and the table of device classes.
 */
#include "names.h"

#include <string.h>

#include "control.h"
#include "rows.h"
#include "sinks.h"

const struct vb_name vb_kinds[] = {
	{ VB_KIND_CONTROL, "control message" },
	{ VB_KIND_PACKET, "ring packet" },
	{ VB_KIND_STATE, "state" },
	{ VB_KIND_EVENT, "event" },
	END_NAMES,
};

const struct vb_name vb_directions[] = {
	{ VB_DIR_NONE, "none" },
	{ VB_TO_HOST, "guest to host" },
	{ VB_TO_GUEST, "host to guest" },
	END_NAMES,
};

const struct vb_name vb_no_yes[] = {
	{ 0, "no" },
	{ 1, "yes" },
	END_NAMES,
};

/* Status words of channel messages: 0, else an NTSTATUS or a bare -1 (OpenVMM vmbus_server). */
const struct vb_name vb_status_names[] = {
	{ 0, "success" },
	{ 0x8000ffff, "failure" },
	{ 0xc000000d, "invalid parameter" },
	{ 0xc0000236, "connection refused" },
	{ 0xffffffff, "failure (-1)" },
	END_NAMES,
};

const struct vb_name vb_vmbus_versions[] = {
	{ VB_VMBUS_0_13, "0.13" }, { VB_VMBUS_1_1, "1.1" }, { VB_VMBUS_2_4, "2.4" },
	{ VB_VMBUS_3_0, "3.0" },   { VB_VMBUS_4_0, "4.0" }, { VB_VMBUS_4_1, "4.1" },
	{ VB_VMBUS_5_0, "5.0" },   { VB_VMBUS_5_1, "5.1" }, { VB_VMBUS_5_2, "5.2" },
	{ VB_VMBUS_5_3, "5.3" },   { VB_VMBUS_6_0, "6.0" }, END_NAMES,
};

/*
 * One line per class. GUIDs: Linux 6.1 include/linux/hyperv.h, HV_*_GUID; the pipe column from the
 * drivers' use of struct vmbuspipe_hdr and its relatives.
 */
#define VB_CLASSES(C)                                                                              \
	C(VB_CLASS_UNKNOWN, "unknown", "Unknown", NULL, NULL, false)                               \
	C(VB_CLASS_NETWORK, "netvsc", "Network", "f8615163-df3e-46c5-913f-f2d2f965ed0e", "nvsp",   \
	  false)                                                                                   \
	C(VB_CLASS_SCSI, "scsi", "SCSI", "ba6163d9-04a1-4d29-b605-72e2ffb1dc7f", "hv_storvsc",     \
	  false)                                                                                   \
	C(VB_CLASS_IDE, "ide", "IDE", "32412632-86cb-44a2-9b5c-50d1417354f5", "hv_storvsc", false) \
	C(VB_CLASS_FC, "fc", "Fibre Channel", "2f9bcc4a-0069-4af3-b76b-6fd0be528cda",              \
	  "hv_storvsc", false)                                                                     \
	C(VB_CLASS_SHUTDOWN, "shutdown", "Shutdown", "0e0b6031-5213-4934-818b-38d90ced39db",       \
	  "hv_icmsg", true)                                                                        \
	C(VB_CLASS_TIMESYNC, "timesync", "Time synchronization",                                   \
	  "9527e630-d0ae-497b-adce-e80ab0175caf", "hv_icmsg", true)                                \
	C(VB_CLASS_HEARTBEAT, "heartbeat", "Heartbeat", "57164f39-9115-4e78-ab55-382f3bd5422d",    \
	  "hv_icmsg", true)                                                                        \
	C(VB_CLASS_KVP, "kvp", "Key-value pairs", "a9a0f4e7-5a45-4d96-b827-8a841e8c03e6",          \
	  "hv_icmsg", true)                                                                        \
	C(VB_CLASS_VSS, "vss", "Backup", "35fa2e29-ea23-4236-96ae-3a6ebacba440", "hv_icmsg", true) \
	C(VB_CLASS_FCOPY, "fcopy", "File copy", "34d14be3-dee4-41c8-9ae7-6b174977c192",            \
	  "hv_icmsg", true)                                                                        \
	C(VB_CLASS_BALLOON, "balloon", "Dynamic memory", "525074dc-8985-46e2-8057-a307dc18a502",   \
	  "hv_balloon", false)                                                                     \
	C(VB_CLASS_MOUSE, "mouse", "Mouse", "cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a", NULL, true)    \
	C(VB_CLASS_KEYBOARD, "keyboard", "Keyboard", "f912ad6d-2b17-48ea-bd65-f927a61c7684", NULL, \
	  false)                                                                                   \
	C(VB_CLASS_VIDEO, "video", "Video", "da0a7802-e377-4aac-8e77-0558eb1073f8", NULL, true)    \
	C(VB_CLASS_PCI, "pci", "PCI", "44c4f61d-4444-4400-9d52-802e27ede19f", NULL, false)         \
	C(VB_CLASS_ND, "nd", "Network Direct", "8c2eaf3d-32a7-4b09-ab99-bd1f1c86b501", NULL,       \
	  false)                                                                                   \
	C(VB_CLASS_HVSOCK, "hvsock", "Socket", NULL, NULL, true)                                   \
	C(VB_CLASS_OTHER, "other", "Other", NULL, NULL, false)

#define CLASS_INFO(c, n, t, g, p, pi)                                                              \
	{ .code = (c), .name = (n), .title = (t), .guid = (g), .proto = (p), .pipe = (pi) },
static const struct vb_class_info classes[] = { VB_CLASSES(CLASS_INFO) };

#define CLASS_NAME(c, n, t, g, p, pi) { (c), (n) },
const struct vb_name vb_class_codes[] = {
	VB_CLASSES(CLASS_NAME) END_NAMES,
};

#define N_CLASSES (sizeof(classes) / sizeof(classes[0]))

const struct vb_class_info *vb_classes(size_t *ret_n)
{
	*ret_n = N_CLASSES;
	return classes;
}

const struct vb_class_info *vb_class_by_code(uint8_t code)
{
	/* The table is in order of the codes, but for the last one. */
	return code < N_CLASSES - 1 ? &classes[code] : &classes[N_CLASSES - 1];
}

const struct vb_class_info *vb_class_by_guid(const uint8_t guid[16])
{
	char text[VB_GUID_TEXT];

	vb_guid_text(guid, text);
	for (size_t i = 0; i < N_CLASSES; i++)
		if (classes[i].guid && !strcmp(classes[i].guid, text))
			return &classes[i];
	return NULL;
}

const struct vb_class_info *vb_class_by_name(const char *name)
{
	for (size_t i = 0; i < N_CLASSES; i++)
		if (!strcmp(classes[i].name, name))
			return &classes[i];
	return NULL;
}

bool vb_class_is_storage(uint8_t code)
{
	const char *proto = vb_class_by_code(code)->proto;

	return proto && !strcmp(proto, vb_class_by_code(VB_CLASS_SCSI)->proto);
}

const char *vb_note_name(enum vb_note_code code)
{
	static const char *const names[VB_N_NOTES] = {
		[VB_NOTE_CUT] = "cut",
		[VB_NOTE_SHORT] = "short",
		[VB_NOTE_UNEXPECTED] = "unexpected",
		[VB_NOTE_UNKNOWN] = "unknown",
		[VB_NOTE_EXTRA] = "extra",
		[VB_NOTE_LIMIT] = "limit",
		[VB_NOTE_STATUS] = "status",
		[VB_NOTE_NO_SECTION] = "no_section",
		[VB_NOTE_RING_FULL] = "ring_full",
		[VB_NOTE_STALLED] = "stalled",
		[VB_NOTE_SIZE] = "size",
		[VB_NOTE_FORCED] = "forced",
		[VB_NOTE_UNBALANCED] = "unbalanced",
	};

	return code < VB_N_NOTES ? names[code] : "note";
}

bool vb_note_is_error(enum vb_note_code code)
{
	return code == VB_NOTE_SHORT || code == VB_NOTE_UNEXPECTED;
}

bool vb_note_is_trouble(enum vb_note_code code)
{
	return code >= VB_NOTE_STATUS && code < VB_N_NOTES;
}

/* A number that the request gives several meanings has the name of the message that has it always. */
static const char *msg_name(const struct vb_proto *proto, uint64_t number)
{
	const char *name = NULL;

	for (const struct vb_msg *m = proto->msgs; m && m->name; m++) {
		if (m->number != number)
			continue;
		if (!m->reply_to)
			return m->name;
		if (!name)
			name = m->name;
	}
	return name;
}

const char *vb_value_name(const struct vb_proto *proto, const struct vb_row *row, uint64_t value)
{
	if (row->type == VB_UINT && row->set == VB_S_TYPE && proto->msgs)
		return msg_name(proto, value);
	for (const struct vb_name *n = row->names; n && n->name; n++)
		if (n->value == value)
			return n->name;
	return NULL;
}

void vb_frame_from_header(struct vb_frame *ret_f, const struct vb_record_header *h)
{
	*ret_f = (struct vb_frame){
		.cap_len = h->cap_len,
		.wire_len = h->wire_len,
		.kind = h->kind,
		.direction = h->direction,
		.class = h->class,
		.relid = h->relid,
		.subchannel = h->subchannel,
		.flags = h->flags,
		.lost = h->lost,
		.cpu = h->cpu,
		.result = (int32_t)h->result,
		.outside_len = h->ext_wire_len,
	};
	memcpy(ret_f->instance, h->device, sizeof(ret_f->instance));
}
