/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a display filter. One that compiles is evaluated over a few frames.
 */
#include <string.h>

#include "capture/filter.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An open request, a packet, a packet with nothing right in it. */
static const uint8_t open_request[148] = { 5, [8] = 2, [12] = 1, [16] = 0x21, 0xe1, 0x01 };
static const uint8_t packet[24] = { 6, 0, 2, 0, 3, 0, 1, 0, 7, [16] = 1, [20] = 8 };
static const uint8_t nonsense[20] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void evaluate(struct vb_filter *filter, uint8_t kind, const uint8_t *data, uint32_t len,
		     uint64_t number)
{
	struct vb_frame f = { .data = data,
			      .cap_len = len,
			      .wire_len = len,
			      .kind = kind,
			      .direction = VB_TO_HOST,
			      .class = VB_CLASS_BALLOON,
			      .number = number };
	struct vb_sink sink = vb_filter_sink(filter);
	struct vb_walked w;
	bool first;

	for (unsigned int i = 0; i < 2; i++) {
		vb_filter_begin(filter, number);
		vb_walk(vb_root_proto(kind), &f, &sink, &w);
		if (!i)
			first = vb_filter_match(filter);
		else
			REQUIRE(first == vb_filter_match(filter));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vb_err err = { "" };
	struct vb_filter *filter = NULL;
	char *text = malloc(size + 1);
	int rc;

	REQUIRE(text);
	memcpy(text, data, size);
	text[size] = '\0';
	rc = vb_filter_compile(text, &filter, &err);
	REQUIRE(!rc == !err.text[0]);
	REQUIRE(!strchr(err.text, '\n'));
	if (!rc) {
		evaluate(filter, VB_KIND_CONTROL, open_request, sizeof(open_request), 1);
		evaluate(filter, VB_KIND_PACKET, packet, sizeof(packet), 2);
		evaluate(filter, VB_KIND_PACKET, nonsense, sizeof(nonsense), 3);
		vb_filter_free(filter);
	}
	free(text);
	return 0;
}
