/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the storage devices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/number.h"
#include "replay/host/storvsc.h"

/* Text of at most so many printable characters. */
static int parse_text(const struct vb_setting *row, void *state, const char *text)
{
	size_t len = strlen(text);
	char *to = vb_setting_member(row, state);

	if (len > row->most)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return -EINVAL;
	memcpy(to, text, len + 1);
	return 0;
}

/* "6.2" for 0x0602, of the versions that there are. */
static int parse_version(const struct vb_setting *row, void *state, const char *text)
{
	const struct vb_name *v = vb_proto_by_name("hv_storvsc")->versions;
	char name[24];

	for (; v->name; v++) {
		snprintf(name, sizeof(name), "%u.%u", (unsigned int)(v->value >> 8),
			 (unsigned int)(v->value & 0xff));
		if (strcmp(text, name) == 0)
			break;
	}
	if (!v->name)
		return -EINVAL;
	*(uint64_t *)vb_setting_member(row, state) = v->value;
	return 0;
}

/* A number of MiB, or of what the letter behind it says. */
static int parse_size(const struct vb_setting *row, void *state, const char *text)
{
	static const char units[] = "MGT";
	const char *end, *unit;
	uint64_t value;

	if (vb_number_scan(text, 10, row->most, &value, &end))
		return -EINVAL;
	unit = *end ? strchr(units, *end) : units;
	if (!unit || (*end && end[1]))
		return -EINVAL;
	value <<= 10 * (unit - units);
	if (value < row->least || value > row->most)
		return -EINVAL;
	*(uint64_t *)vb_setting_member(row, state) = value;
	return 0;
}

static int parse_block(const struct vb_setting *row, void *state, const char *text)
{
	uint64_t value;

	if (vb_number_parse(text, 4096, &value) || (value != 512 && value != 4096))
		return -EINVAL;
	*(uint64_t *)vb_setting_member(row, state) = value;
	return 0;
}

/* 16 hexadecimal digits, with or without colons between bytes. */
static int parse_wwn(const struct vb_setting *row, void *state, const char *text)
{
	unsigned int n = 0;
	uint64_t value = 0;

	for (; *text; text++) {
		unsigned int digit;

		if (*text == ':' && n && n % 2 == 0 && text[1] && text[-1] != ':')
			continue;
		if (!strchr("0123456789abcdefABCDEF", *text) || n++ == 16)
			return -EINVAL;
		digit = *text <= '9' ? (unsigned int)(*text - '0') :
				       ((unsigned int)*text | 0x20) - 'a' + 10;
		value = value << 4 | digit;
	}
	if (n != 16)
		return -EINVAL;
	*(uint64_t *)vb_setting_member(row, state) = value;
	return 0;
}

#define MEMBER(member) .offset = offsetof(struct vb_storage, member)
#define NUMBER(member, lo, hi) VB_SETTING_NUMBER(struct vb_storage, member, lo, hi)
#define SWITCH(member) VB_SETTING_BY(vb_setting_switch, struct vb_storage, member)
#define LETTERS(member)                                                                            \
	.parse = parse_text, MEMBER(member), .most = sizeof(((struct vb_storage *)0)->member) - 1
#define SIZE(member, hi) .parse = parse_size, MEMBER(member), .least = 1, .most = (hi)

#define OF_ALL                                                                                     \
	{ "version", "newest version of the protocol: 2.0, 4.2, 5.1, 6.0, 6.2", "6.2",             \
	  .parse = parse_version, MEMBER(max_version) },                                           \
		{ "size", "of each disk in memory, MiB, or with G or T", "64",                     \
		  SIZE(shape.size, VB_DISK_MAX_LEN >> 20) },                                       \
		{ "block", "bytes of a block: 512 or 4096", "512", .parse = parse_block,           \
		  MEMBER(shape.block) },                                                           \
		{ "file", "images of the first disks, with commas, instead of memory", "",         \
		  LETTERS(shape.files), .files = VB_FILES_LIST },                                  \
		{ "memory", "MiB that what is written to a disk may take, or with G or T", "256",  \
		  SIZE(shape.memory, UINT64_C(1) << 20) },                                         \
		{ "readonly", "disks are write-protected: on, off", "off",                         \
		  SWITCH(shape.readonly) },                                                        \
		{ "cache", "disks have a write cache: on, off", "off", SWITCH(cache) },            \
		{ "thin", "disks can be unmapped: on, off", "off", SWITCH(thin) },                 \
		{ "vendor", "of the disks, up to 8 characters", "Msft", LETTERS(vendor) },         \
		{ "product", "up to 16 characters", "Virtual Disk", LETTERS(product) },            \
		{ "revision", "up to 4 characters", "1.0", LETTERS(revision) },                    \
		{ "serial", "what serial numbers begin with, up to 32 characters", "",             \
		  LETTERS(serial) },                                                               \
		{ "max-transfer", "bytes of a transfer that the guest is told of", "262144",       \
		  NUMBER(max_transfer, 4096, STORVSC_MAX_TRANSFER) },                              \
	{                                                                                          \
		"latency", "microseconds that each command takes", "0",                            \
			NUMBER(latency_us, 0, 60000000)                                            \
	}

#define OF_HOSTS                                                                                   \
	{ "disks", "0 to 63, on LUNs from 0 on", "1",                                              \
	  NUMBER(shape.n_disks, 0, STORVSC_MAX_LUNS - 1) },                                        \
		{ "subchannels", "that the guest may have, 0 to 63", "63",                         \
		  NUMBER(subchannels, 0, STORVSC_MAX_CHANNELS - 1) },                              \
	{                                                                                          \
		"paths", "to the same disks, 1 to 8", "1", NUMBER(paths, 1, 8)                     \
	}

const struct vb_setting vb_storvsc_scsi_settings[] = {
	OF_ALL,
	OF_HOSTS,
	{ "dvd", "a DVD drive on the LUN behind the disks: on, off", "off", SWITCH(shape.dvd) },
	{ "medium", "image of the disc in it", "", LETTERS(shape.medium), .files = VB_FILES_ONE },
	{ 0 },
};

const struct vb_setting vb_storvsc_ide_settings[] = {
	OF_ALL,
	{ 0 },
};

const struct vb_setting vb_storvsc_fc_settings[] = {
	OF_ALL,
	OF_HOSTS,
	{ "port-wwn", "name of the port, 16 hexadecimal digits; of a further host it counts on",
	  "c003ff0000000000", .parse = parse_wwn, MEMBER(port_wwn) },
	{ "node-wwn", "name of the node", "c003ff0000ffff00", .parse = parse_wwn,
	  MEMBER(node_wwn) },
	{ 0 },
};
