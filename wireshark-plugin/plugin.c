/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin: registration, what is known across frames, and the dissector of a record.
 *
 * Wireshark reads a file from front to back once; that is when the session learns. Afterwards
 * frames are shown in any order, with what was found out about each of them then.
 */
#include <string.h>

#include "wireshark-plugin/plugin.h"

/* What the first pass found out about a frame. */
struct seen {
	struct vb_frame frame;
	struct vb_link link;
	wmem_array_t *recalled; /* uint32_t, by each message outside; NULL: there is none */
};

/* Wireshark's callbacks carry no context of ours: this is the one that there is. */
static struct {
	struct vb_binding binding;
	struct vb_talk talk;
	struct vb_session *session;
	wmem_map_t *seen; /* frame number -> struct seen */
	vb_pref_bool shows_header, hands_over, views_scsi;
	dissector_handle_t iscsi;
	const char *taken; /* why nothing was registered */
} plugin;

static void begin_file(void)
{
	vb_session_free(plugin.session);
	plugin.session = vb_session_new(65536 /* open requests */);
}

static struct seen *find_seen(uint64_t number)
{
	return number ? wmem_map_lookup(plugin.seen, GUINT_TO_POINTER((guint32)number)) : NULL;
}

/* ---- a record ---- */

struct dissection {
	packet_info *pinfo;
	proto_tree *tree;
	tvbuff_t *tvb;	/* the record */
	uint8_t *bytes; /* the same */
	struct vb_record rec;
	struct vb_frame frame;
	struct vb_link link;
	wmem_array_t *recalled;
	struct vb_walked walked;
	struct vb_sink sink;
	struct vb_tree_sink tree_sink;
};

/* A record that had to be repaired is shown as that, in a pane of its own. */
static void read_record(struct dissection *d)
{
	uint32_t len = tvb_captured_length(d->tvb);
	expert_field id = plugin.binding.malformed;

	d->bytes = tvb_memdup(d->pinfo->pool, d->tvb, 0, len);
	vb_record_read(d->bytes, len, &d->rec);
	if (!d->rec.n_malformed)
		return;
	if (d->rec.hdr.magic == VB_RECORD_MAGIC)
		memcpy(d->bytes, &d->rec.hdr, VB_RECORD_HEADER_LEN);
	d->tvb = tvb_new_child_real_data(d->tvb, d->bytes, len, (int)len);
	add_new_data_source(d->pinfo, d->tvb, "Repaired record");
	proto_tree_add_expert_format(d->tree, d->pinfo, &id, d->tvb, 0, -1, "%s", d->rec.malformed);
}

static void prepare(struct dissection *d)
{
	const struct seen *seen = find_seen(d->pinfo->num);

	vb_frame_from_header(&d->frame, &d->rec.hdr);
	if (seen) {
		d->frame = seen->frame;
		d->link = seen->link;
		d->recalled = seen->recalled;
	} else {
		d->frame.number = d->pinfo->num;
		d->frame.time_ns = (uint64_t)d->pinfo->abs_ts.secs * 1000000000u +
				   (uint64_t)d->pinfo->abs_ts.nsecs;
		d->frame.data = d->rec.data;
		vb_session_prepare(plugin.session, &d->frame);
	}
	d->frame.data = d->rec.data;
}

/* Places in the tree are places in the record, but for what was put together from several. */
static tvbuff_t *tvb_of(const struct dissection *d, const struct vb_frame *f)
{
	const uint8_t *end = d->bytes + tvb_captured_length(d->tvb);
	int len = (int)MIN(f->wire_len, G_MAXINT);
	tvbuff_t *tvb;

	if (f->data >= d->bytes && f->data <= end)
		return tvb_new_subset_length_caplen(d->tvb, (int)(f->data - d->bytes),
						    (int)f->cap_len, len);
	tvb = tvb_new_child_real_data(d->tvb, f->data, f->cap_len, len);
	add_new_data_source(d->pinfo, tvb, "Joined message");
	return tvb;
}

static void walk(struct dissection *d, const struct vb_proto *proto, const struct vb_frame *f,
		 struct vb_walked *ret)
{
	d->tree_sink.tvb = tvb_of(d, f);
	vb_walk(proto, f, &d->sink, ret);
}

static void begin_inner(const struct dissection *d, struct vb_inner *ret)
{
	uint32_t n = d->rec.ext ? d->rec.hdr.ext_len : 0;

	vb_inner_init(ret, &d->walked, d->rec.ext, n, wmem_alloc(d->pinfo->pool, n));
}

/* What the request of message i had, if it is an answer; remembered for when it is shown again. */
static uint32_t recall(struct dissection *d, const struct vb_walked *w, unsigned int i,
		       const struct vb_frame *of, bool learns)
{
	struct vb_frame f = *of;

	if (!learns)
		return *(uint32_t *)wmem_array_index(d->recalled, i);
	if (!d->recalled)
		d->recalled = wmem_array_sized_new(wmem_file_scope(), sizeof(f.recalled), 1);
	vb_session_recall(plugin.session, w, &f);
	wmem_array_append_one(d->recalled, f.recalled);
	return f.recalled;
}

/* Messages outside the ring; the session learns from them when it has not seen the record. */
static void walk_inner(struct dissection *d, bool learns)
{
	const struct vb_proto *proto;
	unsigned int i = 0;
	struct vb_inner in;
	struct vb_walked w;
	struct vb_frame f;

	begin_inner(d, &in);
	while ((proto = vb_inner_next(&in, &d->frame, &f, &w))) {
		f.recalled = recall(d, &w, i++, &f, learns);
		walk(d, proto, &f, &w);
		if (learns)
			vb_session_learn_inner(plugin.session, &f, &w, &d->link);
	}
}

