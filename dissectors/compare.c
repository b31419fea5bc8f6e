/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both frames are walked into lists of fields, the fields paired by name, the pairs compared. The
 * lists are in wire order, and so are the differences.
 */
#include "compare.h"

#include <errno.h>
#include <stdlib.h>

#include "buf.h"
#include "walk.h"

#define NONE UINT32_MAX
#define LEVELS 64 /* of spans; those nested deeper have no part in the name */

struct entry {
	struct vb_item it; /* .row NULL: a gap */
	size_t path;	   /* in fields.paths */
	uint64_t hash;	   /* of the path */
	uint32_t partner;  /* in the other list, or NONE */
};

/* A name being built: that of the innermost protocol begins at start. */
struct level {
	size_t start, end;
};

struct fields {
	struct entry *entry;
	uint32_t n, cap, n_gaps;
	struct vb_buf paths; /* each with its NUL */
	struct vb_buf path;  /* of the spans that are open */
	struct level here, outside[LEVELS];
	unsigned int depth;
	const char *root;
	bool failed;
};

struct job {
	const struct vb_compare *c;
	struct vb_compared *ret;
	const struct vb_frame *frame[2];
	struct fields side[2];
	struct vb_buf text[2];
};

/* ---- names ---- */

static void set_end(struct fields *fs, size_t end)
{
	fs->path.len = end;
	if (fs->path.data)
		fs->path.data[end] = '\0';
	fs->here.end = end;
}

static void add_name(struct fields *fs, const char *name)
{
	set_end(fs, fs->here.end);
	if (fs->here.end > fs->here.start)
		vb_buf_char(&fs->path, '.');
	vb_buf_str(&fs->path, name);
	fs->here.end = fs->path.len;
}

static void add_row_name(struct fields *fs, const struct vb_item *it, bool is_array)
{
	add_name(fs, it->row->name);
	if (!is_array)
		return;
	vb_buf_char(&fs->path, '[');
	vb_buf_u64(&fs->path, it->index);
	vb_buf_char(&fs->path, ']');
	fs->here.end = fs->path.len;
}

static void enter(struct fields *fs, enum vb_span span, const struct vb_item *it)
{
	switch (span) {
	case VB_SPAN_PROTO:
		fs->here.start = fs->here.end;
		add_name(fs, it->proto->name);
		break;
	case VB_SPAN_MSG:
		add_name(fs, it->msg->name);
		break;
	case VB_SPAN_STRUCT:
		add_row_name(fs, it, false);
		break;
	case VB_SPAN_ELEMENT:
	case VB_SPAN_BITS:
		add_row_name(fs, it, it->in_array);
		break;
	case VB_SPAN_ARRAY:
		break; /* the elements have its name */
	}
}

static uint64_t hash_of(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return h;
}

static const char *path_of(const struct fields *fs, const struct entry *e)
{
	return fs->paths.data + e->path;
}

/* ---- a frame as a list ---- */

static struct entry *new_entry(struct fields *fs, const char *path)
{
	struct entry *bigger;
	struct entry *e;

	if (fs->n == fs->cap) {
		fs->cap = fs->cap ? fs->cap * 2 : 64;
		bigger = realloc(fs->entry, fs->cap * sizeof(*bigger));
		if (!bigger) {
			fs->failed = true;
			return NULL;
		}
		fs->entry = bigger;
	}
	e = &fs->entry[fs->n++];
	*e = (struct entry){ .path = fs->paths.len, .hash = hash_of(path), .partner = NONE };
	vb_buf_add(&fs->paths, path, strlen(path) + 1);
	return e;
}

static void add_entry(struct fields *fs, const struct vb_item *it)
{
	struct entry *e = NULL;

	if (!fs->failed && !fs->path.failed)
		e = new_entry(fs, fs->path.data + fs->here.start);
	if (e)
		e->it = *it;
}

static uint64_t described_bits(const struct vb_row *row)
{
	uint64_t mask = 0;

	for (const struct vb_row *bit = row->bits; bit && bit->type != VB_END; bit++)
		mask |= vb_bits(bit, UINT64_MAX) << bit->lo;
	return mask;
}

/* Bits of an integer that no row of their own shows. */
static uint64_t other_bits(const struct vb_row *row)
{
	uint64_t all = row->size < 8 ? (UINT64_C(1) << (8 * row->size)) - 1 : UINT64_MAX;

	return all & ~described_bits(row);
}

static void on_open(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct fields *fs = ctx;

	if (fs->depth < LEVELS) {
		fs->outside[fs->depth] = fs->here;
		enter(fs, span, it);
	}
	fs->depth++;
	if (span == VB_SPAN_BITS && other_bits(it->row))
		add_entry(fs, it);
}

