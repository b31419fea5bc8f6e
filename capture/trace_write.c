/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a trace: interfaces, records and statistics as blocks. */
#include <errno.h>
#include <stdlib.h>

#include "capture/pcapng.h"

#define TAGS_LEN 16u
#define TAGS_DIRECTION_LEN 8u

struct interface {
	uint64_t received, lost, delivered, filtered;
	bool has_statistics;
};

struct vb_trace_writer {
	struct vb_out out;
	bool flush_each;
	char *filter, *os;
	uint64_t last_ns; /* latest time of an event, for the statistics */
	struct vb_device_index index;
	struct interface *interfaces;
	uint32_t n_interfaces, max_interfaces;
	struct vb_device_key last_key; /* the interface of the last event, most often the next's */
	uint32_t last_interface;
};

/* ---- the section ---- */

static int put_section(struct vb_out *o, const struct vb_trace_writer_options *opt,
		       struct vb_err *err)
{
	int rc = vb_out_begin(o, VB_BLOCK_SECTION, 3 * VB_STRING_MAX, err);

	if (rc)
		return rc;
	vb_out_32(o, VB_BYTE_ORDER);
	vb_out_16(o, 1); /* version 1.0 */
	vb_out_16(o, 0);
	vb_out_32(o, UINT32_MAX); /* the section's length is not known yet */
	vb_out_32(o, UINT32_MAX);
	vb_out_string(o, VB_OPT_SHB_HARDWARE, opt->hardware);
	vb_out_string(o, VB_OPT_SHB_OS, opt->os);
	vb_out_string(o, VB_OPT_SHB_USERAPPL, opt->application);
	vb_out_32(o, VB_OPT_END);
	vb_out_end(o);
	return 0;
}

/* ---- interfaces ---- */

static void put_filter(struct vb_out *o, const char *filter)
{
	static const uint8_t is_text = 0;
	uint16_t len;

	if (!filter)
		return;
	len = (uint16_t)strnlen(filter, VB_STRING_MAX);
	vb_out_16(o, VB_OPT_IF_FILTER);
	vb_out_16(o, (uint16_t)(len + 1));
	vb_out_put(o, &is_text, sizeof(is_text));
	vb_out_put(o, filter, len);
	vb_out_padding(o);
}

static int put_interface(struct vb_trace_writer *w, const struct vb_device *dev, struct vb_err *err)
{
	static const uint8_t tsresol = VB_TSRESOL_NS;
	struct vb_out *o = &w->out;
	char name[VB_IF_NAME_MAX], description[VB_IF_DESCRIPTION_MAX];
	int rc = vb_out_begin(o, VB_BLOCK_INTERFACE, 4 * VB_STRING_MAX, err);

	if (rc)
		return rc;
	vb_device_if_name(dev, name);
	vb_device_if_description(dev, description);
	vb_out_16(o, VB_LINKTYPE_UPPER_PDU);
	vb_out_16(o, 0);
	vb_out_32(o, VB_SNAPLEN);
	vb_out_string(o, VB_OPT_IF_NAME, name);
	vb_out_string(o, VB_OPT_IF_DESCRIPTION, description);
	vb_out_option(o, VB_OPT_IF_TSRESOL, &tsresol, sizeof(tsresol));
	put_filter(o, w->filter);
	vb_out_string(o, VB_OPT_IF_OS, w->os);
	vb_out_32(o, VB_OPT_END);
	vb_out_end(o);
	return 0;
}

