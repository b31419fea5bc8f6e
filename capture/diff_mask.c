/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields that may differ (--ignore): zeros stand for them when packets are told apart. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/diff.h"
#include "capture/field_index.h"
#include "capture/suggest.h"

struct vb_diff_mask {
	const struct vb_options *opt;
	struct vb_path path;
	uint8_t *bytes;
	size_t room;
	uint32_t n; /* bytes of the packet at hand */
};

static const char all_inside[] = ".*";

/* Length of the name before ".*", which is the whole name when that does not stand there. */
static size_t name_len(const char *name, bool *ret_inside)
{
	size_t len = strlen(name), tail = sizeof(all_inside) - 1;

	*ret_inside = len > tail && strcmp(name + len - tail, all_inside) == 0;
	return *ret_inside ? len - tail : len;
}

/* "a.b" is a field and all that is inside it, "a.b.*" what is inside only. */
static bool may_differ(const struct vb_options *opt, const char *path)
{
	for (size_t i = 0; i < opt->n_ignore; i++) {
		bool inside;
		size_t len = name_len(opt->ignore[i], &inside);

		if (strncmp(path, opt->ignore[i], len) == 0 &&
		    (path[len] == '.' || (path[len] == '\0' && !inside)))
			return true;
	}
	return false;
}

/* ---- the packet ---- */

static void clear_bits(struct vb_diff_mask *m, const struct vb_item *it)
{
	for (uint32_t bit = it->row->lo; bit < (uint32_t)it->row->lo + it->row->width; bit++)
		if (bit / 8 < it->len && it->off + bit / 8 < m->n)
			m->bytes[it->off + bit / 8] &= (uint8_t) ~(1u << bit % 8);
}

static void mask_field(void *ctx, const struct vb_item *it)
{
	struct vb_diff_mask *m = ctx;

	if (it->row->type == VB_VALUE || it->off >= m->n ||
	    !may_differ(m->opt, vb_path_field(&m->path, it)))
		return;
	if (it->row->type == VB_BIT)
		clear_bits(m, it);
	else
		memset(m->bytes + it->off, 0, it->len < m->n - it->off ? it->len : m->n - it->off);
}

static void mask_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_diff_mask *m = ctx;

	vb_path_open(&m->path, span, it);
}

static void mask_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct vb_diff_mask *m = ctx;

	(void)span;
	(void)it;
	vb_path_close(&m->path);
}

const uint8_t *vb_diff_mask_apply(struct vb_diff_mask *m, const struct vb_proto *proto,
				  const struct vb_frame *f)
{
	struct vb_sink sink = { m, mask_open, mask_field, mask_close, NULL, NULL };
	struct vb_walked ignored;

	m->n = f->cap_len;
	if (m->n > m->room) {
		uint8_t *bigger = realloc(m->bytes, m->n);

		if (!bigger)
			return NULL;
		m->bytes = bigger;
		m->room = m->n;
	}
	if (m->n > 0)
		memcpy(m->bytes, f->data, m->n);
	vb_path_init(&m->path);
	vb_walk(proto, f, &sink, &ignored);
	return m->bytes;
}

/* ---- the names ---- */

static int check_name(const struct vb_field_index *ix, const char *name, struct vb_err *err)
{
	const struct vb_named *first;
	char near[VB_SUGGEST_TEXT];
	bool inside;
	size_t len = name_len(name, &inside);

	if (vb_field_index_find(ix, name, len, &first) > 0)
		return 0;
	vb_field_index_suggest(ix, name, len, near, sizeof(near));
	return vb_fail(err, -EINVAL, "--ignore: there is no field '%s'%s", name,
		       near[0] ? near : "; --list-fields shows all");
}

static int check_names(const struct vb_options *opt, struct vb_err *err)
{
	struct vb_field_index *ix = vb_field_index_new();
	int rc = ix ? 0 : vb_fail(err, -ENOMEM, "not enough memory");

	for (size_t i = 0; i < opt->n_ignore && rc == 0; i++)
		rc = check_name(ix, opt->ignore[i], err);
	vb_field_index_free(ix);
	return rc;
}

int vb_diff_mask_new(const struct vb_options *opt, struct vb_diff_mask **ret, struct vb_err *err)
{
	int rc = 0;

	*ret = NULL;
	if (opt->n_ignore == 0)
		return 0;
	rc = check_names(opt, err);
	if (rc < 0)
		return rc;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return vb_fail(err, -ENOMEM, "not enough memory");
	(*ret)->opt = opt;
	(*ret)->bytes = calloc(1, 1); /* of an empty packet */
	(*ret)->room = 1;
	if ((*ret)->bytes)
		return 0;
	vb_diff_mask_free(*ret);
	*ret = NULL;
	return vb_fail(err, -ENOMEM, "not enough memory");
}

void vb_diff_mask_free(struct vb_diff_mask *m)
{
	if (!m)
		return;
	free(m->bytes);
	free(m);
}
