/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/player_game.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/values.h"
#include "replay/plan_impl.h"

#define EPOCH (1000 * SECOND)
#define PACKET_LEN 24u

static void must(bool good)
{
	if (!good)
		abort();
}

void game_init(struct game *g)
{
	*g = (struct game){ .now_ns = EPOCH, .opt = { .speed = 1 } };
	g->dev = calloc(1, sizeof(*g->dev));
	must(g->dev);
	g->dev->class = VB_CLASS_OTHER;
	g->plan.devices = g->dev;
	g->plan.n_devices = 1;
}

void game_done(struct game *g)
{
	vb_player_done(&g->player);
	for (size_t i = 0; i < g->dev->n_steps; i++)
		free(g->dev->steps[i].bytes);
	for (size_t i = 0; i < g->dev->n_kinds; i++)
		free(g->dev->kinds[i]);
	free(g->dev->kinds);
	free(g->dev->steps);
	free(g->dev);
}

/* ---- steps ---- */

uint32_t game_step(struct game *g, uint8_t type, uint64_t at_ns)
{
	struct vb_step *s = vb_plan_step_add(g->dev, type);

	must(s);
	s->recorded_ns = EPOCH + at_ns;
	s->number = g->dev->n_steps;
	return (uint32_t)g->dev->n_steps - 1;
}

static void make_packet(uint8_t *bytes, uint8_t direction, uint8_t value, struct vb_frame *ret)
{
	uint8_t payload[PACKET_LEN - 16];
	struct vb_value v[] = { VB_NUMBER("hv_ring.type", 6), VB_NUMBER("hv_ring.data_offset8", 2),
				VB_NUMBER("hv_ring.len8", PACKET_LEN / 8),
				VB_DATA("hv_ring.data", payload, sizeof(payload)) };

	memset(payload, value, sizeof(payload));
	*ret = (struct vb_frame){ .data = bytes,
				  .cap_len = PACKET_LEN,
				  .wire_len = PACKET_LEN,
				  .kind = VB_KIND_PACKET,
				  .direction = direction,
				  .class = VB_CLASS_OTHER };
	must(!vb_values_encode(vb_root_proto(VB_KIND_PACKET), ret, v, 4, bytes, PACKET_LEN));
}

static struct vb_step *packet_step(struct game *g, uint8_t type, uint64_t at_ns, uint8_t value)
{
	uint32_t i = game_step(g, type, at_ns);
	struct vb_step *s = &g->dev->steps[i];
	struct vb_frame f;
	struct vb_walked w;

	s->bytes = malloc(PACKET_LEN);
	must(s->bytes);
	s->cap_len = PACKET_LEN;
	s->wire_len = PACKET_LEN;
	make_packet(s->bytes, type == VB_STEP_SEND ? VB_TO_GUEST : VB_TO_HOST, value, &f);
	vb_walk(vb_root_proto(VB_KIND_PACKET), &f, NULL, &w);
	must(!vb_plan_kind_add(g->dev, &w, &s->kind));
	return s;
}

uint32_t game_send(struct game *g, uint64_t at_ns, uint8_t value)
{
	return (uint32_t)(packet_step(g, VB_STEP_SEND, at_ns, value) - g->dev->steps);
}

uint32_t game_expect(struct game *g, uint32_t request, uint64_t at_ns, uint8_t value)
{
	struct vb_step *s = packet_step(g, VB_STEP_EXPECT, at_ns, value);

	s->answers = request;
	if (request != VB_NO_STEP) {
		s->latency_ns = s->recorded_ns - g->dev->steps[request].recorded_ns;
		g->dev->steps[request].answered = true;
	}
	return (uint32_t)(s - g->dev->steps);
}

/* ---- playing ---- */

static void tell(void *ctx, const struct vb_divergence *d)
{
	static const char *const types[] = { "differing", "missing", "unexpected" };
	struct game *g = ctx;
	int n = snprintf(g->told + g->n_told, sizeof(g->told) - g->n_told,
			 "%s %lu in round %u: %s%s%s", types[d->type], (unsigned long)d->number,
			 d->pass, d->kind, d->detail[0] ? ", " : "\n", d->detail);

	must(n > 0 && (size_t)n < sizeof(g->told) - g->n_told);
	g->n_told += (size_t)n;
}

void game_start(struct game *g)
{
	vb_plan_settle(&g->plan);
	g->opt.period_ns = g->plan.duration_ns;
	must(!vb_player_init(&g->player, g->dev, &g->opt));
	g->player.ctx = g;
	g->player.diverged = tell;
	vb_player_opened(&g->player, g->now_ns);
	vb_player_start(&g->player, g->now_ns);
}

struct vb_todo game_run(struct game *g, unsigned int *ret_n)
{
	struct vb_todo todo;
	unsigned int n = 0;

	for (;;) {
		vb_player_poll(&g->player, g->now_ns, &todo);
		if (todo.act == VB_ACT_WAIT || todo.act == VB_ACT_END)
			break;
		vb_player_acted(&g->player, g->now_ns, 0);
		n++;
	}
	if (ret_n)
		*ret_n = n;
	return todo;
}

void game_answer(struct game *g, uint8_t value)
{
	uint8_t bytes[PACKET_LEN];
	struct vb_frame f;

	make_packet(bytes, VB_TO_HOST, value, &f);
	vb_player_take(&g->player, &f, 0, g->now_ns);
}
