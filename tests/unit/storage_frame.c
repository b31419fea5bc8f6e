/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "storage_frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void storage_make(struct ic *ic, uint8_t direction, unsigned int type, const char *payload,
		  uint32_t len)
{
	/* no ranges */
	const char *header = type == VB_PACKET_GPA_DIRECT ? "00000000 00000000" : "";

	ic_packet(ic, direction, VB_CLASS_SCSI, type, header, payload, len);
	ic->m.f.relid = 4;
	ic_put_le(ic->m.bytes + 6, type != VB_PACKET_COMPLETION, 2);
}

void storage_request(struct ic *ic, const char *cdb, uint8_t cdb_len, uint8_t direction)
{
	storage_make(ic, VB_TO_HOST, VB_PACKET_IN_BAND,
		     "03000000 01000000 00000000 3400 00 00 00 00 00 02", 64);
	ic->m.bytes[ic->at + 20] = cdb_len;
	ic->m.bytes[ic->at + 21] = 20;
	ic->m.bytes[ic->at + 22] = direction;
	ic_put_body(ic, 28, cdb);
	ic_put_body(ic, 48, "0000 ff 20 4a010000 3c000000 00000000");
}

void storage_done(struct ic *ic, uint8_t srb_status, uint8_t scsi_status, uint32_t moved,
		  const char *sense, uint8_t sense_len)
{
	storage_make(ic, VB_TO_GUEST, VB_PACKET_COMPLETION, "01000000 00000000 00000000 3400", 64);
	ic->m.bytes[ic->at + 14] = srb_status;
	ic->m.bytes[ic->at + 15] = scsi_status;
	ic->m.bytes[ic->at + 21] = sense_len;
	ic_put_le(ic->m.bytes + ic->at + 24, moved, 4);
	ic_put_body(ic, 28, sense);
}

/* ---- data ---- */

static const struct vb_proto *data_proto(void)
{
	return vb_proto_by_name("hv_scsi_data");
}

void storage_data(struct made_frame *ret, uint8_t direction, uint32_t recalled, const char *hex)
{
	frame_make(ret, VB_KIND_PACKET, direction, hex);
	ret->f.class = VB_CLASS_SCSI;
	ret->f.recalled = recalled;
}

struct vb_walked storage_data_walk(const struct made_frame *m)
{
	struct vb_walked w;

	vb_walk(data_proto(), &m->f, NULL, &w);
	return w;
}

void storage_data_whole(const struct made_frame *m)
{
	struct vb_walked w = storage_data_walk(m);

	for (unsigned int i = 0; i < VB_N_NOTES; i++)
		cr_assert_eq(w.n_notes[i], 0, "%s", vb_note_name((enum vb_note_code)i));
	cr_assert_eq(w.unexplained, 0);
}

void storage_data_summary(const struct made_frame *m, const char *text)
{
	char *summary = frame_summary_as(data_proto(), &m->f);

	cr_assert_str_eq(summary, text);
	free(summary);
}

char *storage_data_tree(const struct made_frame *m)
{
	return frame_tree_as(data_proto(), &m->f);
}

void storage_data_line(const struct made_frame *m, const char *line)
{
	char *tree = storage_data_tree(m), *at = strstr(tree, line);

	cr_assert(at && at > tree && at[-1] == ' ' && at[strlen(line)] == '\n', "%s not in\n%s",
		  line, tree);
	free(tree);
}

uint64_t storage_data_value(const struct made_frame *m, const char *path)
{
	return frame_value_as(data_proto(), &m->f, path);
}

/* ---- a conversation ---- */

void storage_begin(struct storage_talk *t)
{
	memset(t, 0, sizeof(*t));
	t->s = vb_session_new(64);
	cr_assert_not_null(t->s);
}

void storage_end(struct storage_talk *t)
{
	vb_session_free(t->s);
}

void storage_say(struct storage_talk *t, uint64_t id)
{
	struct vb_frame *f = &t->ic.m.f;

	memcpy(t->ic.m.bytes + 8, &id, sizeof(id));
	f->number = ++t->n;
	f->time_ns = t->n * UINT64_C(10000000);
	f->lost = t->lost;
	t->lost = 0;
	vb_session_prepare(t->s, f);
	t->w = ic_walk(&t->ic);
	vb_session_learn(t->s, f, &t->w, &t->link);
}

const char *storage_message(const struct storage_talk *t)
{
	for (unsigned int i = 0; i < t->w.n_layers; i++)
		if (strcmp(t->w.layer[i].proto->name, "hv_storvsc") == 0 && t->w.layer[i].msg)
			return t->w.layer[i].msg->name;
	return "none";
}
