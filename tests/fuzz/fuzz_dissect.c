/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as frames: walked into every sink, encoded again, learnt by a session. The input is a
 * row of frames, each with the 16 bytes of struct input in front; make-corpus writes them.
 */
#include <string.h>

#include "coverage.h"
#include "dissectors/session.h"
#include "dissectors/sinks.h"
#include "json_tree.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_FRAMES 64

struct input {
	uint8_t kind;  /* low bits: enum vb_kind; 0x80: proto counts instead */
	uint8_t proto; /* which of vb_protos() */
	uint8_t direction;
	uint8_t class;
	uint8_t flags; /* enum vb_record_flag */
	uint8_t relid;
	uint8_t instance;
	uint8_t versions; /* of VMBus: low bits; of the class's protocol: high bits */
	uint16_t len;	  /* bytes that follow */
	uint16_t cut;	  /* bytes the wire had in addition */
	uint8_t subchannel;
	uint8_t time; /* since the frame before, in units of 30 ms */
	uint8_t lost;
	uint8_t more; /* enum more; high bits: what it refers to outside the ring, in units of 1000 bytes */
} __attribute__((packed));

enum more {
	UNPREPARED = 1, /* the session does not say what it knows */
	OUTSIDE = 2,	/* a message outside the ring, of the frame before */
	RING_FULL = 4,
};

#define TIME_UNIT UINT64_C(30000000)

/* A conversation, and the record that messages outside belong to. */
struct talk {
	struct vb_session *s;
	uint64_t number, time_ns;
	uint8_t direction;
	uint32_t recalled;
};

static const uint32_t vmbus_versions[] = { 0,	       0x0000000d, 0x00010001, 0x00040000,
					   0x00050000, 0x00050003, 0x00060000, 0xffffffff };
static const uint32_t proto_versions[] = { 0, 1, 0x20000, 0x30000, 0x60001, 0xffffffff };

static const struct vb_proto *context(const struct input *in, struct vb_frame *ret_f)
{
	const struct vb_proto *const *protos;
	size_t n_protos, n_classes;
	const struct vb_class_info *classes = vb_classes(&n_classes);
	unsigned int high = in->versions >> 4, low = in->versions & 15;

	protos = vb_protos(&n_protos);
	*ret_f = (struct vb_frame){
		.kind = in->kind & 7,
		.direction = in->direction % 3,
		.class = in->class < 128 ? classes[in->class % n_classes].code : in->class,
		.relid = in->relid,
		.subchannel = in->subchannel,
		.flags = in->flags,
		.lost = in->lost,
		.result = in->more & RING_FULL ? VB_RESULT_RING_FULL : 0,
		.outside_len = (in->more >> 4) * 1000u,
	};
	memset(ret_f->instance, in->instance, sizeof(ret_f->instance));
	ret_f->vmbus_version = vmbus_versions[low % 8];
	ret_f->proto_version = proto_versions[high % 6];
	return in->kind & 0x80 ? protos[in->proto % n_protos] : vb_root_proto(ret_f->kind);
}

/* ---- sinks ---- */

static bool is_printable(const char *s, size_t n, bool lines)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 && !(lines && s[i] == '\n'))
			return false;
	return true;
}

static void check_text(const struct vb_proto *proto, const struct vb_frame *f)
{
	struct vb_buf out = { 0 };
	struct vb_walked w;
	struct vb_text t;
	struct vb_sink sink = vb_text_summary(&t, &out);

	vb_walk(proto, f, &sink, &w);
	REQUIRE(!out.failed && is_printable(out.data, out.len, false));
	vb_buf_reset(&out);
	sink = vb_text_tree(&t, &out, f->number % 2);
	vb_walk(proto, f, &sink, &w);
	REQUIRE(!out.failed && is_printable(out.data, out.len, true));
	vb_buf_done(&out);
}

/* Encode what was decoded: the same bytes must come out. */
static void check_encode(const struct vb_proto *proto, const struct vb_frame *f, struct json *j)
{
	struct vb_tree tree = json_tree(j);
	uint8_t *copy = malloc((size_t)f->wire_len + 1);
	int err;

	REQUIRE(copy);
	err = vb_encode(proto, f, &tree, json_root(j), copy, f->wire_len);
	if (err)
		fprintf(stderr, "vb_encode: %d\n", err);
	REQUIRE(!err);
	REQUIRE(!memcmp(copy, f->data, f->wire_len));
	free(copy);
}

static void check_json(const struct vb_proto *proto, const struct vb_frame *f)
{
	static struct vb_json sink_state;
	struct vb_buf out = { 0 };
	struct vb_sink sink = vb_json_sink(&sink_state);
	struct vb_walked w;
	struct json *j;

	vb_walk(proto, f, &sink, &w);
	vb_buf_str(&out, "{");
	vb_json_flush(&sink_state, &out);
	vb_buf_str(&out, "}");
	REQUIRE(!out.failed);
	j = json_parse(out.data, out.len);
	REQUIRE(j);
	if (f->cap_len == f->wire_len && !w.n_notes[VB_NOTE_LIMIT])
		check_encode(proto, f, j);
	json_free(j);
	vb_buf_done(&out);
}

