/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check of the tables: messages, protocols, and how protocols are nested.
 */
#include "lint.h"

#include "walk.h"

/* ---- messages ---- */

/* No message that b is meant for would get past a. */
static bool shadows(const struct vb_msg *a, const struct vb_msg *b)
{
	return a->number == b->number && (!a->reply_to || a->reply_to == b->reply_to) &&
	       a->since <= b->since && a->min_len <= b->min_len && (!a->from || a->from == b->from);
}

static void check_answer(struct vb_lint *l, const struct vb_msg *msg)
{
	unsigned int n = 0;

	if (msg->answers && msg->answers_zero)
		vb_lint_fault(l, NULL, "answers message 0 and message %u", msg->answers);
	if (msg->answers == VB_ANY && !msg->key[0])
		vb_lint_fault(l, NULL, "answers any request but has no key");
	if (!vb_msg_is_answer(msg) || msg->answers == VB_ANY)
		return;
	for (const struct vb_msg *m = l->proto->msgs; m->name; m++) {
		if (m->number != msg->answers)
			continue;
		n++;
		if (memcmp(m->key, msg->key, sizeof(m->key)))
			vb_lint_fault(l, NULL, "has other keys than its request %s", m->name);
	}
	if (!n)
		vb_lint_fault(l, NULL, "answers message %u, which does not exist", msg->answers);
}

static void check_parts(struct vb_lint *l, const struct vb_msg *msg)
{
	const struct vb_msg *m = l->proto->msgs;

	vb_lint_set(l, msg->more, "more");
	vb_lint_set(l, msg->total, "total");
	if (!msg->continues)
		return;
	while (m->name && m->number != msg->continues)
		m++;
	if (!m->name)
		vb_lint_fault(l, NULL, "continues message %u, which does not exist",
			      msg->continues);
}

static void check_outside(struct vb_lint *l, const struct vb_msg *msg)
{
	const struct vb_proto *proto = msg->outside ? vb_proto_by_name(msg->outside) : NULL;

	if (msg->outside && (!proto || !(proto->repeats || proto->by_request)))
		vb_lint_fault(l, NULL, "outside: %s neither repeats nor is what a request says",
			      msg->outside);
}

static void check_msg(struct vb_lint *l, const struct vb_msg *msg, uint32_t head_set)
{
	size_t before = vb_lint_enter(l, msg->name);

	l->msg = msg;
	l->set = head_set | (vb_msg_is_answer(msg) || msg->reply_to ? 1u << VB_S_RECALLED : 0);
	vb_lint_words(l, msg->name, msg->title, msg->help);
	vb_lint_rows(l, msg->rows);
	for (size_t i = 0; i < sizeof(msg->key); i++)
		vb_lint_set(l, msg->key[i], "key");
	vb_lint_set(l, msg->asks_if, "asks_if");
	vb_lint_set(l, msg->accepts_if, "accepts_if");
	if (msg->proposes)
		vb_lint_set(l, VB_S_VERSION, "proposes");
	if (msg->recalls)
		vb_lint_set(l, VB_S_RECALLED, "recalls");
	check_outside(l, msg);
	check_answer(l, msg);
	check_parts(l, msg);
	for (const struct vb_msg *m = l->proto->msgs; m < msg; m++) {
		if (!strcmp(m->name, msg->name))
			vb_lint_fault(l, NULL, "this name twice");
		if (shadows(m, msg))
			vb_lint_fault(l, NULL, "never chosen: %s comes first", m->name);
	}
	l->msg = NULL;
	l->set = head_set;
	vb_lint_leave(l, before);
}

/* ---- protocols ---- */

/* Members of the protocol's object: rows of head and tail, and messages. */
static void check_members(struct vb_lint *l, const struct vb_row *rows, const struct vb_row *others)
{
	for (const struct vb_row *row = rows; row && row->type != VB_END; row++) {
		for (const struct vb_msg *m = l->proto->msgs; m && m->name; m++)
			if (row->name && !strcmp(m->name, row->name))
				vb_lint_fault(l, row->name, "a message has this name");
		for (const struct vb_row *o = others; o && o->type != VB_END; o++)
			if (row->name && o->name && !strcmp(o->name, row->name))
				vb_lint_fault(l, row->name, "this name in head and tail");
	}
}

/* Protocols a payload is inside of. */
struct chain {
	const struct vb_proto *proto;
	const struct chain *up;
	unsigned int depth;
};

static bool loops(const struct vb_proto *proto, const struct vb_frame *f, const struct chain *up);

