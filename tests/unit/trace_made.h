/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace of a few records, made of field names and written by the trace writer. */
#ifndef VB_TRACE_MADE_H
#define VB_TRACE_MADE_H

#include "capture/event.h"
#include "dissectors/values.h"

struct made {
	char *path; /* a scratch file; made_done() removes it */
	struct vb_trace_writer *writer;
	uint64_t number, time_ns; /* of the record before; records are a millisecond apart */
	uint16_t flags;		  /* enum vb_record_flag of the records that follow */
	uint32_t lost, cut;	  /* of the next record: lost before it, bytes cut from it */
	uint32_t relid;		  /* of the packets that follow */
	uint8_t class;
	uint8_t instance; /* all bytes of the instance GUID */
};

void made_open(struct made *m);
/* End the file, so that it can be read. */
void made_close(struct made *m);
void made_done(struct made *m);

void made_control(struct made *m, uint8_t direction, uint32_t len, const struct vb_value *v,
		  size_t n);
/* Control messages of the device that is set: made_offer() with these channel flags. */
void made_offer(struct made *m, uint16_t flags);
void made_open_channel(struct made *m);
void made_close_channel(struct made *m);
void made_rescind(struct made *m);

/* A packet of these fields; its lengths are among them. */
void made_packet(struct made *m, uint8_t direction, uint32_t len, const struct vb_value *v,
		 size_t n);
/* A packet with len bytes of payload, a multiple of 8; all but completions ask for one. */
void made_message(struct made *m, uint8_t direction, uint16_t type, uint64_t trans_id,
		  const void *payload, uint32_t len);
/* Packets: one that asks for a completion, and a completion; 8 bytes of payload of that value. */
void made_ask(struct made *m, uint8_t direction, uint64_t trans_id, uint8_t value);
void made_complete(struct made *m, uint8_t direction, uint64_t trans_id, uint8_t value);

#endif
