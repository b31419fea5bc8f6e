/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Record headers: of what was captured, and of events made here. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source_bpf.h"

/* ---- captured ---- */

static void set_kind(uint16_t type, struct vb_record_header *h)
{
	switch (type) {
	case VB_BPF_WRITE:
		h->kind = VB_KIND_PACKET;
		h->direction = VB_TO_HOST;
		break;
	case VB_BPF_READ:
		h->kind = VB_KIND_PACKET;
		h->direction = VB_TO_GUEST;
		break;
	case VB_BPF_POST:
		h->kind = VB_KIND_CONTROL;
		h->direction = VB_TO_HOST;
		break;
	case VB_BPF_MESSAGE:
		h->kind = VB_KIND_CONTROL;
		h->direction = VB_TO_GUEST;
		break;
	default:
		h->kind = VB_KIND_EVENT;
		h->direction = type == VB_BPF_SIGNAL ? VB_TO_HOST : VB_TO_GUEST;
	}
}

void vb_merged_header(const struct vb_merged *it, uint64_t capture_id, struct vb_record_header *h)
{
	const struct vb_bpf_record *rec = &it->rec;

	memset(h, 0, sizeof(*h));
	h->magic = VB_RECORD_MAGIC;
	h->header_len = VB_RECORD_HEADER_LEN;
	h->relid = rec->relid;
	h->subchannel = (uint16_t)rec->subchannel;
	h->cpu = rec->cpu;
	h->result = (uint32_t)rec->result;
	h->seq = it->seq;
	h->wire_len = rec->wire_len;
	h->cap_len = rec->cap_len;
	h->ext_wire_len = rec->ext_wire_len;
	h->ext_len = rec->ext_len;
	h->ring_size = rec->ring_size;
	h->ring_pos = rec->ring_pos;
	h->ring_read = rec->ring_read;
	h->lost = it->lost;
	h->capture = capture_id;
	h->mono_ns = rec->time_ns;
	memcpy(h->device, rec->instance, sizeof(h->device));
	set_kind(rec->type, h);
	if (rec->result)
		h->flags |= VB_REC_FAILED;
	if (rec->cap_len < rec->wire_len)
		h->flags |= VB_REC_CUT;
	if (rec->flags & VB_BPF_F_EXT_CUT)
		h->flags |= VB_REC_EXT_CUT;
}

void vb_merged_patch(struct vb_merged *it)
{
	uint64_t id = it->rec.flags & VB_BPF_F_TRANS_ID ? it->rec.trans_id : 0;

	if (it->rec.type == VB_BPF_WRITE && it->rec.cap_len >= 16)
		memcpy(it->data + 8, &id, sizeof(id));
}

const uint8_t *vb_merged_signal(const struct vb_merged *it, struct vb_record_header *h)
{
	static const uint8_t keys[2][4] = { { VB_EVENT_GUEST_SIGNAL },
					    { VB_EVENT_HOST_INTERRUPT } };

	h->wire_len = h->cap_len = sizeof(keys[0]);
	return keys[it->rec.type == VB_BPF_INTERRUPT];
}

/* ---- made here ---- */

struct vb_made *vb_made_new(uint64_t capture_id, uint64_t mono_ns, uint8_t kind, const void *data,
			    uint32_t len)
{
	struct vb_made *m = calloc(1, sizeof(*m) + len);

	if (!m)
		return NULL;
	m->hdr.magic = VB_RECORD_MAGIC;
	m->hdr.header_len = VB_RECORD_HEADER_LEN;
	m->hdr.kind = kind;
	m->hdr.seq = VB_SEQ_SYNTHESIZED;
	m->hdr.wire_len = m->hdr.cap_len = len;
	m->hdr.ring_pos = VB_RING_POS_UNKNOWN;
	m->hdr.capture = capture_id;
	m->hdr.mono_ns = mono_ns;
	memcpy(m->data, data, len);
	return m;
}

struct vb_made *vb_made_keyed(uint64_t capture_id, uint64_t mono_ns, uint8_t kind, uint16_t key,
			      const void *value, uint16_t len)
{
	uint8_t data[4 + VB_MADE_MAX_VALUE] = { (uint8_t)key, (uint8_t)(key >> 8), (uint8_t)len,
						(uint8_t)(len >> 8) };

	if (len)
		memcpy(data + 4, value, len);
	return vb_made_new(capture_id, mono_ns, kind, data, 4 + ((len + 3u) & ~3u));
}

void vb_made_append(struct vb_made_list *l, struct vb_made *m)
{
	*l->end = m;
	l->end = &m->next;
}

void vb_made_prepend(struct vb_made_list *l, struct vb_made_list *first)
{
	if (!first->first)
		return;
	*first->end = l->first;
	if (!l->first)
		l->end = first->end;
	l->first = first->first;
}

struct vb_made *vb_made_take(struct vb_made_list *l)
{
	struct vb_made *m = l->first;

	l->first = m->next;
	if (!l->first)
		l->end = &l->first;
	return m;
}

void vb_made_free(struct vb_made_list *l)
{
	struct vb_made *m, *next;

	for (m = l->first; m; m = next) {
		next = m->next;
		free(m);
	}
	l->first = NULL;
	l->end = &l->first;
}

/* ---- the beginning of a file ---- */

struct beginning {
	struct vb_made_list *list;
	const struct vb_table *table;
	uint64_t capture_id, mono_ns;
};

