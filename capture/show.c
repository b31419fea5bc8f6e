/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/show.h"

#include <inttypes.h>
#include <string.h>

#include "capture/digits.h"
#include "capture/hexdump.h"

/* ---- set-up ---- */

struct need {
	bool (*needs)(const void *ctx, const char *name);
	const void *ctx;
};

static bool needs_inside(const struct need *n, const struct vb_row *rows)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END; row++)
		if ((row->type == VB_PAYLOAD && row->proto && n->needs(n->ctx, row->proto)) ||
		    needs_inside(n, row->rows))
			return true;
	return false;
}

/* A protocol of messages outside the ring, or one inside it. */
static bool needs_outside(const struct need *n, const struct vb_proto *proto)
{
	if (!proto->repeats && !proto->by_request)
		return false;
	if (n->needs(n->ctx, proto->name))
		return true;
	for (const struct vb_msg *m = proto->msgs; m && m->name; m++)
		if (needs_inside(n, m->rows))
			return true;
	return false;
}

unsigned int vb_parts_needed(bool (*needs)(const void *ctx, const char *name), const void *ctx)
{
	unsigned int parts = VB_PART_ROOT;
	size_t n;
	const struct vb_proto *const *protos = vb_protos(&n);

	if (needs(ctx, "hv_record"))
		parts |= VB_PART_RECORD;
	if (needs(ctx, "hv_ext"))
		parts |= VB_PART_EXT;
	if (needs(ctx, "hv_link"))
		parts |= VB_PART_LINK;
	for (size_t i = 0; i < n; i++)
		if (needs_outside(&(struct need){ needs, ctx }, protos[i]))
			parts |= VB_PART_INNER;
	return parts;
}

static bool fields_need(const void *ctx, const char *name)
{
	return vb_fields_out_needs(ctx, name);
}

int vb_show_init(struct vb_show *s, const struct vb_options *opt, struct vb_err *err)
{
	int rc;

	*s = (struct vb_show){ .opt = opt, .time = { .format = opt->time } };
	switch (opt->form) {
	case VB_FORM_NONE:
		return 0;
	case VB_FORM_TEXT:
		s->parts = VB_PART_ROOT;
		if (opt->verbose > 0)
			s->parts |= VB_PART_EXT | VB_PART_INNER | VB_PART_LINK;
		if (opt->verbose > 1)
			s->parts |= VB_PART_RECORD;
		return 0;
	case VB_FORM_JSON:
		s->parts = VB_PART_ALL;
		return 0;
	case VB_FORM_FIELDS:
		break;
	}
	rc = vb_fields_out_new(opt->fields, opt->n_fields, &s->fields, err);
	if (rc == 0)
		s->parts = vb_parts_needed(fields_need, s->fields);
	return rc;
}

void vb_show_done(struct vb_show *s)
{
	vb_fields_out_free(s->fields);
	vb_json_done(&s->json);
}

/* ---- a line of text ---- */

static void put_direction(struct vb_buf *out, const struct vb_frame *f)
{
	if (f->direction == VB_TO_HOST)
		vb_buf_str(out, " guest > host: ");
	else if (f->direction == VB_TO_GUEST)
		vb_buf_str(out, " host > guest: ");
	else if (f->kind == VB_KIND_STATE)
		vb_buf_str(out, " state: ");
	else if (f->kind == VB_KIND_EVENT)
		vb_buf_str(out, " event: ");
	else
		vb_buf_str(out, ": ");
}

static void show_line(struct vb_show *s, struct vb_decoder *d, struct vb_buf *out)
{
	struct vb_sink sink = vb_text_summary(&s->text, out);
	size_t before = out->len;

	vb_time_text_add(&s->time, out, d->ev->time_ns, d->ev->hdr.mono_ns);
	if (out->len > before)
		vb_buf_add(out, " ", 1);
	vb_text_channel(out, &d->frame);
	put_direction(out, &d->frame);
	before = out->len;
	vb_decoder_walk(d, VB_PART_ROOT | VB_PART_INNER, &sink);
	vb_link_notes(&d->link, &sink);
	if (out->len > before)
		vb_buf_add(out, ", ", 2);
	vb_buf_add(out, "length ", 7);
	vb_digits_add(out, d->ev->hdr.wire_len);
	vb_text_marks(out, &d->ev->hdr, d->ev->malformed);
	vb_buf_add(out, "\n", 1);
}

static void show_text(struct vb_show *s, struct vb_decoder *d, struct vb_buf *out)
{
	struct vb_sink sink;

	show_line(s, d, out);
	if (s->opt->verbose > 0) {
		sink = vb_text_tree(&s->text, out, s->opt->verbose > 1);
		s->text.depth = 1;
		vb_decoder_walk(d, s->parts, &sink);
	}
	if (!s->opt->hex)
		return;
	vb_hexdump(out, d->ev->data, d->ev->hdr.cap_len);
	vb_hexdump_external(out, d->ev->ext, d->ev->hdr.ext_len);
}

/* ---- JSON ---- */

static void show_json(struct vb_show *s, struct vb_decoder *d, struct vb_buf *out)
{
	struct vb_sink sink = vb_json_sink(&s->json);
	size_t before;

	vb_buf_str(out, "{\"schema\":");
	vb_digits_add(out, VB_JSON_SCHEMA);
	vb_buf_str(out, ",\"number\":");
	vb_digits_add(out, d->ev->number);
	vb_buf_str(out, ",\"time\":\"");
	vb_time_iso(out, d->ev->time_ns);
	vb_buf_add(out, "\",", 2);
	before = out->len;
	vb_decoder_walk(d, s->parts, &sink);
	vb_json_flush(&s->json, out);
	if (out->len > before)
		vb_buf_add(out, ",", 1);
	if (d->ev->malformed) {
		vb_buf_str(out, "\"malformed\":");
		vb_buf_json(out, d->ev->malformed);
		vb_buf_add(out, ",", 1);
	}
	if (s->opt->hex) {
		vb_buf_str(out, "\"raw\":\"");
		if (d->ev->hdr.cap_len > 0)
			vb_buf_hex(out, d->ev->data, d->ev->hdr.cap_len);
		vb_buf_str(out, "\",");
	}
	vb_buf_str(out, "\"unexplained\":");
	vb_digits_add(out, d->unexplained);
	vb_buf_str(out, "}\n");
}

/* ---- any form ---- */

static void show_fields(struct vb_show *s, struct vb_decoder *d, struct vb_buf *out)
{
	struct vb_sink sink = vb_fields_out_sink(s->fields);

	vb_fields_out_begin(s->fields, d->ev->number);
	vb_decoder_walk(d, s->parts, &sink);
	vb_fields_out_line(s->fields, &s->time, d->ev, out);
}

void vb_show_record(struct vb_show *s, struct vb_decoder *d, struct vb_buf *out)
{
	switch (s->opt->form) {
	case VB_FORM_TEXT:
		show_text(s, d, out);
		break;
	case VB_FORM_JSON:
		show_json(s, d, out);
		break;
	case VB_FORM_FIELDS:
		show_fields(s, d, out);
		break;
	case VB_FORM_NONE:
		break;
	}
}
