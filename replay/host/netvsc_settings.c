/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the network device. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/number.h"
#include "replay/host/netvsc.h"

static int parse_mac(void *state, const char *text)
{
	struct vb_netvsc *n = state;
	unsigned int b[6];
	int end = -1;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", b, b + 1, b + 2, b + 3, b + 4, b + 5, &end) !=
		    6 ||
	    text[end] || b[0] & 1)
		return -EINVAL;
	for (size_t i = 0; i < 6; i++)
		n->mac[i] = (uint8_t)b[i];
	return 0;
}

static int parse_version(void *state, const char *text)
{
	static const struct {
		const char *text;
		uint32_t version;
	} versions[] = { { "1", VB_NVSP_1 }, { "2", VB_NVSP_2 }, { "4", VB_NVSP_4 },
			 { "5", VB_NVSP_5 }, { "6", VB_NVSP_6 }, { "6.1", VB_NVSP_6_1 } };
	struct vb_netvsc *n = state;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (strcmp(text, versions[i].text) != 0)
			continue;
		n->max_version = versions[i].version;
		return 0;
	}
	return -EINVAL;
}

static int parse_range(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
	uint64_t value;

	if (vb_number_parse(text, most, &value) || value < least)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int parse_mtu(void *state, const char *text)
{
	return parse_range(text, 68, 9202, &((struct vb_netvsc *)state)->mtu);
}

static int parse_queues(void *state, const char *text)
{
	return parse_range(text, 1, NETVSC_MAX_QUEUES, &((struct vb_netvsc *)state)->queues);
}

static int parse_section(void *state, const char *text)
{
	return parse_range(text, 128, 1 << 20, &((struct vb_netvsc *)state)->section_len);
}

/* 0: what the MTU needs. */
static int parse_part(void *state, const char *text)
{
	return parse_range(text, 0, 1 << 20, &((struct vb_netvsc *)state)->part_len);
}

static int parse_max_packets(void *state, const char *text)
{
	return parse_range(text, 1, 64, &((struct vb_netvsc *)state)->max_packets);
}

static int parse_alignment(void *state, const char *text)
{
	return parse_range(text, 0, 11, &((struct vb_netvsc *)state)->alignment);
}

int vb_netvsc_parse_speed(void *state, const char *text)
{
	return parse_range(text, 1, 400000, &((struct vb_netvsc *)state)->speed);
}

static int parse_backlog(void *state, const char *text)
{
	return parse_range(text, 1, 1 << 20, &((struct vb_netvsc *)state)->backlog);
}

static int parse_chargen(void *state, const char *text)
{
	return parse_range(text, 0, UINT64_C(1) << 31, &((struct vb_netvsc *)state)->chargen);
}

static int parse_table(void *state, const char *text)
{
	return parse_range(text, 1, NETVSC_TABLE, &((struct vb_netvsc *)state)->table_len);
}

static int parse_switch(const char *text, bool *ret)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return -EINVAL;
	*ret = text[1] == 'n';
	return 0;
}

static int parse_rsc(void *state, const char *text)
{
	return parse_switch(text, &((struct vb_netvsc *)state)->rsc);
}

static int parse_checksum(void *state, const char *text)
{
	return parse_switch(text, &((struct vb_netvsc *)state)->checksum);
}

static int parse_lso(void *state, const char *text)
{
	return parse_switch(text, &((struct vb_netvsc *)state)->lso);
}

#define TAP "tap:"

static int parse_backend(void *state, const char *text)
{
	struct vb_netvsc *n = state;
	const char *name = text + strlen(TAP);

	if (strcmp(text, "echo") == 0 || strcmp(text, "sink") == 0) {
		n->backend = *text == 'e' ? NETVSC_ECHO : NETVSC_SINK;
		return 0;
	}
	if (strncmp(text, TAP, strlen(TAP)) != 0 || !*name || strlen(name) >= sizeof(n->tap_name))
		return -EINVAL;
	n->backend = NETVSC_TAP;
	snprintf(n->tap_name, sizeof(n->tap_name), "%s", name);
	return 0;
}

static int parse_address(void *state, const char *text)
{
	struct vb_netvsc *n = state;
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return -EINVAL;
	n->address = ntohl(address.s_addr);
	return 0;
}

const struct vb_setting vb_netvsc_settings[] = {
	{ "version", "newest NVSP version: 1, 2, 4, 5, 6, 6.1", "6.1", parse_version },
	{ "mac", "address of the adapter; of a further one the last byte counts on",
	  "00:15:5d:00:00:01", parse_mac },
	{ "mtu", "largest IP packet that the switch takes", "9202", parse_mtu },
	{ "queues", "receive queues, 1 to 64", "64", parse_queues },
	{ "table", "entries of the guest's indirection table", "128", parse_table },
	{ "section", "bytes of a section of the send buffer", "6144", parse_section },
	{ "part", "bytes of a part of the receive buffer; 0: as the MTU wants", "0", parse_part },
	{ "max-packets", "messages the guest may put in a packet", "8", parse_max_packets },
	{ "alignment", "their alignment: 2 to this power", "3", parse_alignment },
	{ "speed", "of the link, Mbit/s", "10000", vb_netvsc_parse_speed },
	{ "checksum", "checksum offload: on, off", "on", parse_checksum },
	{ "lso", "large send offload: on, off", "on", parse_lso },
	{ "rsc", "receive segment coalescing: on, off", "on", parse_rsc },
	{ "backlog", "frames that wait on a queue; more are dropped", "4096", parse_backlog },
	{ "backend",
	  "who is on the wire: echo (ARP, ICMP, UDP, TCP echo, discard, chargen), sink, tap:NAME",
	  "echo", parse_backend },
	{ "address", "IPv4 address of echo", "192.0.2.1", parse_address },
	{ "chargen", "bytes that TCP chargen sends; 0: without end", "0", parse_chargen },
	{ 0 },
};
