/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ic_frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void ic_put(struct ic *ic, uint32_t at, const char *hex)
{
	struct made_frame part;

	frame_make(&part, 0, 0, hex);
	cr_assert_leq(at + part.f.wire_len, ic->m.f.wire_len);
	memcpy(ic->m.bytes + at, part.bytes, part.f.wire_len);
}

void ic_put_body(struct ic *ic, uint32_t at, const char *hex)
{
	ic_put(ic, ic->at + at, hex);
}

void ic_put_le(uint8_t *p, uint32_t value, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

/* A packet of type 6 with pipe framing, the header and body_len bytes of zero. */
void ic_make(struct ic *ic, uint8_t direction, uint8_t class, unsigned int type,
	     const char *version, uint32_t body_len)
{
	uint32_t len = (16 + 8 + 20 + body_len + 7) / 8 * 8;
	uint8_t *p = ic->m.bytes;

	cr_assert_lt(len, FRAME_MAX);
	frame_make(&ic->m, VB_KIND_PACKET, direction, "");
	ic->m.f.wire_len = ic->m.f.cap_len = len;
	ic->m.f.class = class;
	ic->m.f.relid = 3;
	ic_put(ic, 0, "0600 0200 0000 0000 0000000000000000 01000000 00000000 01000000");
	ic_put_le(p + 4, len / 8, 2);
	ic_put_le(p + 20, 20 + body_len, 4);
	ic_put_le(p + 28, type, 2);
	ic_put(ic, 30, version);
	ic_put_le(p + 34, body_len, 2);
	p[41] = direction == VB_TO_GUEST ? 3 : 5;
	ic->at = 44;
}

void ic_packet(struct ic *ic, uint8_t direction, uint8_t class, unsigned int type,
	       const char *header, const char *payload, uint32_t len)
{
	struct made_frame h;

	frame_make(&h, 0, 0, header);
	frame_make(&ic->m, VB_KIND_PACKET, direction, "");
	ic->at = 16 + h.f.wire_len;
	ic->m.f.wire_len = ic->m.f.cap_len = ic->at + len;
	ic->m.f.class = class;
	ic->m.f.relid = 3;
	ic_put_le(ic->m.bytes, type, 2);
	ic_put_le(ic->m.bytes + 2, ic->at / 8, 2);
	ic_put_le(ic->m.bytes + 4, (ic->at + len) / 8, 2);
	ic_put(ic, 16, header);
	ic_put_body(ic, 0, payload);
}

struct vb_walked ic_walk(const struct ic *ic)
{
	struct vb_walked w;

	vb_walk(vb_root_proto(ic->m.f.kind), &ic->m.f, NULL, &w);
	return w;
}

/* Nothing wrong, nothing that no row describes. */
void ic_expect_whole(const struct ic *ic)
{
	struct vb_walked w = ic_walk(ic);

	for (unsigned int i = 0; i < VB_N_NOTES; i++)
		cr_assert_eq(w.n_notes[i], 0, "%s", vb_note_name((enum vb_note_code)i));
	cr_assert_eq(w.unexplained, 0);
}

void ic_expect_summary(const struct ic *ic, const char *text)
{
	char *got = frame_summary(&ic->m.f);

	cr_assert_str_eq(got, text);
	free(got);
}

/* A line of the tree, without the space around it. */
void ic_expect_line(const struct ic *ic, const char *line)
{
	char *tree = frame_tree(&ic->m.f), *at = strstr(tree, line);

	cr_assert(at && at > tree && at[-1] == ' ' && at[strlen(line)] == '\n', "%s not in\n%s",
		  line, tree);
	free(tree);
}

uint64_t ic_value(const struct ic *ic, const char *path)
{
	return frame_value(&ic->m.f, path);
}

bool ic_has(const struct ic *ic, const char *path)
{
	struct found found = { .path = path };

	frame_find(&ic->m.f, &found);
	return found.n > 0;
}
