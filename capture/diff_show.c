/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The differences, decoded: their records are read once more, since only hashes were kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/diff.h"

#define WAIT_MS 200

/* A record that is shown. */
struct kept {
	struct vb_buf text; /* in the form of -T */
	struct vb_frame frame;
	uint8_t *data;		      /* of the frame, when its fields will be compared */
	struct vb_diff_kept *outside; /* likewise */
};

struct wanted {
	uint32_t number;
	size_t found;
};

struct showing {
	struct vb_diffing *d;
	struct vb_buf *out;
	struct kept *kept[2]; /* one for each difference */
	struct wanted *wanted;
	bool any_field;
	bool is_outside; /* the field that differs, in that message */
	uint32_t message;
};

/* ---- fetching ---- */

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static size_t list_wanted(struct showing *s, unsigned int side)
{
	const struct vb_diffing *d = s->d;
	size_t n = 0;

	for (size_t i = 0; i < d->n_found; i++)
		if (d->found[i].number[side])
			s->wanted[n++] = (struct wanted){ d->found[i].number[side], i };
	qsort(s->wanted, n, sizeof(*s->wanted), compare_wanted);
	return n;
}

static int keep(struct showing *s, unsigned int side, size_t i, struct vb_show *show,
		struct vb_decoder *decoder)
{
	struct kept *k = &s->kept[side][i];

	vb_show_record(show, decoder, &k->text);
	if (k->text.failed)
		return -ENOMEM;
	if (!s->d->found[i].number[1 - side])
		return 0;
	k->frame = decoder->frame;
	k->data = malloc((size_t)k->frame.cap_len + 1);
	if (!k->data)
		return -ENOMEM;
	if (k->frame.cap_len > 0)
		memcpy(k->data, k->frame.data, k->frame.cap_len);
	k->frame.data = k->data;
	return vb_diff_kept_new(decoder, &k->outside);
}

static int fetch_all(struct showing *s, unsigned int side, struct vb_show *show,
		     struct vb_decoder *decoder)
{
	struct vb_source *src = s->d->input[side].source;
	size_t n = list_wanted(s, side), next = 0;
	struct vb_event ev;
	int rc = 1;

	while (next < n && (rc > 0 || rc == -EAGAIN)) {
		rc = src->ops->next(src, WAIT_MS, &ev, &s->d->err);
		if (rc <= 0)
			continue;
		vb_time_text_see(&show->time, ev.time_ns);
		vb_decoder_begin(decoder, &ev);
		if (ev.number == s->wanted[next].number)
			rc = keep(s, side, s->wanted[next++].found, show, decoder);
		if (rc < 0)
			return vb_fail(&s->d->err, rc, "not enough memory");
		rc = 1;
		if (!decoder->learned)
			vb_decoder_walk(decoder, 0, NULL);
	}
	return rc < 0 ? rc : 0;
}

static int fetch(struct showing *s, unsigned int side)
{
	struct vb_decoder decoder = { 0 };
	struct vb_show show;
	int rc = vb_show_init(&show, s->d->opt, &s->d->err);

	if (rc == 0)
		rc = vb_source_file_rewind(s->d->input[side].source, &s->d->err);
	if (rc == 0 && vb_decoder_init(&decoder, NULL) < 0)
		rc = vb_fail(&s->d->err, -ENOMEM, "not enough memory");
	if (rc == 0)
		rc = fetch_all(s, side, &show, &decoder);
	vb_decoder_done(&decoder);
	vb_show_done(&show);
	return rc;
}

/* ---- fields ---- */

static void field_text(void *ctx, const struct vb_diff *diff)
{
	static const char none[] = "(none)";
	struct showing *s = ctx;

	s->any_field = true;
	vb_buf_str(s->out, "\t");
	if (s->is_outside)
		vb_buf_fmt(s->out, "outside[%u]: ", s->message);
	vb_buf_fmt(s->out, "%s: %s -> %s%s\n", diff->path, diff->text[0] ? diff->text[0] : none,
		   diff->text[1] ? diff->text[1] : none, diff->ignored ? " (may differ)" : "");
}

static void field_json(void *ctx, const struct vb_diff *diff)
{
	struct showing *s = ctx;

	vb_buf_str(s->out, s->any_field ? ",{\"field\":" : "{\"field\":");
	s->any_field = true;
	vb_buf_json(s->out, diff->path);
	if (s->is_outside)
		vb_buf_fmt(s->out, ",\"outside\":%u", s->message);
	for (unsigned int side = 0; side < 2; side++) {
		if (!diff->text[side])
			continue;
		vb_buf_str(s->out, side == 0 ? ",\"a\":" : ",\"b\":");
		vb_buf_json(s->out, diff->text[side]);
	}
	vb_buf_str(s->out, diff->ignored ? ",\"ignored\":true}" : "}");
}

