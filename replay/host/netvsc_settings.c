/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the network device. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay/host/netvsc.h"

static int parse_mac(const struct vb_setting *row, void *state, const char *text)
{
	struct vb_netvsc *n = state;
	unsigned int b[6];
	int end = -1;

	(void)row;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", b, b + 1, b + 2, b + 3, b + 4, b + 5, &end) !=
		    6 ||
	    text[end] || b[0] & 1)
		return -EINVAL;
	for (size_t i = 0; i < 6; i++)
		n->mac[i] = (uint8_t)b[i];
	return 0;
}

static int parse_version(const struct vb_setting *row, void *state, const char *text)
{
	const struct vb_name *v = vb_proto_by_name("nvsp")->versions;
	struct vb_netvsc *n = state;

	(void)row;
	while (v->name && strcmp(text, v->name) != 0)
		v++;
	if (!v->name)
		return -EINVAL;
	n->max_version = v->value;
	return 0;
}

#define TAP "tap:"

static int parse_backend(const struct vb_setting *row, void *state, const char *text)
{
	struct vb_netvsc *n = state;
	const char *name = text + strlen(TAP);

	(void)row;
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

static int parse_address(const struct vb_setting *row, void *state, const char *text)
{
	struct vb_netvsc *n = state;
	struct in_addr address;

	(void)row;
	if (inet_pton(AF_INET, text, &address) != 1)
		return -EINVAL;
	n->address = ntohl(address.s_addr);
	return 0;
}

#define NUMBER(member, lo, hi) VB_SETTING_NUMBER(struct vb_netvsc, member, lo, hi)
#define SWITCH(member) VB_SETTING_BY(vb_setting_switch, struct vb_netvsc, member)

const struct vb_setting vb_netvsc_settings[] = {
	{ "version", "newest NVSP version: 1, 2, 4, 5, 6, 6.1", "6.1", .parse = parse_version },
	{ "mac", "address of the adapter; of a further one the last byte counts on",
	  "00:15:5d:00:00:01", .parse = parse_mac },
	{ "mtu", "largest IP packet that the switch takes", "9202", NUMBER(mtu, 68, 9202) },
	{ "queues", "receive queues, 1 to 64", "64", NUMBER(queues, 1, NETVSC_MAX_QUEUES) },
	{ "table", "entries of the guest's indirection table", "128",
	  NUMBER(table_len, 1, NETVSC_TABLE) },
	{ "section", "bytes of a section of the send buffer", "6144",
	  NUMBER(section_len, 128, 1 << 20) },
	{ "part", "bytes of a part of the receive buffer; 0: as the MTU wants", "0",
	  NUMBER(part_len, 0, 1 << 20) },
	{ "max-packets", "messages the guest may put in a packet", "8",
	  NUMBER(max_packets, 1, 64) },
	{ "alignment", "their alignment: 2 to this power", "3", NUMBER(alignment, 0, 11) },
	{ "speed", "of the link, Mbit/s", "10000", NUMBER(speed, 1, 400000) },
	{ "checksum", "checksum offload: on, off", "on", SWITCH(checksum) },
	{ "lso", "large send offload: on, off", "on", SWITCH(lso) },
	{ "rsc", "receive segment coalescing: on, off", "on", SWITCH(rsc) },
	{ "backlog", "frames that wait on a queue; more are dropped", "4096",
	  NUMBER(backlog, 1, 1 << 20) },
	{ "backend",
	  "who is on the wire: echo (ARP, ICMP, UDP, TCP echo, discard, chargen), sink, tap:NAME",
	  "echo", .parse = parse_backend },
	{ "address", "IPv4 address of echo", "192.0.2.1", .parse = parse_address },
	{ "chargen", "bytes that TCP chargen sends; 0: without end", "0",
	  NUMBER(chargen, 0, UINT64_C(1) << 31) },
	{ 0 },
};
