/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of a storage device and their answers, in a trace that is made (trace_made.h). */
#ifndef VB_DISK_TRACE_H
#define VB_DISK_TRACE_H

#include "tests/loop/stor_bench.h"
#include "tests/unit/trace_made.h"

/* A SCSI controller, offered and opened; is_late: it was open before the trace begins. */
void disk_trace_begin(struct made *m, bool is_late);
/* A request of the guest, of target 0. Returns its id, which no other one has. */
uint64_t disk_trace_ask(struct made *m, const struct stor_request *r);
/* Its completion, with the statuses of SRB and SCSI. */
void disk_trace_answer(struct made *m, uint64_t id, const struct stor_request *r,
		       uint8_t srb_status, uint8_t scsi_status);
/* Both, and it went well. */
void disk_trace_done(struct made *m, const struct stor_request *r);
/* A message of the host's own: ENUMERATE_BUS. */
void disk_trace_notice(struct made *m);

#endif