static int add(struct vb_made_list *l, struct vb_made *m)
{
	if (!m)
		return -ENOMEM;
	m->hdr.flags = VB_REC_SYNTHESIZED;
	vb_made_append(l, m);
	return 0;
}

static int add_version(const struct beginning *b)
{
	const uint32_t *version = &b->table->version;

	if (!*version)
		return 0;
	return add(b->list, vb_made_keyed(b->capture_id, b->mono_ns, VB_KIND_STATE,
					  VB_STATE_VMBUS_VERSION, version, sizeof(*version)));
}

static int add_offers(const struct beginning *b, bool sub_channels)
{
	const struct vb_chan *ch;
	struct vb_made *m;
	int rc = 0;

	for (ch = b->table->chan; ch < b->table->chan + VB_BPF_MAX_RELIDS && !rc; ch++) {
		if (!ch->known || ch->gone || !ch->offer_len || !ch->subchannel == sub_channels)
			continue;
		m = vb_made_new(b->capture_id, b->mono_ns, VB_KIND_CONTROL, ch->offer,
				ch->offer_len);
		rc = add(b->list, m);
		if (!rc)
			m->hdr.direction = VB_TO_GUEST;
	}
	return rc;
}

/* Of the device of a primary channel. */
static int add_of_device(const struct beginning *b, uint32_t relid, struct vb_made *m)
{
	const struct vb_chan *ch = &b->table->chan[relid];
	int rc = add(b->list, m);

	if (rc)
		return rc;
	m->hdr.relid = relid;
	m->hdr.class = ch->class;
	memcpy(m->hdr.device, ch->instance, sizeof(m->hdr.device));
	return 0;
}

/* What network devices agreed on with the host: their packets are read by that. */
static int add_networks(const struct beginning *b, const struct vb_bpf_channel *channels)
{
	int rc = 0;

	for (uint32_t i = 0; i < VB_BPF_MAX_RELIDS && !rc; i++) {
		const struct vb_chan *ch = &b->table->chan[i];
		const struct vb_bpf_net *net = &channels[i].net;
		const uint32_t items[] = {
			4 << 16 | VB_STATE_PROTO_VERSION, net->version,
			4 << 16 | VB_STATE_RECV_SECTION,  net->recv_section,
			4 << 16 | VB_STATE_SEND_SECTION,  net->send_section,
			4 << 16 | VB_STATE_RECV_BUF_ID,	  net->recv_id,
		};

		if (ch->class == VB_CLASS_NETWORK && !ch->gone && !ch->subchannel && net->version &&
		    channels[i].wanted)
			rc = add_of_device(b, i,
					   vb_made_new(b->capture_id, b->mono_ns, VB_KIND_STATE,
						       items, sizeof(items)));
	}
	return rc;
}

/* Whether a storage device may have agreed on that. */
static bool is_storage_version(const struct vb_chan *ch, uint32_t version)
{
	const struct vb_class_info *class = vb_class_by_code(ch->class);
	const struct vb_name *n;

	if (!vb_class_is_storage(ch->class))
		return false;
	for (n = vb_proto_by_name(class->proto)->versions; n->name; n++)
		if (n->value == version)
			return true;
	return false;
}

/* Likewise storage devices. */
static int add_storage(const struct beginning *b, const struct vb_bpf_channel *channels)
{
	int rc = 0;

	for (uint32_t i = 0; i < VB_BPF_MAX_RELIDS && !rc; i++) {
		const struct vb_chan *ch = &b->table->chan[i];
		const uint32_t version = channels[i].storage;

		if (!ch->gone && !ch->subchannel && channels[i].wanted &&
		    is_storage_version(ch, version))
			rc = add_of_device(b, i,
					   vb_made_keyed(b->capture_id, b->mono_ns, VB_KIND_STATE,
							 VB_STATE_PROTO_VERSION, &version,
							 sizeof(version)));
	}
	return rc;
}

static int add_bypass(const struct beginning *b, uint32_t relid, const uint32_t *value)
{
	return add_of_device(b, relid,
			     vb_made_keyed(b->capture_id, b->mono_ns, VB_KIND_EVENT,
					   VB_EVENT_BYPASS, value, sizeof(*value)));
}

static int add_bypasses(const struct beginning *b, const struct vb_bpf_channel *channels)
{
	int rc = 0;

	for (uint32_t i = 0; i < VB_BPF_MAX_RELIDS && !rc; i++) {
		const struct vb_chan *ch = &b->table->chan[i];

		if (!channels[i].wanted)
			continue;
		if (ch->bypassed)
			rc = add_bypass(b, i, &vb_bypass_user_space);
		if (!rc && ch->on_vf && !ch->gone)
			rc = add_bypass(b, i, &vb_bypass_vf);
	}
	return rc;
}

int vb_made_beginning(struct vb_made_list *l, const struct vb_table *t,
		      const struct vb_bpf_channel *channels, uint64_t capture_id, uint64_t mono_ns)
{
	struct beginning b = { l, t, capture_id, mono_ns };
	int rc = add_version(&b);

	if (!rc)
		rc = add_networks(&b, channels);
	if (!rc)
		rc = add_storage(&b, channels);
	if (!rc)
		rc = add_offers(&b, false);
	if (!rc)
		rc = add_offers(&b, true);
	return rc ? rc : add_bypasses(&b, channels);
}