static void walk_part(struct dissection *d, enum vb_part part)
{
	/* Places in the tree are places in the bytes. */
	bool is_record = d->rec.hdr.magic == VB_RECORD_MAGIC;
	const struct vb_record_header *h = is_record ? (const void *)d->bytes : &d->rec.hdr;
	const struct vb_proto *proto;
	struct vb_walked other;
	struct vb_frame f;

	if (part == VB_PART_RECORD && !plugin.shows_header)
		return;
	proto = vb_part_frame(part, h, d->rec.ext, &d->frame, &f);
	if (proto)
		walk(d, proto, &f, part == VB_PART_ROOT ? &d->walked : &other);
}

/* A frame tells its request that it was answered. */
static void remember(struct dissection *d)
{
	struct seen *seen, *request;

	seen = wmem_new(wmem_file_scope(), struct seen);
	*seen = (struct seen){ d->frame, d->link, d->recalled };
	seen->frame.data = NULL;
	wmem_map_insert(plugin.seen, GUINT_TO_POINTER(d->pinfo->num), seen);
	request = find_seen(d->link.request);
	if (!request)
		return;
	request->link.response = d->pinfo->num;
	if (!request->link.request)
		request->link.latency_ns = d->link.latency_ns;
}

static void fill_columns(const struct dissection *d)
{
	unsigned int n = d->walked.n_layers;
	struct vb_buf line = { 0 };
	struct vb_text text = { 0 };
	struct vb_sink sink = vb_text_summary(&text, &line);
	const struct vb_proto *proto;
	struct vb_walked ignored;
	struct vb_inner in;
	struct vb_frame f;

	vb_walk(vb_root_proto(d->frame.kind), &d->frame, &sink, &ignored);
	begin_inner(d, &in);
	proto = vb_inner_next(&in, &d->frame, &f, &ignored);
	if (proto)
		vb_walk(proto, &f, &sink, &ignored);
	vb_text_marks(&line, &d->rec.hdr, d->rec.malformed);
	if (!proto && n)
		proto = d->walked.layer[n - 1].proto;
	col_set_str(d->pinfo->cinfo, COL_PROTOCOL, proto ? proto->name : VB_NAME);
	col_add_str(d->pinfo->cinfo, COL_INFO, line.len ? line.data : "");
	vb_buf_done(&line);
}

/* Frames whose write failed were never sent: the driver tries again with others. */
static void hand_over(struct dissection *d)
{
	uint32_t ext_len = d->rec.ext ? d->rec.hdr.ext_len : 0;

	vb_talk_hand_over(&plugin.talk, &d->tree_sink, &d->frame);
	if (d->frame.flags & VB_REC_FAILED)
		return;
	vb_frames_hand_over(&d->tree_sink, &d->frame, &d->walked, d->rec.ext, ext_len);
	d->tree_sink.tvb = d->tvb;
	if (plugin.views_scsi)
		vb_scsi_view(plugin.iscsi, vb_bind_find(&plugin.binding, "hv_scsi")->ett,
			     &d->tree_sink, &d->frame, &d->walked, d->rec.ext, ext_len,
			     d->link.request);
}

static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
	struct dissection *d = wmem_new(pinfo->pool, struct dissection);
	bool is_new;

	if (!tvb_captured_length(tvb) || !plugin.session)
		return 0;
	*d = (struct dissection){ .pinfo = pinfo, .tree = tree, .tvb = tvb };
	d->sink = vb_tree_sink_init(&d->tree_sink, &plugin.binding, pinfo, tree);
	read_record(d);
	prepare(d);
	for (enum vb_part part = VB_PART_RECORD; part < VB_PART_INNER; part <<= 1)
		walk_part(d, part);
	is_new = !find_seen(pinfo->num);
	if (is_new) /* each is learned from once */
		vb_session_learn(plugin.session, &d->frame, &d->walked, &d->link);
	walk_inner(d, is_new);
	if (is_new)
		remember(d);
	vb_link_walk(&d->link, &d->sink);
	fill_columns(d);
	vb_talk_about(&plugin.talk, pinfo, &d->frame);
	if (plugin.hands_over)
		hand_over(d);
	return (int)tvb_captured_length(tvb);
}

/* ---- registration ---- */

static void register_preferences(module_t *module)
{
	plugin.shows_header = plugin.hands_over = true;
	prefs_register_bool_preference(module, "header", "Show the record's header",
				       "Where and when it was captured", &plugin.shows_header);
	prefs_register_bool_preference(module, "hand_over", "Use Wireshark's own dissectors",
				       "For payload that has one", &plugin.hands_over);
	prefs_register_bool_preference(module, "scsi",
				       "Show SCSI as Wireshark's dissector reads it",
				       "Beside our own fields: for filters and statistics of scsi",
				       &plugin.views_scsi);
}

static void register_protocols(void)
{
	int proto;

	plugin.taken = vb_bind_taken();
	if (plugin.taken)
		return;
	vb_bind(&plugin.binding);
	proto = vb_bind_find(&plugin.binding, VB_NAME)->id;
	register_dissector(VB_NAME, dissect, proto);
	vb_talk_register(&plugin.talk, proto);
	register_preferences(prefs_register_protocol(proto, NULL));
	plugin.seen = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
					     g_direct_equal);
	register_init_routine(begin_file);
}

static void register_handoff(void)
{
	if (plugin.taken)
		report_warning("The VMBus plugin steps aside: there is a protocol %s already.",
			       plugin.taken);
	else {
		vb_talk_services();
		plugin.iscsi = vb_scsi_handle();
	}
}

static void register_all(void)
{
	static proto_plugin plug = { register_protocols, register_handoff };

	proto_register_plugin(&plug);
}

VB_PLUGIN_ENTRY(register_all)