static int grow_interfaces(struct vb_trace_writer *w)
{
	uint32_t max = w->max_interfaces ? w->max_interfaces * 2 : 16;
	struct interface *bigger;

	if (w->n_interfaces < w->max_interfaces)
		return 0;
	bigger = realloc(w->interfaces, max * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	w->interfaces = bigger;
	w->max_interfaces = max;
	return 0;
}

/* The number of the device's interface, which is made when there is none yet. */
static int find_interface(struct vb_trace_writer *w, const struct vb_device *dev, uint32_t *ret,
			  struct vb_err *err)
{
	struct vb_device_key key;

	vb_device_key_of(dev, &key);
	if (vb_device_index_find(&w->index, &key, ret))
		return 0;
	if (grow_interfaces(w) || vb_device_index_add(&w->index, &key, w->n_interfaces))
		return vb_fail(err, -ENOMEM, "%s: not enough memory for its interfaces",
			       w->out.name);
	w->interfaces[w->n_interfaces] = (struct interface){ 0 };
	*ret = w->n_interfaces++;
	/* Failing to write is final: it does no harm that the number is known already. */
	return put_interface(w, dev, err);
}

int vb_trace_writer_device(struct vb_trace_writer *w, const struct vb_device *dev,
			   struct vb_err *err)
{
	uint32_t unused;

	return find_interface(w, dev, &unused, err);
}

/* Control messages belong to the bus, and so does what names no device. */
static void device_of_event(const struct vb_record_header *h, struct vb_device *ret)
{
	static const uint8_t zero[16];

	memset(ret, 0, sizeof(*ret));
	if (h->kind == VB_KIND_CONTROL || !memcmp(h->device, zero, sizeof(zero)))
		return;
	ret->class = h->class;
	memcpy(ret->instance, h->device, sizeof(ret->instance));
}

static int interface_of_event(struct vb_trace_writer *w, const struct vb_record_header *h,
			      uint32_t *ret, struct vb_err *err)
{
	struct vb_device dev;
	struct vb_device_key key;
	int rc;

	device_of_event(h, &dev);
	vb_device_key_of(&dev, &key);
	*ret = w->last_interface;
	if (!memcmp(&key, &w->last_key, sizeof(key)))
		return 0;
	rc = find_interface(w, &dev, ret, err);
	if (rc)
		return rc;
	w->last_key = key;
	w->last_interface = *ret;
	return 0;
}

/* ---- records ---- */

static void put_big_endian(struct vb_out *o, uint32_t tag, uint32_t len)
{
	vb_out_32(o, __builtin_bswap32(tag << 16 | len));
}

/* What becomes of an event within the size limit. */
struct plan {
	uint32_t cap_len;    /* packet bytes kept */
	uint32_t n_segments; /* segments kept, the first ones */
	uint32_t budget;     /* for their bytes */
	uint32_t max_len;    /* bound of the packet data */
	uint64_t orig_len;
	uint16_t flags; /* VB_REC_CUT, VB_REC_EXT_CUT: what the limit did */
};

/* The segment at *pos, and *pos behind it; captured bytes are bounded by the external part. */
static bool next_segment(const struct vb_event *ev, uint32_t *pos, struct vb_segment *ret)
{
	uint32_t left = ev->hdr.ext_len - *pos;
	uint64_t padded;

	if (left < VB_SEGMENT_LEN)
		return false;
	memcpy(ret, ev->ext + *pos, sizeof(*ret));
	left -= VB_SEGMENT_LEN;
	if (ret->cap_len > left)
		ret->cap_len = left;
	padded = vb_pad4(ret->cap_len);
	*pos += VB_SEGMENT_LEN + (padded < left ? (uint32_t)padded : left);
	return true;
}

static void make_plan(const struct vb_event *ev, uint32_t tags_len, struct plan *p)
{
	uint32_t room = VB_SNAPLEN - tags_len - VB_RECORD_HEADER_LEN, pos = 0;
	struct vb_segment s;

	*p = (struct plan){ .cap_len = ev->hdr.cap_len };
	if (p->cap_len > room) {
		p->cap_len = room;
		p->flags |= VB_REC_CUT;
	}
	room -= (uint32_t)vb_pad4(p->cap_len);
	p->orig_len = (uint64_t)tags_len + VB_RECORD_HEADER_LEN + vb_pad4(ev->hdr.wire_len);
	while (next_segment(ev, &pos, &s)) {
		p->orig_len += VB_SEGMENT_LEN + vb_pad4(s.wire_len);
		p->n_segments++;
	}
	if (p->n_segments > room / VB_SEGMENT_LEN) {
		p->n_segments = room / VB_SEGMENT_LEN;
		p->flags |= VB_REC_EXT_CUT;
	}
	p->budget = room - p->n_segments * VB_SEGMENT_LEN;
	p->max_len = VB_SNAPLEN - p->budget;
	p->max_len += ev->hdr.ext_len < p->budget ? ev->hdr.ext_len : p->budget;
}

/* The segments, their bytes cut to the plan's budget from the first one that exceeds it. */
static void put_external(struct vb_out *o, const struct vb_event *ev, struct plan *p)
{
	uint32_t pos = 0;

	for (uint32_t i = 0; i < p->n_segments; i++) {
		const uint8_t *bytes = ev->ext + pos + VB_SEGMENT_LEN;
		struct vb_segment s;

		if (!next_segment(ev, &pos, &s))
			break;
		if (s.cap_len > p->budget) {
			s.cap_len = p->budget; /* a multiple of 4 */
			s.reason = VB_REASON_LIMIT;
			p->flags |= VB_REC_EXT_CUT;
		}
		p->budget -= (uint32_t)vb_pad4(s.cap_len);
		vb_out_put(o, &s, sizeof(s));
		vb_out_put(o, bytes, s.cap_len);
		vb_out_padding(o);
	}
}

static void put_tags(struct vb_out *o, uint8_t direction)
{
	put_big_endian(o, VB_TAG_DISSECTOR, VB_TAG_NAME_LEN);
	vb_out_put(o, VB_TAG_NAME, VB_TAG_NAME_LEN);
	if (direction == VB_TO_HOST || direction == VB_TO_GUEST) {
		put_big_endian(o, VB_TAG_DIRECTION, 4);
		put_big_endian(o, 0, direction == VB_TO_GUEST);
	}
	put_big_endian(o, VB_TAG_END, 0);
}

static void put_record(struct vb_out *o, const struct vb_event *ev, struct plan *p)
{
	struct vb_record_header h = ev->hdr;
	size_t header_pos, ext_pos;

	put_tags(o, h.direction);
	header_pos = o->pos;
	o->pos += sizeof(h);
	if (p->cap_len)
		vb_out_put(o, ev->data, p->cap_len);
	vb_out_padding(o);
	ext_pos = o->pos;
	put_external(o, ev, p);
	/* Only now is it known what was cut. */
	h.magic = VB_RECORD_MAGIC;
	h.header_len = VB_RECORD_HEADER_LEN;
	h.cap_len = p->cap_len;
	h.ext_len = (uint32_t)(o->pos - ext_pos);
	h.flags |= p->flags;
	memcpy(o->buf + header_pos, &h, sizeof(h));
}

/* Bytes of ours that were no record when they were read stay as they are. */
static void put_raw(struct vb_out *o, const struct vb_event *ev, struct plan *p)
{
	uint32_t room = VB_SNAPLEN - TAGS_LEN, n = ev->hdr.cap_len;

	put_tags(o, VB_DIR_NONE);
	p->orig_len = TAGS_LEN + (uint64_t)n;
	if (n)
		vb_out_put(o, ev->data, n < room ? n : room);
}

static void put_packet_options(struct vb_out *o, const struct vb_record_header *h)
{
	uint32_t value;

	if (h->direction == VB_TO_HOST || h->direction == VB_TO_GUEST) {
		value = h->direction == VB_TO_HOST ? VB_EPB_OUTBOUND : VB_EPB_INBOUND;
		vb_out_option(o, VB_OPT_EPB_FLAGS, &value, sizeof(value));
	}
	if (h->lost)
		vb_out_option64(o, VB_OPT_EPB_DROPCOUNT, h->lost);
	value = h->subchannel;
	vb_out_option(o, VB_OPT_EPB_QUEUE, &value, sizeof(value));
	vb_out_32(o, VB_OPT_END);
}

static int put_packet(struct vb_out *o, const struct vb_event *ev, uint32_t interface,
		      struct vb_err *err)
{
	bool raw = !ev->hdr.magic && !ev->hdr.kind;
	size_t start, lengths_pos;
	uint32_t cap_len, orig_len;
	struct plan p;
	int rc;

	make_plan(ev, TAGS_LEN + (ev->hdr.direction ? TAGS_DIRECTION_LEN : 0), &p);
	rc = vb_out_begin(o, VB_BLOCK_PACKET, p.max_len, err);
	if (rc)
		return rc;
	vb_out_32(o, interface);
	vb_out_32(o, (uint32_t)(ev->time_ns >> 32));
	vb_out_32(o, (uint32_t)ev->time_ns);
	lengths_pos = o->pos;
	o->pos += 8;
	start = o->pos;
	if (raw)
		put_raw(o, ev, &p);
	else
		put_record(o, ev, &p);
	cap_len = (uint32_t)(o->pos - start);
	orig_len = p.orig_len < UINT32_MAX ? (uint32_t)p.orig_len : UINT32_MAX;
	memcpy(o->buf + lengths_pos, &cap_len, sizeof(cap_len));
	memcpy(o->buf + lengths_pos + 4, &orig_len, sizeof(orig_len));
	vb_out_padding(o);
	put_packet_options(o, &ev->hdr);
	vb_out_end(o);
	return 0;
}

int vb_trace_writer_event(struct vb_trace_writer *w, const struct vb_event *ev, struct vb_err *err)
{
	uint32_t interface;
	int rc;

	if ((ev->hdr.cap_len && !ev->data) || (ev->hdr.ext_len && !ev->ext))
		return vb_fail(err, -EINVAL, "%s: a record has lengths but no bytes", w->out.name);
	rc = interface_of_event(w, &ev->hdr, &interface, err);
	if (!rc)
		rc = put_packet(&w->out, ev, interface, err);
	if (rc)
		return rc;
	if (ev->time_ns > w->last_ns)
		w->last_ns = ev->time_ns;
	return w->flush_each ? vb_out_flush(&w->out, err) : 0;
}

/* ---- the file ---- */

int vb_trace_writer_flush(struct vb_trace_writer *w, struct vb_err *err)
{
	return vb_out_flush(&w->out, err);
}

int vb_trace_writer_tick(struct vb_trace_writer *w, uint64_t now_ns, uint64_t max_age_ns,
			 struct vb_err *err)
{
	return vb_out_tick(&w->out, now_ns, max_age_ns, err);
}

uint64_t vb_trace_writer_size(const struct vb_trace_writer *w)
{
	return w->out.written + w->out.len;
}

/* ---- the end ---- */

/* Several devices may share one interface: their numbers are added up first. */
static int add_statistics(struct vb_trace_writer *w, const struct vb_device_stats *stats, size_t n,
			  struct vb_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct interface *sum;
		uint32_t interface;
		int rc = find_interface(w, &stats[i].dev, &interface, err);

		if (rc)
			return rc;
		sum = &w->interfaces[interface];
		sum->received += stats[i].received;
		sum->lost += stats[i].lost;
		sum->delivered += stats[i].delivered;
		sum->filtered += stats[i].filtered;
		sum->has_statistics = true;
	}
	return 0;
}

