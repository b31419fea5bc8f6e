/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How frames are spread over the queues of network devices. */
#include <criterion/criterion.h>
#include <string.h>

#include "capture/check_queues.h"
#include "dissectors/sinks.h"

struct feed {
	struct vb_decoder decoder;
	struct vb_queues queues;
	struct vb_event ev;
	uint8_t bytes[256];
	struct vb_buf found; /* "device/direction: busy of queues, packets of all;" */
};

static void feed_init(struct feed *fd)
{
	memset(fd, 0, sizeof(*fd));
	cr_assert_eq(vb_decoder_init(&fd->decoder, NULL), 0);
	fd->ev.data = fd->bytes;
}

static void add(struct feed *fd, uint8_t kind, uint8_t direction, uint32_t len)
{
	struct vb_record_header *h = &fd->ev.hdr;

	h->kind = kind;
	h->direction = direction;
	h->wire_len = h->cap_len = len;
	fd->ev.number++;
	vb_decoder_begin(&fd->decoder, &fd->ev);
	vb_decoder_walk(&fd->decoder, 0, NULL);
	cr_assert_eq(vb_queues_add(&fd->queues, &fd->decoder), 0);
}

static void offer(struct feed *fd, uint8_t device, uint16_t subchannel)
{
	uint8_t instance[16] = { device };
	uint32_t relid = device * 100u + subchannel;

	memset(fd->bytes, 0, sizeof(fd->bytes));
	fd->bytes[0] = 1;
	vb_guid_parse("f8615163-df3e-46c5-913f-f2d2f965ed0e", fd->bytes + 8);
	memcpy(fd->bytes + 24, instance, sizeof(instance));
	memcpy(fd->bytes + 180, &subchannel, sizeof(subchannel));
	memcpy(fd->bytes + 184, &relid, sizeof(relid));
	fd->ev.hdr.class = 0;
	add(fd, VB_KIND_CONTROL, VB_TO_GUEST, 196);
}

/* n packets of a queue, with frames or with control messages. */
static void packets(struct feed *fd, uint8_t device, uint16_t subchannel, uint8_t direction,
		    uint32_t n, bool control)
{
	const uint16_t descriptor[4] = { 6, 2, 7, 0 };
	const uint32_t message[10] = { 107, control, UINT32_MAX };

	memcpy(fd->bytes, descriptor, sizeof(descriptor));
	memcpy(fd->bytes + 16, message, sizeof(message));
	fd->ev.hdr.class = VB_CLASS_NETWORK;
	memset(fd->ev.hdr.device, 0, sizeof(fd->ev.hdr.device));
	fd->ev.hdr.device[0] = device;
	fd->ev.hdr.subchannel = subchannel;
	while (n-- > 0)
		add(fd, VB_KIND_PACKET, direction, 56);
}

static void unbalanced(void *ctx, const struct vb_queue *busy, uint8_t direction, size_t n_queues,
		       uint64_t n_packets)
{
	struct feed *fd = ctx;

	vb_buf_fmt(&fd->found, "%u/%u: %u of %zu, %u of %u;", busy->instance[0], direction,
		   busy->subchannel, n_queues, (unsigned int)busy->n_packets[direction],
		   (unsigned int)n_packets);
}

static void expect(struct feed *fd, const char *found)
{
	vb_queues_unbalanced(&fd->queues, unbalanced, fd);
	cr_expect_str_eq(fd->found.data ? fd->found.data : "", found);
	vb_buf_done(&fd->found);
	vb_queues_done(&fd->queues);
	vb_decoder_done(&fd->decoder);
}

Test(check_queues, one_has_nearly_all)
{
	struct feed fd;

	feed_init(&fd);
	offer(&fd, 1, 0);
	offer(&fd, 1, 1); /* one that is never used counts, too */
	offer(&fd, 2, 0);
	packets(&fd, 1, 0, VB_TO_HOST, 1000, false);
	packets(&fd, 2, 0, VB_TO_HOST, 2000, false);
	expect(&fd, "1/1: 0 of 2, 1000 of 1000;");
}

Test(check_queues, most_of_them)
{
	struct feed fd;

	feed_init(&fd);
	packets(&fd, 1, 3, VB_TO_GUEST, 901, false);
	packets(&fd, 1, 0, VB_TO_GUEST, 99, false);
	expect(&fd, "1/2: 3 of 2, 901 of 1000;");
	feed_init(&fd);
	packets(&fd, 1, 3, VB_TO_GUEST, 900, false);
	packets(&fd, 1, 0, VB_TO_GUEST, 100, false);
	expect(&fd, "");
}

Test(check_queues, too_few_to_say)
{
	struct feed fd;

	feed_init(&fd);
	offer(&fd, 1, 1);
	packets(&fd, 1, 0, VB_TO_HOST, 999, false);
	packets(&fd, 1, 0, VB_TO_GUEST, 999, false); /* each way alone */
	packets(&fd, 1, 0, VB_TO_HOST, 500, true);
	expect(&fd, "");
}

Test(check_queues, a_single_queue)
{
	struct feed fd;

	feed_init(&fd);
	offer(&fd, 1, 0);
	packets(&fd, 1, 0, VB_TO_HOST, 2000, false);
	expect(&fd, "");
}

/* More channels than there can be: they are counted, not weighed. */
Test(check_queues, bounded)
{
	struct feed fd;

	feed_init(&fd);
	for (uint16_t i = 0; i < 4100; i++)
		packets(&fd, 1, i, VB_TO_HOST, 1, false);
	cr_expect_eq(fd.queues.n, 4096);
	cr_expect_eq(fd.queues.n_left_out, 4);
	expect(&fd, "");
}
