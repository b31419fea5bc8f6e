/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent says, and what is answered.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/number.h"
#include "replay/session_impl.h"

#define MAX_WORDS 64u

int vb_session_send(struct vb_guest_session *s, uint32_t type, const void *first, size_t n_first,
		    const void *second, size_t n_second)
{
	struct vb_buf b = { 0 };
	int rc = vb_agent_encode(&b, type, first, n_first, second, n_second);

	if (rc == 0)
		rc = vb_vm_agent_send(s->vm, (const uint8_t *)b.data, b.len);
	vb_buf_done(&b);
	return rc;
}

/* ---- commands for the host ---- */

struct asked {
	struct vb_hrequest rq; /* first: the host hands it back */
	struct vb_guest_session *s;
	uint32_t id;
	uint32_t number; /* of a mark */
};

static void reply(struct vb_guest_session *s, uint32_t id, int status, const char *text)
{
	uint32_t head[2] = { id, (uint32_t)status };
	size_t len = text ? strlen(text) : 0;

	if (len > VB_AGENT_MAX - sizeof(head))
		len = VB_AGENT_MAX - sizeof(head);
	vb_session_send(s, VB_AGENT_REPLY, head, sizeof(head), text, len);
}

static void answered(struct vb_hrequest *rq, int status, const char *text)
{
	struct asked *a = (struct asked *)rq;

	reply(a->s, a->id, status, text);
	free(a);
}

static void marked(void *ctx)
{
	struct asked *a = ctx;

	reply(a->s, a->id, 0, NULL);
	free(a);
}

static void mark(struct asked *a, const char *number)
{
	uint64_t n;
	int rc = vb_number_parse(number, UINT32_MAX, &n);

	if (rc == 0)
		rc = vb_host_mark(a->s->host, (uint32_t)n, marked, a);

	if (rc < 0)
		answered(&a->rq, rc, rc == -EBUSY ? "a mark is under way" : "no such mark");
}

static void command(struct vb_guest_session *s, const struct vb_agent_message *m)
{
	const char *words[MAX_WORDS];
	struct asked *a = calloc(1, sizeof(*a));
	uint32_t id = 0;
	int n;

	vb_agent_u32(m, 0, &id);
	n = vb_agent_words(m, sizeof(id), words, MAX_WORDS);
	if (!a || n < 0) {
		reply(s, id, a ? -EINVAL : -ENOMEM, a ? "no words of a command" : NULL);
		free(a);
		return;
	}
	*a = (struct asked){ .rq = { .done = answered }, .s = s, .id = id };
	if (n == 2 && strcmp(words[0], "mark") == 0)
		mark(a, words[1]);
	else
		vb_host_command(s->host, words, (size_t)n, &a->rq);
}

/* ---- the rest ---- */

static void hello(struct vb_guest_session *s, const struct vb_agent_message *m)
{
	struct vb_session_result *r = s->result;
	uint32_t version = 0;
	char line[160];

	if (!vb_agent_u32(m, 0, &version) || version != VB_AGENT_VERSION) {
		vb_session_fail(s, -EPROTO, "the guest's agent is of version %u, and not %u",
				version, VB_AGENT_VERSION);
		return;
	}
	snprintf(r->release, sizeof(r->release), "%s", (const char *)m->data + sizeof(version));
	r->boot_ns = vb_clock_mono(vb_clock_machine()) - s->start_ns;
	vb_session_stage(s, VB_STAGE_UP);
	snprintf(line, sizeof(line), "Linux %s is up", r->release);
	vb_session_progress(s, line);
}

static void phase(struct vb_guest_session *s, const char *text)
{
	const struct vb_session_hooks *h = vb_session_hooks(s);
	/* what the agent calls its last steps (guest/steps.c) */
	bool last = strcmp(text, "workload") == 0 || strncmp(text, "waiting for Ctrl-C", 18) == 0;

	vb_session_progress(s, text);
	if (!last || s->ready)
		return;
	s->ready = true;
	if (h->ready)
		h->ready(h->ctx);
}

static void done(struct vb_guest_session *s, const struct vb_agent_message *m)
{
	uint32_t status = 1;

	vb_agent_u32(m, 0, &status);
	s->result->status = (int)status;
	vb_session_stage(s, VB_STAGE_DONE);
}

static void did(struct vb_guest_session *s, const struct vb_agent_message *m)
{
	const struct vb_session_hooks *h = vb_session_hooks(s);
	uint32_t id, status;

	if (h->did && vb_agent_u32(m, 0, &id) && vb_agent_u32(m, sizeof(id), &status))
		h->did(h->ctx, id, (int)status,
		       (const char *)m->data + sizeof(id) + sizeof(status));
}

static void take_file(struct vb_guest_session *s, const struct vb_agent_message *m)
{
	struct vb_err err = { "" };
	int rc = vb_guest_files_take(&s->files, m, &err);

	if (rc < 0)
		vb_session_fail(s, rc, "%s", err.text);
}

static void message(void *ctx, const struct vb_agent_message *m)
{
	struct vb_guest_session *s = ctx;

	s->alive_ns = vb_clock_mono(vb_clock_machine());
	s->n_slow = 0;
	switch (m->type) {
	case VB_AGENT_HELLO:
		hello(s, m);
		break;
	case VB_AGENT_PHASE:
		phase(s, (const char *)m->data);
		break;
	case VB_AGENT_TEXT:
		s->opt->output(s->opt->ctx, (const char *)m->data, m->len);
		break;
	case VB_AGENT_FILE:
	case VB_AGENT_FILE_DATA:
	case VB_AGENT_FILE_END:
		take_file(s, m);
		break;
	case VB_AGENT_COMMAND:
		command(s, m);
		break;
	case VB_AGENT_DONE:
		done(s, m);
		break;
	case VB_AGENT_DID:
		did(s, m);
		break;
	default: /* a tick */
		break;
	}
}

void vb_session_agent_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
	struct vb_guest_session *s = ctx;
	struct vb_err err = { "" };

	s->link.ctx = s;
	s->link.message = message;
	if (s->failed == 0 && vb_agent_feed(&s->link, bytes, n, &err) < 0)
		vb_session_fail(s, -EPROTO, "%s", err.text);
}

int vb_session_do(struct vb_guest_session *s, uint32_t id, const char *const *words)
{
	struct vb_buf b = { 0 };
	int rc;

	for (; *words; words++)
		vb_buf_add(&b, *words, strlen(*words) + 1);
	rc = vb_session_send(s, VB_AGENT_DO, &id, sizeof(id), b.data, b.len);
	vb_buf_done(&b);
	return rc;
}