/*
 * ifrecv: seen by the probes. ifdrop: 0, the bus itself loses nothing. osdrop: lost between kernel
 * and user space. usrdeliv: delivered. filteraccept: all but what the probes left out, where they did.
 * The time is that of the last event.
 */
static int put_statistics(struct vb_trace_writer *w, uint32_t interface, struct vb_err *err)
{
	const struct interface *i = &w->interfaces[interface];
	struct vb_out *o = &w->out;
	int rc;

	if (!i->has_statistics)
		return 0;
	rc = vb_out_begin(o, VB_BLOCK_STATISTICS, 0, err);
	if (rc)
		return rc;
	vb_out_32(o, interface);
	vb_out_32(o, (uint32_t)(w->last_ns >> 32));
	vb_out_32(o, (uint32_t)w->last_ns);
	vb_out_option64(o, VB_OPT_ISB_IFRECV, i->received);
	vb_out_option64(o, VB_OPT_ISB_IFDROP, 0);
	if (i->filtered)
		vb_out_option64(o, VB_OPT_ISB_FILTERACCEPT, i->received - i->filtered);
	vb_out_option64(o, VB_OPT_ISB_OSDROP, i->lost);
	vb_out_option64(o, VB_OPT_ISB_USRDELIV, i->delivered);
	vb_out_32(o, VB_OPT_END);
	vb_out_end(o);
	return 0;
}