static bool is_same(const struct vb_walked *a, const struct vb_walked *b)
{
	if (a->n_layers != b->n_layers || a->unexplained != b->unexplained ||
	    memcmp(a->n_notes, b->n_notes, sizeof(a->n_notes)))
		return false;
	for (unsigned int i = 0; i < a->n_layers; i++) {
		const struct vb_layer *x = &a->layer[i], *y = &b->layer[i];

		if (x->proto != y->proto || x->msg != y->msg || x->off != y->off ||
		    x->len != y->len || x->set != y->set ||
		    memcmp(x->slots, y->slots, sizeof(x->slots)))
			return false;
	}
	return true;
}

static void check_walk(const struct vb_proto *proto, const struct vb_frame *f,
		       struct vb_walked *ret_w)
{
	struct coverage c;
	struct vb_sink sink;
	struct vb_walked silent;

	coverage_init(&c, f);
	sink = coverage_sink(&c);
	vb_walk(proto, f, &sink, ret_w);
	coverage_check(&c, ret_w);
	coverage_done(&c);
	vb_walk(proto, f, NULL, &silent);
	REQUIRE(is_same(&silent, ret_w));
}

/* ---- frames ---- */

static void check_session(struct vb_session *s, const struct vb_frame *f, const struct vb_walked *w,
			  struct vb_json *j, bool outside)
{
	struct vb_sink sink = vb_json_sink(j);
	struct vb_buf out = { 0 };
	struct vb_session_stats stats;
	struct vb_link link = { 0 };

	if (outside)
		vb_session_learn_inner(s, f, w, &link);
	else
		vb_session_learn(s, f, w, &link);
	REQUIRE(link.request < f->number && link.part_of < f->number + 1);
	vb_link_walk(&link, &sink);
	vb_json_flush(j, &out);
	vb_buf_done(&out);
	vb_session_get_stats(s, &stats);
	REQUIRE(stats.n_open <= 16);
}

/* The frame's place in the conversation. */
static void take_place(struct talk *t, const struct input *in, bool outside, struct vb_frame *f)
{
	if (outside) {
		f->direction = t->direction;
	} else {
		t->number++;
		t->direction = f->direction;
		t->time_ns += in->time * TIME_UNIT;
	}
	f->number = t->number;
	f->time_ns = t->time_ns;
}

/* What is known before the frame is read; of what lies outside, what the packet before knew. */
static void prepare(struct talk *t, const struct input *in, const struct vb_proto *proto,
		    bool outside, struct vb_frame *f)
{
	struct vb_walked w;

	if (!(in->more & UNPREPARED))
		vb_session_prepare(t->s, f);
	if (!outside) {
		t->recalled = f->recalled;
		return;
	}
	f->recalled = proto->by_request ? t->recalled : 0;
	vb_walk(proto, f, NULL, &w);
	vb_session_recall(t->s, &w, f);
}

/* One frame from the input; returns how many of its bytes were used, 0 at the end. */
static size_t one_frame(struct talk *t, const uint8_t *data, size_t size)
{
	static struct vb_json link_json;
	const struct vb_proto *proto;
	struct vb_walked w;
	struct vb_frame f;
	struct input in;
	uint8_t *copy;
	bool outside;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	size -= sizeof(in);
	proto = context(&in, &f);
	outside = in.more & OUTSIDE && t->number > 0;
	f.cap_len = in.len < size ? in.len : (uint32_t)size;
	f.wire_len = f.cap_len + in.cut;
	take_place(t, &in, outside, &f);
	/* bytes of its own, so that reading past them is found */
	copy = malloc(f.cap_len ? f.cap_len : 1);
	REQUIRE(copy);
	memcpy(copy, data + sizeof(in), f.cap_len);
	f.data = copy;

	prepare(t, &in, proto, outside, &f);
	check_walk(proto, &f, &w);
	check_text(proto, &f);
	check_json(proto, &f);
	check_session(t->s, &f, &w, &link_json, outside);
	free(copy);
	return sizeof(in) + f.cap_len;
}

static void check_stalled(void *ctx, const struct vb_stalled *q)
{
	const struct talk *t = ctx;

	REQUIRE(q->waiting_ns > 0 && q->waiting_ns <= t->time_ns);
	REQUIRE(q->direction == VB_TO_HOST || q->direction == VB_TO_GUEST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk t = { .s = vb_session_new(16) };
	size_t used;

	REQUIRE(t.s);
	for (unsigned int n = 0; n < MAX_FRAMES; n++) {
		used = one_frame(&t, data, size);
		if (!used)
			break;
		data += used;
		size -= used;
	}
	vb_session_each_stalled(t.s, t.time_ns, check_stalled, &t);
	vb_session_free(t.s);
	return 0;
}