static void on_close(void *ctx, enum vb_span span, const struct vb_item *it)
{
	struct fields *fs = ctx;

	(void)span;
	(void)it;
	fs->depth--;
	if (fs->depth >= LEVELS)
		return;
	fs->here.start = fs->outside[fs->depth].start;
	set_end(fs, fs->outside[fs->depth].end);
}

static void on_field(void *ctx, const struct vb_item *it)
{
	struct fields *fs = ctx;
	size_t end = fs->here.end;

	add_row_name(fs, it, it->in_array);
	add_entry(fs, it);
	set_end(fs, end);
}

static void on_gap(void *ctx, const struct vb_item *it)
{
	struct fields *fs = ctx;
	struct level here = fs->here;

	fs->here.start = fs->here.end;
	add_name(fs, "gaps");
	vb_buf_fmt(&fs->path, ".%s[%u]", fs->root, fs->n_gaps++);
	add_entry(fs, it);
	fs->here = here;
	set_end(fs, here.end);
}

static void collect(struct job *job, unsigned int side, const struct vb_proto *proto)
{
	struct fields *fs = &job->side[side];
	struct vb_sink sink = {
		.ctx = fs, .open = on_open, .field = on_field, .close = on_close, .gap = on_gap
	};

	fs->root = proto->name;
	vb_walk(proto, job->frame[side], &sink, &job->ret->walked[side]);
}

/* ---- pairs ---- */

/* Where a path stands in a table of the other list's entries, or the free place for it. */
static uint32_t *table_place(uint32_t *table, uint32_t mask, const struct fields *fs,
			     const char *path, uint64_t hash)
{
	uint32_t i = (uint32_t)(hash ^ hash >> 32) & mask;

	while (table[i] != NONE && (fs->entry[table[i]].hash != hash ||
				    strcmp(path_of(fs, &fs->entry[table[i]]), path) != 0))
		i = (i + 1) & mask;
	return &table[i];
}

static void fill_table(uint32_t *table, uint32_t mask, const struct fields *fs)
{
	const struct entry *e;
	uint32_t *place;

	memset(table, 0xff, (mask + (size_t)1) * sizeof(*table));
	for (uint32_t i = 0; i < fs->n; i++) {
		e = &fs->entry[i];
		place = table_place(table, mask, fs, path_of(fs, e), e->hash);
		if (*place == NONE)
			*place = i;
	}
}

static int pair(struct fields *a, struct fields *b)
{
	uint32_t *table, *place;
	uint32_t size = 64;

	while (size < 2 * (uint64_t)b->n)
		size *= 2;
	table = malloc(size * sizeof(*table));
	if (!table)
		return -ENOMEM;
	fill_table(table, size - 1, b);
	for (uint32_t i = 0; i < a->n; i++) {
		struct entry *e = &a->entry[i];

		place = table_place(table, size - 1, b, path_of(a, e), e->hash);
		if (*place == NONE || b->entry[*place].partner != NONE)
			continue;
		e->partner = *place;
		b->entry[*place].partner = i;
	}
	free(table);
	return 0;
}

/* ---- differences ---- */

/* Is the field, whose path may have indices, the one that the name says, or inside it? */
static bool covers(const char *name, const char *path)
{
	for (;; name++, path++) {
		if (*path == '[')
			path += strcspn(path, "]") + 1;
		if (!*name)
			return !*path || *path == '.';
		if (!strcmp(name, ".*"))
			return *path == '.';
		if (*name != *path)
			return false;
	}
}

static bool may_differ(const struct vb_compare *c, const char *path)
{
	for (size_t i = 0; i < c->n_ignore; i++)
		if (covers(c->ignore[i], path))
			return true;
	return false;
}

static const char *text_of(struct vb_buf *b, const struct entry *e)
{
	if (!e)
		return NULL;
	vb_buf_reset(b);
	if (e->it.row)
		vb_item_text(b, &e->it);
	else
		vb_buf_hex(b, e->it.bytes, e->it.n_bytes);
	return b->data ? b->data : "";
}

static void differ(struct job *job, const struct entry *a, const struct entry *b, uint32_t first)
{
	struct vb_diff d = { .path = a ? path_of(&job->side[0], a) : path_of(&job->side[1], b),
			     .item = { a ? &a->it : NULL, b ? &b->it : NULL },
			     .first = first };

	d.ignored = may_differ(job->c, d.path);
	if (d.ignored)
		job->ret->n_ignored++;
	else
		job->ret->n_differ++;
	if (!job->c->differs)
		return;
	d.text[0] = text_of(&job->text[0], a);
	d.text[1] = text_of(&job->text[1], b);
	job->c->differs(job->c->ctx, &d);
}