static bool rows_loop(const struct chain *c, const struct vb_frame *f, const struct vb_row *rows)
{
	const struct vb_proto *inner;

	for (const struct vb_row *row = rows; row && row->type != VB_END; row++) {
		if (row->type == VB_STRUCT && rows_loop(c, f, row->rows))
			return true;
		inner = row->type == VB_PAYLOAD ? vb_payload_proto(c->proto, row, f) : NULL;
		if (inner && loops(inner, f, c))
			return true;
	}
	return false;
}

static bool loops(const struct vb_proto *proto, const struct vb_frame *f, const struct chain *up)
{
	struct chain c = { .proto = proto, .up = up, .depth = up ? up->depth + 1 : 1 };

	if (c.depth > VB_MAX_LAYERS)
		return true;
	for (const struct chain *u = up; u; u = u->up)
		if (!strcmp(u->proto->name, proto->name))
			return true;
	if (rows_loop(&c, f, proto->head) || rows_loop(&c, f, proto->tail))
		return true;
	for (const struct vb_msg *m = proto->msgs; m && m->name; m++)
		if (rows_loop(&c, f, m->rows))
			return true;
	return false;
}

static void check_nesting(struct vb_lint *l)
{
	size_t n;
	const struct vb_class_info *classes = vb_classes(&n);

	for (size_t i = 0; i < n; i++) {
		const struct vb_frame f = { .class = classes[i].code };

		if (loops(l->proto, &f, NULL)) {
			vb_lint_fault(l, NULL, "comes back to itself, or too deep, on class %s",
				      classes[i].name);
			return;
		}
	}
}

static void check_head(struct vb_lint *l)
{
	const struct vb_proto *proto = l->proto;

	if (proto->by_request)
		l->set |= 1u << VB_S_TYPE | 1u << VB_S_RECALLED;
	vb_lint_rows(l, proto->head);
	if (proto->msgs && !vb_is_set(l, VB_S_TYPE))
		vb_lint_fault(l, NULL, "has messages, but the head does not set their type");
	vb_lint_set(l, proto->own_len, "own_len");
	vb_lint_set(l, proto->head_len, "head_len");
	if (proto->tail && proto->msgs && !proto->head_len)
		vb_lint_fault(l, NULL, "a tail, but nothing says where the message ends");
	if (proto->recall_len > 4 || proto->recall_shift + 8 * proto->recall_len > 32)
		vb_lint_fault(l, NULL, "more to recall than there is room for");
	if (proto->unit && !proto->own_len && !proto->head_len)
		vb_lint_fault(l, NULL, "a unit of nothing");
}

unsigned int vb_lint_proto(const struct vb_proto *proto, struct vb_buf *out)
{
	struct vb_lint l = { .out = out, .proto = proto };
	uint32_t head_set;

	vb_lint_enter(&l, proto->name);
	vb_lint_words(&l, proto->name, proto->title, proto->help);
	if (proto->name && vb_is_one_of(proto->name, "gaps", "notes"))
		vb_lint_fault(&l, NULL, "a member that every record has already");
	vb_lint_names(&l, proto->versions, UINT32_MAX);
	check_head(&l);
	head_set = l.set;
	for (const struct vb_msg *m = proto->msgs; m && m->name; m++)
		check_msg(&l, m, head_set);
	vb_lint_rows(&l, proto->tail);
	check_members(&l, proto->head, proto->tail);
	check_members(&l, proto->tail, NULL);
	if (!l.n_faults) /* tables that are wrong may have no end */
		check_nesting(&l);
	return l.n_faults;
}

static void check_class(struct vb_lint *l, const struct vb_class_info *class)
{
	char text[VB_GUID_TEXT];
	uint8_t guid[16];

	if (class->proto && !vb_proto_by_name(class->proto))
		vb_lint_fault(l, class->name, "there is no protocol %s", class->proto);
	if (!class->guid)
		return;
	if (!vb_guid_parse(class->guid, guid)) {
		vb_lint_fault(l, class->name, "no GUID");
		return;
	}
	vb_guid_text(guid, text);
	if (strcmp(text, class->guid))
		vb_lint_fault(l, class->name, "a GUID that is not in lower case");
}

unsigned int vb_lint(struct vb_buf *out)
{
	struct vb_lint l = { .out = out, .path = "class" };
	unsigned int n_faults = 0;
	size_t n;
	const struct vb_proto *const *protos = vb_protos(&n);
	const struct vb_class_info *classes;

	for (size_t i = 0; i < n; i++) {
		n_faults += vb_lint_proto(protos[i], out);
		if (vb_proto_by_name(protos[i]->name) != protos[i]) {
			vb_buf_fmt(out, "%s: this name twice\n", protos[i]->name);
			n_faults++;
		}
	}
	classes = vb_classes(&n);
	for (size_t i = 0; i < n; i++)
		check_class(&l, &classes[i]);
	return n_faults + l.n_faults;
}
