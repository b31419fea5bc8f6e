/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what lies outside the ring: the Ethernet frames in it. The first byte of the input says
 * in which packet (1: in transfer pages; 2: of the control channel), the second how much of that was
 * not captured.
 */
#include <string.h>

#include "dissectors/ether.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t in_band[56] = { 6, 0, 2, 0, 7, 0, 1, 0, 1, [16] = 107 };
static const uint8_t in_ranges[64] = { 7, 0, 3, 0, 8, 0, 1, 0, 1, [16] = 0xfe, 0xca, [24] = 107 };

/* What others complete keeps its addresses and its length; what is complete is so again. */
static void check_complete(const struct vb_ether_frame *frame)
{
	uint8_t *once = malloc(frame->cap_len), *twice = malloc(frame->cap_len);

	REQUIRE(once && twice);
	memcpy(once, frame->data, frame->cap_len);
	if (vb_ether_complete(frame, once)) {
		REQUIRE(frame->open && !memcmp(once, frame->data, 12));
		memcpy(twice, once, frame->cap_len);
		REQUIRE(vb_ether_complete(frame, twice));
	}
	REQUIRE(frame->open || !memcmp(once, frame->data, frame->cap_len));
	if (vb_ether_complete(frame, once))
		REQUIRE(!memcmp(once, twice, frame->cap_len));
	free(once);
	free(twice);
}

/* What is handed out is in the bytes that were captured, and each of them is so but once. */
static uint64_t check_frame(const struct vb_ether_frame *frame, const uint8_t *ext,
			    uint32_t ext_len, const uint8_t *room)
{
	uint8_t *whole = malloc((size_t)frame->cap_len + VB_ETHER_TAG_LEN);
	uint32_t wire_len, n;

	REQUIRE(whole);
	REQUIRE(frame->cap_len > 0 && frame->cap_len <= frame->wire_len && frame->n_parts > 0);
	REQUIRE((frame->data >= ext && frame->data + frame->cap_len <= ext + ext_len) ||
		(frame->data >= room &&
		 frame->data + frame->cap_len <= room + 2 * (size_t)ext_len));
	n = vb_ether_put(frame, whole, &wire_len);
	REQUIRE(n >= frame->cap_len && n <= frame->cap_len + VB_ETHER_TAG_LEN && n <= wire_len);
	REQUIRE(frame->cap_len < 12 || !memcmp(whole, frame->data, 12));
	free(whole);
	check_complete(frame);
	return frame->cap_len;
}

static void check(const struct vb_frame *f, const uint8_t *ext, uint32_t ext_len)
{
	uint8_t *room = malloc(2 * (size_t)ext_len + 1);
	struct vb_ether_frame frame;
	struct vb_walked w;
	struct vb_ether e;
	uint64_t sum = 0;

	REQUIRE(room);
	vb_walk(vb_root_proto(f->kind), f, NULL, &w);
	vb_ether_init(&e, f, &w, ext, ext_len, room);
	while (vb_ether_next(&e, &frame))
		sum += check_frame(&frame, ext, ext_len, room);
	REQUIRE(sum <= ext_len);
	REQUIRE(!vb_ether_next(&e, &frame));
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t packet[64], *ext;
	struct vb_frame f = { .data = packet, .kind = VB_KIND_PACKET, .class = VB_CLASS_NETWORK };
	bool ranges, control;

	if (size < 2)
		return 0;
	ranges = data[0] & 1;
	control = data[0] & 2;
	memcpy(packet, ranges ? in_ranges : in_band, ranges ? sizeof(in_ranges) : sizeof(in_band));
	packet[ranges ? 28 : 20] = control;
	f.wire_len = ranges ? sizeof(in_ranges) : sizeof(in_band);
	f.cap_len = data[1] < f.wire_len ? f.wire_len - data[1] : 0;
	f.direction = ranges ? VB_TO_GUEST : VB_TO_HOST;
	size -= 2;
	ext = malloc(size + 1);
	REQUIRE(ext);
	memcpy(ext, data + 2, size);
	check(&f, ext, (uint32_t)size);
	free(ext);
	return 0;
}