/* A field that the frame would have had, had more of it been captured. */
static bool was_cut(const struct vb_frame *f, const struct vb_item *it)
{
	return f->cap_len < f->wire_len && it->off + (uint64_t)it->len > f->cap_len;
}

static void alone(struct job *job, unsigned int side, const struct entry *e)
{
	job->ret->n_fields++;
	if (was_cut(job->frame[!side], &e->it))
		job->ret->n_cut++;
	else if (side)
		differ(job, NULL, e, 0);
	else
		differ(job, e, NULL, 0);
}

static bool is_number(const struct vb_row *row)
{
	return row && (row->type == VB_UINT || row->type == VB_BIT || row->type == VB_VALUE);
}

static void compare_numbers(struct job *job, const struct entry *a, const struct entry *b)
{
	const struct vb_row *row = a->it.row;
	uint64_t mask = row->type == VB_UINT && row->bits ? other_bits(row) : UINT64_MAX;

	if ((a->it.value ^ b->it.value) & mask)
		differ(job, a, b, 0);
}

static void compare_bytes(struct job *job, const struct entry *a, const struct entry *b)
{
	uint32_t n = a->it.n_bytes < b->it.n_bytes ? a->it.n_bytes : b->it.n_bytes;
	uint32_t i = 0;

	while (i < n && a->it.bytes[i] == b->it.bytes[i])
		i++;
	if (i < n || a->it.len != b->it.len)
		differ(job, a, b, i);
	else if (n < a->it.len)
		job->ret->n_cut++;
}

static void both(struct job *job, const struct entry *a, const struct entry *b)
{
	job->ret->n_fields++;
	if (is_number(a->it.row) && is_number(b->it.row))
		compare_numbers(job, a, b);
	else
		compare_bytes(job, a, b);
}

/* Entries of the second list up to end that the first has not. */
static uint32_t only_second(struct job *job, uint32_t i, uint32_t end)
{
	for (; i < end; i++)
		if (job->side[1].entry[i].partner == NONE)
			alone(job, 1, &job->side[1].entry[i]);
	return i;
}

static void compare_lists(struct job *job)
{
	const struct fields *a = &job->side[0], *b = &job->side[1];
	uint32_t next = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		const struct entry *e = &a->entry[i];

		if (e->partner == NONE) {
			alone(job, 0, e);
			continue;
		}
		next = only_second(job, next, e->partner);
		both(job, e, &b->entry[e->partner]);
	}
	only_second(job, next, b->n);
}

/* ---- what the frames are ---- */

static bool same_layer(const struct vb_layer *a, const struct vb_layer *b)
{
	return a->proto == b->proto && a->msg == b->msg;
}

static void compare_stacks(struct vb_compared *ret)
{
	const struct vb_walked *a = &ret->walked[0], *b = &ret->walked[1];

	while (ret->n_common < a->n_layers && ret->n_common < b->n_layers &&
	       same_layer(&a->layer[ret->n_common], &b->layer[ret->n_common]))
		ret->n_common++;
	ret->same_message = ret->n_common == a->n_layers && ret->n_common == b->n_layers;
}

static int compare_all(struct job *job)
{
	int err = pair(&job->side[0], &job->side[1]);

	if (!err)
		compare_lists(job);
	return err || (!job->text[0].failed && !job->text[1].failed) ? err : -ENOMEM;
}

static bool failed(const struct fields *fs)
{
	return fs->failed || fs->path.failed || fs->paths.failed;
}

static void done(struct fields *fs)
{
	free(fs->entry);
	vb_buf_done(&fs->path);
	vb_buf_done(&fs->paths);
}

int vb_compare(const struct vb_proto *proto, const struct vb_frame *a, const struct vb_frame *b,
	       const struct vb_compare *c, struct vb_compared *ret)
{
	struct job job = { .c = c, .ret = ret, .frame = { a, b } };
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	collect(&job, 0, proto);
	collect(&job, 1, proto);
	if (failed(&job.side[0]) || failed(&job.side[1]))
		err = -ENOMEM;
	compare_stacks(ret);
	if (!err && ret->same_message)
		err = compare_all(&job);
	done(&job.side[0]);
	done(&job.side[1]);
	vb_buf_done(&job.text[0]);
	vb_buf_done(&job.text[1]);
	return err;
}

void vb_compare_stack(struct vb_buf *out, const struct vb_walked *w)
{
	for (unsigned int i = 0; i < w->n_layers; i++) {
		const struct vb_layer *l = &w->layer[i];

		if (i)
			vb_buf_str(out, " > ");
		vb_buf_str(out, l->proto->name);
		if (l->proto->msgs)
			vb_buf_fmt(out, ".%s", l->msg ? l->msg->name : "?");
	}
}