static int compare_fields(struct showing *s, size_t i, bool json)
{
	const struct vb_options *opt = s->d->opt;
	const struct vb_frame *a = &s->kept[0][i].frame, *b = &s->kept[1][i].frame;
	struct vb_compare how = {
		.ignore = opt->ignore,
		.n_ignore = opt->n_ignore,
		.differs = json ? field_json : field_text,
		.ctx = s,
	};
	struct vb_compared result;
	int rc;

	s->any_field = s->is_outside = false;
	rc = vb_compare(vb_root_proto(a->kind), a, b, &how, &result);
	s->is_outside = true;
	if (rc == 0)
		rc = vb_diff_kept_compare(s->kept[0][i].outside, s->kept[1][i].outside, &how,
					  &s->message);
	return rc;
}

/* ---- a difference ---- */

static const char *what_of(const struct vb_diff_found *f)
{
	if (!f->number[1])
		return "missing";
	return f->number[0] ? "different" : "extra";
}

static int put_text(struct showing *s, size_t i)
{
	const struct vb_diff_found *f = &s->d->found[i];

	for (unsigned int side = 0; side < 2; side++) {
		const struct vb_buf *text = &s->kept[side][i].text;

		if (!f->number[side])
			continue;
		vb_buf_fmt(s->out, "%c %u ", side == 0 ? '-' : '+', f->number[side]);
		vb_buf_add(s->out, text->data, text->len);
	}
	return f->number[0] && f->number[1] ? compare_fields(s, i, false) : 0;
}

static int put_json(struct showing *s, size_t i)
{
	const struct vb_diff_found *f = &s->d->found[i];
	int rc = 0;

	vb_buf_fmt(s->out, "{\"schema\":%d,\"difference\":\"%s\",\"device\":\"", VB_JSON_SCHEMA,
		   what_of(f));
	vb_diff_device_name(s->out, &s->d->devices[f->device].dev);
	vb_buf_fmt(s->out, "\",\"direction\":\"%s\"", vb_diff_direction(f->direction));
	for (unsigned int side = 0; side < 2; side++) {
		const struct vb_buf *text = &s->kept[side][i].text;

		if (!f->number[side] || text->len == 0)
			continue;
		vb_buf_str(s->out, side == 0 ? ",\"a\":" : ",\"b\":");
		vb_buf_add(s->out, text->data, text->len - 1); /* no end of line */
	}
	if (f->number[0] && f->number[1]) {
		vb_buf_str(s->out, ",\"fields\":[");
		rc = compare_fields(s, i, true);
		vb_buf_str(s->out, "]");
	}
	vb_buf_str(s->out, "}\n");
	return rc;
}

static int compare_found(const void *a, const void *b)
{
	const struct vb_diff_found *x = a, *y = b;
	uint32_t nx = x->number[x->number[0] == 0], ny = y->number[y->number[0] == 0];

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return nx < ny ? -1 : nx > ny;
}

static int put_all(struct showing *s)
{
	bool json = s->d->opt->form == VB_FORM_JSON;
	int rc = 0;

	for (size_t i = 0; i < s->d->n_found && rc == 0; i++) {
		rc = json ? put_json(s, i) : put_text(s, i);
		if (rc < 0)
			return vb_fail(&s->d->err, rc, "not enough memory");
		rc = vb_report_next(s->d->report);
		if (rc < 0)
			return vb_fail(&s->d->err, rc, "cannot write to standard output: %s",
				       strerror(-rc));
	}
	return rc;
}

static void done(struct showing *s)
{
	for (unsigned int side = 0; side < 2; side++) {
		for (size_t i = 0; s->kept[side] && i < s->d->n_found; i++) {
			vb_buf_done(&s->kept[side][i].text);
			free(s->kept[side][i].data);
			vb_diff_kept_free(s->kept[side][i].outside);
		}
		free(s->kept[side]);
	}
	free(s->wanted);
}

int vb_diff_show(struct vb_diffing *d)
{
	struct showing s = { .d = d, .out = &d->report->out };
	int rc = 0;

	if (d->opt->form == VB_FORM_NONE || d->n_found == 0)
		return 0;
	qsort(d->found, d->n_found, sizeof(*d->found), compare_found);
	s.kept[0] = calloc(d->n_found, sizeof(*s.kept[0]));
	s.kept[1] = calloc(d->n_found, sizeof(*s.kept[1]));
	s.wanted = calloc(d->n_found, sizeof(*s.wanted));
	if (!s.kept[0] || !s.kept[1] || !s.wanted)
		rc = vb_fail(&d->err, -ENOMEM, "not enough memory");
	if (rc == 0)
		rc = fetch(&s, 0);
	if (rc == 0)
		rc = fetch(&s, 1);
	if (rc == 0)
		rc = put_all(&s);
	done(&s);
	return rc;
}
