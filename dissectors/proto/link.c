/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the session found out about a record: no bytes of its own, only values. The slots are filled
 * by vb_link_walk().
 */
#include "../link.h"
#include "../rows.h"

static const struct vb_row rows[] = {
	VALUE("request", "Answers record", VB_LINK_REQUEST, .base = VB_RECORD_NUMBER,
	      .summary = VB_SUM_NO),
	VALUE("response", "Answered by record", VB_LINK_RESPONSE, .base = VB_RECORD_NUMBER),
	VALUE("latency", "Time between the two", VB_LINK_LATENCY, .base = VB_NS,
	      .help = "ns from the request to its answer"),
	VALUE("depth", "Requests under way", VB_LINK_DEPTH,
	      .help = "On the channel of a storage request, with this one"),
	VALUE("part_of", "Continues record", VB_LINK_PART_OF, .base = VB_RECORD_NUMBER),
	VALUE("part", "Part", VB_LINK_PART, .help = "Counted from 1"),
	VALUE("joined", "Bytes so far", VB_LINK_JOINED),
	VALUE("total", "Bytes in all parts", VB_LINK_TOTAL),
	END_ROWS,
};

const struct vb_proto vb_proto_link = {
	.name = "hv_link",
	.title = "Connected records",
	.head = rows,
	.help = "How records hang together: requests and answers, messages in several parts",
};
