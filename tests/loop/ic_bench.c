/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ic_bench.h"

#include <errno.h>
#include <string.h>

_Static_assert(offsetof(struct ic_wire, body) == IC_HEADER, "Linux: 16 + ICMSG_HDR");

#define MAX_WORDS 16

struct ic_bench {
	struct loop l;
	struct guest g;
	struct guest_channel c;
	struct vb_hdevice *d;
	bool is_open;
	bool was_told; /* by an interrupt, and has not found the ring empty since */
	uint64_t wall_ns, reference_ns;
};

static uint64_t read_wall(void *ctx)
{
	return ((struct ic_bench *)ctx)->wall_ns;
}

static uint64_t read_reference(void *ctx)
{
	return ((struct ic_bench *)ctx)->reference_ns;
}

static uint64_t read_mono(void *ctx)
{
	return ((struct ic_bench *)ctx)->l.now_ns;
}

struct ic_bench *ic_bench_new(const char *model, const char *const *settings)
{
	const struct loop_options opt = { 0 };
	struct ic_bench *b = calloc(1, sizeof(*b));
	struct vb_hdevice_config cfg = { .model = vb_model_by_name(model), .settings = settings };

	REQUIRE(b && cfg.model);
	loop_init(&b->l, &opt);
	b->l.clock = (struct vb_clock){ b, read_mono, read_wall, read_reference };
	b->wall_ns = UINT64_C(1700000000000000000);
	b->d = loop_add(&b->l, &cfg);
	guest_init(&b->g, &b->l, 1);
	guest_connect(&b->g, VB_VMBUS_5_3);
	ic_bench_open(b);
	return b;
}

int ic_bench_try_settings(const char *model, const char *const *settings, struct vb_err *err)
{
	const struct loop_options opt = { 0 };
	struct vb_hdevice_config cfg = { .model = vb_model_by_name(model), .settings = settings };
	struct loop l;
	int rc;

	REQUIRE(cfg.model);
	loop_init(&l, &opt);
	rc = vb_host_add(l.host, &cfg, NULL, err);
	loop_done(&l);
	return rc;
}

void ic_bench_free(struct ic_bench *b)
{
	if (b->is_open)
		guest_unmap(&b->c);
	loop_done(&b->l);
	free(b);
}

void ic_bench_open(struct ic_bench *b)
{
	guest_open(&b->g, &b->c, guest_offer(&b->g, 0)->relid, 4, 0);
	b->is_open = true;
	loop_run(&b->l);
}

void ic_bench_close(struct ic_bench *b)
{
	guest_close(&b->c, false);
	b->is_open = false;
	loop_run(&b->l);
}

void ic_bench_rescind(struct ic_bench *b)
{
	vb_host_rescind(b->d);
	loop_run(&b->l);
}

/* ---- packets ---- */

static bool take(struct ic_bench *b, struct ic_wire *ret)
{
	struct guest_packet p;

	loop_run(&b->l);
	b->was_told |= guest_event(&b->c);
	if (!b->was_told || !guest_read(&b->c, &p)) {
		b->was_told = false;
		return false;
	}
	REQUIRE(p.payload_len <= sizeof(*ret) - 16);
	memset(ret, 0, sizeof(*ret));
	ret->type = p.type;
	ret->flags = p.flags;
	ret->offset8 = 2;
	ret->len8 = (uint16_t)(2 + p.payload_len / 8);
	ret->trans_id = p.trans_id;
	memcpy(&ret->pipe_type, p.payload, p.payload_len);
	return true;
}

void ic_bench_take(struct ic_bench *b, struct ic_wire *ret)
{
	REQUIRE(take(b, ret));
}

void ic_bench_expect_nothing(struct ic_bench *b)
{
	struct ic_wire w;

	REQUIRE(!take(b, &w));
}

void ic_bench_send(struct ic_bench *b, const struct ic_wire *w)
{
	REQUIRE(!guest_send(&b->c, w->type, w->flags, w->trans_id, &w->pipe_type,
			    w->len8 * 8u - 16));
	loop_run(&b->l);
}

void ic_bench_answer(struct ic_bench *b, struct ic_wire *w, uint32_t status)
{
	w->ic_flags = 5;
	w->status = status;
	ic_bench_send(b, w);
}

void ic_bench_negotiate(struct ic_bench *b, uint16_t framework, uint16_t major, uint16_t minor)
{
	struct ic_wire_negotiate *n;
	struct ic_wire w;

	ic_bench_take(b, &w);
	REQUIRE(w.message_type == 0);
	n = (void *)w.body;
	n->n_frameworks = n->n_messages = 1;
	n->version[0].major = framework;
	n->version[0].minor = 0;
	n->version[1].major = major;
	n->version[1].minor = minor;
	w.size = 16;
	ic_bench_answer(b, &w, 0);
}

/* ---- clocks, trouble ---- */

void ic_bench_advance(struct ic_bench *b, uint64_t ns)
{
	loop_advance(&b->l, ns);
}

void ic_bench_set_wall(struct ic_bench *b, uint64_t ns)
{
	b->wall_ns = ns;
}

void ic_bench_set_reference(struct ic_bench *b, uint64_t ns)
{
	b->reference_ns = ns;
}

const char *ic_bench_trouble(struct ic_bench *b)
{
	return loop_trouble(&b->l);
}

bool ic_bench_is_busy(struct ic_bench *b)
{
	return vb_hdevice_config(b->d)->model->busy(b->d);
}

/* ---- commands ---- */

static void done(struct vb_hrequest *rq, int status, const char *text)
{
	struct ic_request *r = (struct ic_request *)rq;

	r->n_done++;
	r->status = status;
	snprintf(r->text, sizeof(r->text), "%s", text ? text : "");
}

static void progress(struct vb_hrequest *rq, const char *text)
{
	struct ic_request *r = (struct ic_request *)rq;

	REQUIRE(!r->n_done);
	r->n_progress++;
	snprintf(r->progress, sizeof(r->progress), "%s", text);
}

static void command(struct ic_bench *b, struct ic_request *ret, const char *device,
		    const char *line)
{
	const char *words[MAX_WORDS] = { device };
	char *copy = strdup(line), *rest = copy, *word;
	size_t n = device ? 1 : 0;

	REQUIRE(copy);
	while (n < MAX_WORDS && (word = strsep(&rest, " ")))
		words[n++] = word;
	*ret = (struct ic_request){ .rq = { .done = done, .progress = progress } };
	vb_host_command(b->l.host, words, n, &ret->rq);
	free(copy);
	loop_run(&b->l);
}

void ic_bench_command(struct ic_bench *b, struct ic_request *ret, const char *line)
{
	command(b, ret, vb_hdevice_name(b->d), line);
}

void ic_bench_bus_command(struct ic_bench *b, struct ic_request *ret, const char *line)
{
	command(b, ret, NULL, line);
}

void ic_expect_done(const struct ic_request *r, int status, const char *part)
{
	bool is_right = r->n_done == 1 && r->status == status && (!part || strstr(r->text, part));

	if (!is_right)
		fprintf(stderr, "done %u times, status %d, wanted %d; '%s', wanted '%s'\n",
			r->n_done, r->status, status, r->text, part ? part : "");
	REQUIRE(is_right);
}