int vb_trace_writer_close(struct vb_trace_writer *w, const struct vb_device_stats *stats, size_t n,
			  struct vb_err *err)
{
	int rc = add_statistics(w, stats, n, err);

	for (uint32_t i = 0; !rc && i < w->n_interfaces; i++)
		rc = put_statistics(w, i, err);
	if (!rc)
		rc = vb_out_flush(&w->out, err);
	if (!rc)
		rc = vb_out_close(&w->out, err);
	vb_trace_writer_abandon(w);
	return rc;
}

void vb_trace_writer_abandon(struct vb_trace_writer *w)
{
	if (!w)
		return;
	vb_out_done(&w->out);
	vb_device_index_done(&w->index);
	free(w->interfaces);
	free(w->filter);
	free(w->os);
	free(w);
}

/* ---- the beginning ---- */

static int copy_string(const char *s, char **ret)
{
	*ret = NULL;
	if (!s || !s[0])
		return 0;
	*ret = strdup(s);
	return *ret ? 0 : -ENOMEM;
}

/* Section and bus interface go out at once: the file is a good one from its first moment. */
static int put_beginning(struct vb_trace_writer *w, const struct vb_trace_writer_options *opt,
			 struct vb_err *err)
{
	static const struct vb_device bus = { .driver = "hv_vmbus", .name = "control messages" };
	int rc = put_section(&w->out, opt, err);

	if (!rc)
		rc = find_interface(w, &bus, &w->last_interface, err);
	return rc ? rc : vb_out_flush(&w->out, err);
}

int vb_trace_writer_open(const char *path, const struct vb_trace_writer_options *opt,
			 struct vb_trace_writer **ret, struct vb_err *err)
{
	struct vb_trace_writer *w = calloc(1, sizeof(*w));
	int rc = -ENOMEM;

	if (w && !copy_string(opt->filter, &w->filter) && !copy_string(opt->os, &w->os)) {
		w->flush_each = opt->flush_each;
		rc = vb_out_open(&w->out, path, err);
	} else {
		vb_fail(err, rc, "not enough memory to write %s", path);
	}
	if (!rc)
		rc = put_beginning(w, opt, err);
	if (rc) {
		vb_trace_writer_abandon(w);
		return rc;
	}
	*ret = w;
	return 0;
}
