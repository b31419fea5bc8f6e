/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of storage devices from hex text, alone and as a conversation, and the data beside them. */
#ifndef VB_STORAGE_FRAME_H
#define VB_STORAGE_FRAME_H

#include "dissectors/packet.h"
#include "dissectors/session.h"
#include "ic_frame.h"

/* What a completion knows of its request: the operation, and the beginning of the CDB. */
#define OF(operation, opcode, byte_1, byte_2)                                                      \
	((uint32_t)(operation) << 24 | (uint32_t)(byte_2) << 16 | (uint32_t)(byte_1) << 8 |        \
	 (uint32_t)(opcode))
#define OF_COMMAND(opcode, byte_1, byte_2) OF(3, opcode, byte_1, byte_2)

/* A packet of that type; the payload has len bytes, those of the text and zeros. */
void storage_make(struct ic *ic, uint8_t direction, unsigned int type, const char *payload,
		  uint32_t len);

/* A SCSI request in 64 bytes: the CDB with its length, and where its data goes. */
void storage_request(struct ic *ic, const char *cdb, uint8_t cdb_len, uint8_t direction);
/* A completion in 64 bytes: statuses of SRB and SCSI, the bytes moved, sense data. */
void storage_done(struct ic *ic, uint8_t srb_status, uint8_t scsi_status, uint32_t moved,
		  const char *sense, uint8_t sense_len);

/* What a command reads (to the guest) or writes; it is the frame. */
void storage_data(struct made_frame *ret, uint8_t direction, uint32_t recalled, const char *hex);
/* Nothing is noted of it. */
void storage_data_whole(const struct made_frame *m);
void storage_data_summary(const struct made_frame *m, const char *text);
struct vb_walked storage_data_walk(const struct made_frame *m);
/* Value of the field of hv_scsi_data with that path, which is there once. */
uint64_t storage_data_value(const struct made_frame *m, const char *path);
/* The tree, without names; free() it. */
char *storage_data_tree(const struct made_frame *m);
void storage_data_line(const struct made_frame *m, const char *line);

/* ---- a conversation ---- */

struct storage_talk {
	struct vb_session *s;
	struct ic ic; /* the latest packet, as prepared */
	struct vb_walked w;
	struct vb_link link;
	uint64_t n;
	uint32_t lost; /* before the next */
};

void storage_begin(struct storage_talk *t);
void storage_end(struct storage_talk *t);
/* The packet in t->ic, with that id: the session prepares it, and learns from it. */
void storage_say(struct storage_talk *t, uint64_t id);
/* The message of the latest packet. */
const char *storage_message(const struct storage_talk *t);

#endif
