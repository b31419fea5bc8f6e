/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pipe framing: eight bytes in front of the messages of the integration services, the mouse, video
 * and hv_sock (Linux 6.1 include/linux/hyperv.h, struct vmpipe_proto_header).
 */
#include "../rows.h"

static const struct vb_name types[] = {
	{ 1, "data" }, { 2, "partial" }, { 3, "set up GPA direct" }, { 4, "tear down GPA direct" },
	END_NAMES,
};

static const struct vb_row head[] = {
	U32("type", "Pipe packet type", .names = types),
	U32("length", "Length", .set = VB_S_LEN,
	    .help = "Bytes of data that follow; 0 ends a stream"),
	END_ROWS,
};

static const struct vb_row tail[] = {
	PAYLOAD("data", "Data", NULL, .len = VB_S_LEN),
	END_ROWS,
};

const struct vb_proto vb_proto_pipe = {
	.name = "hv_pipe",
	.title = "Pipe",
	.head = head,
	.tail = tail,
	.help = "Framing of byte streams and messages inside a packet",
};
