/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events out of the blocks of a trace.
 *
 * The bytes may come from anywhere. A length is believed only after it was compared with what is
 * there; what does not add up is repaired, counted in the event and named, and reading goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/pcapng.h"

#define NSEC_PER_SEC 1000000000u
#define NO_DEVICE SIZE_MAX

struct vb_interface {
	uint16_t linktype;
	uint8_t tsresol;
	int64_t tsoffset; /* seconds */
	size_t device;	  /* index of the device, or NO_DEVICE */
};

/* ---- options ---- */

struct option {
	uint16_t code, len;
	const uint8_t *value;
};

/* The option at *pos, and *pos behind it; false at the end or where the list is broken. */
static bool next_option(const struct vb_block *b, uint32_t *pos, struct option *ret)
{
	uint32_t left = b->body_len - *pos;

	if (left < 4)
		return false;
	ret->code = vb_get16(b, b->body + *pos);
	ret->len = vb_get16(b, b->body + *pos + 2);
	ret->value = b->body + *pos + 4;
	if (ret->code == VB_OPT_END || vb_pad4(ret->len) > left - 4)
		return false;
	*pos += 4 + (uint32_t)vb_pad4(ret->len);
	return true;
}

static void take_string(const struct option *o, char *ret, size_t size)
{
	size_t n = o->len < size ? o->len : size - 1;

	memcpy(ret, o->value, n);
	ret[n] = '\0';
}

static uint64_t option64(const struct vb_block *b, const struct option *o)
{
	return o->len == 8 ? vb_get64(b, o->value) : 0;
}

/* ---- sections ---- */

/* The facts of the first section that has them; there is one per capture. */
static int take_section(struct vb_trace_reader *r, const struct vb_block *b, struct vb_err *err)
{
	struct vb_trace_info *info = &r->info;
	uint16_t major = vb_get16(b, b->body + 4);
	struct option o;
	uint32_t pos = VB_BLOCK_SECTION_MIN - VB_BLOCK_MIN;

	if (major != 1)
		return vb_fail(err, -EBADMSG, "%s: pcapng version %u, only 1 is known", r->name,
			       major);
	r->n_interfaces = 0;
	while (next_option(b, &pos, &o)) {
		if (o.code == VB_OPT_SHB_HARDWARE && !info->hardware[0])
			take_string(&o, info->hardware, sizeof(info->hardware));
		else if (o.code == VB_OPT_SHB_OS && !info->os[0])
			take_string(&o, info->os, sizeof(info->os));
		else if (o.code == VB_OPT_SHB_USERAPPL && !info->application[0])
			take_string(&o, info->application, sizeof(info->application));
	}
	return 0;
}

/* ---- interfaces ---- */

/* Room for one more element. */
static int grow(void **array, size_t n, size_t *max, size_t size)
{
	size_t wanted = *max ? *max * 2 : 16;
	void *bigger;

	if (n < *max)
		return 0;
	bigger = realloc(*array, wanted * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*max = wanted;
	return 0;
}

/* The device of that name, known from before or new. */
static int find_device(struct vb_trace_reader *r, const struct vb_device *dev, size_t *ret)
{
	struct vb_device_key key;
	void *array = r->devices;
	uint32_t known;
	int rc;

	vb_device_key_of(dev, &key);
	if (vb_device_index_find(&r->index, &key, &known)) {
		*ret = known;
		return 0;
	}
	rc = grow(&array, r->n_devices, &r->max_devices, sizeof(*r->devices));
	r->devices = array;
	if (!rc)
		rc = vb_device_index_add(&r->index, &key, (uint32_t)r->n_devices);
	if (rc)
		return rc;
	memset(&r->devices[r->n_devices], 0, sizeof(*r->devices));
	r->devices[r->n_devices].dev = *dev;
	*ret = r->n_devices++;
	return 0;
}

static void interface_options(const struct vb_block *b, struct vb_interface *i,
			      char name[VB_IF_NAME_MAX], char description[VB_IF_DESCRIPTION_MAX])
{
	struct option o;
	uint32_t pos = 8;

	while (next_option(b, &pos, &o)) {
		if (o.code == VB_OPT_IF_NAME)
			take_string(&o, name, VB_IF_NAME_MAX);
		else if (o.code == VB_OPT_IF_DESCRIPTION)
			take_string(&o, description, VB_IF_DESCRIPTION_MAX);
		else if (o.code == VB_OPT_IF_TSRESOL && o.len == 1)
			i->tsresol = o.value[0];
		else if (o.code == VB_OPT_IF_TSOFFSET)
			i->tsoffset = (int64_t)option64(b, &o);
	}
}

static int take_interface(struct vb_trace_reader *r, const struct vb_block *b, struct vb_err *err)
{
	struct vb_interface i = { .tsresol = VB_TSRESOL_DEFAULT, .device = NO_DEVICE };
	char name[VB_IF_NAME_MAX] = "", description[VB_IF_DESCRIPTION_MAX] = "";
	void *array = r->interfaces;
	struct vb_device dev;
	int rc;

	/* One too short for its link type still counts, or the numbers of the next would shift. */
	if (b->body_len >= 8) {
		i.linktype = vb_get16(b, b->body);
		interface_options(b, &i, name, description);
	}
	rc = grow(&array, r->n_interfaces, &r->max_interfaces, sizeof(i));
	r->interfaces = array;
	if (!rc && i.linktype >= VB_LINKTYPE_USER0 &&
	    vb_device_from_interface(name, description, &dev))
		rc = find_device(r, &dev, &i.device);
	if (rc)
		return vb_fail(err, rc, "%s: not enough memory for its interfaces", r->name);
	r->interfaces[r->n_interfaces++] = i;
	r->info.n_interfaces++;
	return 0;
}

/* ifrecv = seen by the probes, ifdrop + osdrop = lost, usrdeliv = delivered. */
static void take_statistics(struct vb_trace_reader *r, const struct vb_block *b)
{
	struct vb_device_stats s = { .received = 0 };
	struct option o;
	uint32_t pos = VB_BLOCK_STATISTICS_BODY, interface;

	if (b->body_len < VB_BLOCK_STATISTICS_BODY)
		return;
	while (next_option(b, &pos, &o)) {
		if (o.code == VB_OPT_ISB_IFRECV)
			s.received = option64(b, &o);
		else if (o.code == VB_OPT_ISB_IFDROP || o.code == VB_OPT_ISB_OSDROP)
			s.lost += option64(b, &o);
		else if (o.code == VB_OPT_ISB_USRDELIV)
			s.delivered = option64(b, &o);
		else if (o.code == VB_OPT_ISB_FILTERACCEPT && option64(b, &o) <= s.received)
			s.filtered = s.received - option64(b, &o);
	}
	r->info.has_statistics = true;
	r->info.stats_received += s.received;
	r->info.stats_dropped += s.lost;
	interface = vb_get32(b, b->body);
	if (interface < r->n_interfaces && r->interfaces[interface].device != NO_DEVICE) {
		struct vb_device_stats *d = &r->devices[r->interfaces[interface].device];

		d->received += s.received;
		d->lost += s.lost;
		d->delivered += s.delivered;
		d->filtered += s.filtered;
	}
}

/* ---- time ---- */

static uint64_t power_of_10(unsigned int n)
{
	uint64_t v = 1;

	while (n--)
		v *= 10;
	return v;
}

static unsigned __int128 scale(uint8_t tsresol, uint64_t ticks)
{
	unsigned int n = tsresol & ~VB_TSRESOL_BINARY;

	if (tsresol & VB_TSRESOL_BINARY)
		return ((unsigned __int128)ticks * NSEC_PER_SEC) >> n;
	if (n <= VB_TSRESOL_NS)
		return (unsigned __int128)ticks * power_of_10(VB_TSRESOL_NS - n);
	n -= VB_TSRESOL_NS;
	return n <= 19 ? ticks / power_of_10(n) : 0; /* 10^20 is above any 64 bits */
}

static uint64_t to_ns(const struct vb_interface *i, uint64_t ticks)
{
	__int128 ns;

	if (i->tsresol == VB_TSRESOL_NS && !i->tsoffset)
		return ticks;
	ns = (__int128)scale(i->tsresol, ticks) + (__int128)i->tsoffset * NSEC_PER_SEC;
	if (ns < 0)
		return 0;
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

/* ---- records ---- */

static void fault(struct vb_event *ev, const char *words)
{
	if (!ev->n_malformed++)
		ev->malformed = words;
}

/* Whether the tags name us, and where the record begins; in *ret_broken what is wrong with them. */
static bool skip_tags(const uint8_t *data, uint32_t len, uint32_t *ret_pos, const char **ret_broken)
{
	uint32_t pos = 0;
	bool ours = false;

	*ret_broken = "the tags in front of the record have no end";
	while (len - pos >= 4) {
		uint32_t tag = (uint32_t)(data[pos] << 8 | data[pos + 1]);
		uint32_t n = (uint32_t)(data[pos + 2] << 8 | data[pos + 3]);

		pos += 4;
		if (tag == VB_TAG_END) {
			*ret_broken = NULL;
			break;
		}
		if (n > len - pos) {
			*ret_broken = "a tag is longer than the record";
			break;
		}
		/* Other writers may pad the name to another length, or not at all. */
		if (tag == VB_TAG_DISSECTOR)
			ours = n >= 5 && !memcmp(data + pos, VB_TAG_NAME, n < 8 ? n : 8);
		pos += n;
	}
	*ret_pos = pos;
	return ours;
}

static bool has_magic(const uint8_t *p, uint32_t len)
{
	uint32_t magic;

	if (len < sizeof(magic))
		return false;
	memcpy(&magic, p, sizeof(magic));
	return magic == VB_RECORD_MAGIC;
}

/* Data of ours that is no record: handed on as it is. */
static void raw_event(struct vb_event *ev, const uint8_t *p, uint32_t len, const char *words)
{
	memset(&ev->hdr, 0, sizeof(ev->hdr));
	ev->hdr.wire_len = len;
	ev->hdr.cap_len = len;
	ev->data = p;
	ev->ext = NULL;
	fault(ev, words);
}

/* The record at p, in the reader's form. */
static void take_record(struct vb_event *ev, uint8_t *p, uint32_t len)
{
	struct vb_record rec;

	vb_record_read(p, len, &rec);
	ev->hdr = rec.hdr;
	ev->data = rec.data;
	ev->ext = rec.ext;
	ev->n_malformed += rec.n_malformed;
	if (!ev->malformed)
		ev->malformed = rec.malformed;
}

bool vb_trace_decode(uint16_t linktype, uint8_t *data, uint32_t len, struct vb_event *ret)
{
	const char *broken;
	uint32_t pos = 0;

	if (linktype == VB_LINKTYPE_UPPER_PDU) {
		if (!skip_tags(data, len, &pos, &broken))
			return false;
		if (broken) {
			raw_event(ret, data, len, broken);
			return true;
		}
	} else if (linktype < VB_LINKTYPE_USER0 || !has_magic(data, len)) {
		return false;
	}
	take_record(ret, data + pos, len - pos);
	return true;
}

/* An enhanced packet block; 1 when it held an event. */
static int take_packet(struct vb_trace_reader *r, struct vb_block *b, struct vb_event *ev)
{
	const struct vb_interface *i;
	uint32_t interface, len;

	r->n_packets++;
	if (b->body_len < VB_BLOCK_PACKET_BODY) {
		r->info.n_foreign++;
		return 0;
	}
	interface = vb_get32(b, b->body);
	if (interface >= r->n_interfaces) {
		r->info.n_foreign++;
		return 0;
	}
	i = &r->interfaces[interface];
	memset(ev, 0, sizeof(*ev));
	ev->number = r->n_packets;
	ev->time_ns = to_ns(i, (uint64_t)vb_get32(b, b->body + 4) << 32 | vb_get32(b, b->body + 8));
	len = vb_get32(b, b->body + 12);
	if (len > b->body_len - VB_BLOCK_PACKET_BODY) {
		fault(ev, "the packet is longer than its block");
		len = b->body_len - VB_BLOCK_PACKET_BODY;
	}
	if (vb_trace_decode(i->linktype, b->body + VB_BLOCK_PACKET_BODY, len, ev))
		return 1;
	r->info.n_foreign++;
	return 0;
}

/* ---- blocks ---- */

int vb_trace_reader_block(struct vb_trace_reader *r, struct vb_block *b, struct vb_event *ret_event,
			  struct vb_err *err)
{
	switch (b->type) {
	case VB_BLOCK_PACKET:
		return take_packet(r, b, ret_event);
	case VB_BLOCK_SECTION:
		return take_section(r, b, err);
	case VB_BLOCK_INTERFACE:
		return take_interface(r, b, err);
	case VB_BLOCK_STATISTICS:
		take_statistics(r, b);
		return 0;
	case VB_BLOCK_PACKET_SIMPLE:
	case VB_BLOCK_PACKET_OLD:
		r->n_packets++;
		r->info.n_foreign++;
		return 0;
	default:
		r->info.n_skipped_blocks++;
		return 0;
	}
}

void vb_trace_reader_reset(struct vb_trace_reader *r)
{
	const char *name = r->name;

	free(r->interfaces);
	free(r->devices);
	vb_device_index_done(&r->index);
	memset(r, 0, sizeof(*r));
	r->name = name;
}
