/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/disk_trace.h"

#include <string.h>

enum packet_type { IN_BAND = 6, COMPLETION = 11 };

void disk_trace_begin(struct made *m, bool is_late)
{
	made_open(m);
	m->class = VB_CLASS_SCSI;
	m->relid = 3;
	m->instance = 0x5c;
	if (is_late)
		return;
	made_offer(m, 0);
	made_open_channel(m);
}

static struct stor_wire fill(uint32_t operation, const struct stor_request *r)
{
	struct stor_wire w = { .operation = operation, .flags = 1 };

	w.srb.length = STOR_MESSAGE - 12;
	w.srb.lun = r->lun;
	w.srb.cdb_len = r->cdb_len;
	w.srb.data_in = (uint8_t)r->way;
	w.srb.data_len = r->data_len;
	return w;
}

uint64_t disk_trace_ask(struct made *m, const struct stor_request *r)
{
	struct stor_wire w = fill(VB_STORVSC_EXECUTE_SRB, r);
	uint64_t id = m->number + 1; /* no other record has it */

	memcpy(w.srb.bytes, r->cdb, sizeof(r->cdb));
	made_message(m, VB_TO_HOST, IN_BAND, id, &w, sizeof(w));
	return id;
}

void disk_trace_answer(struct made *m, uint64_t id, const struct stor_request *r,
		       uint8_t srb_status, uint8_t scsi_status)
{
	struct stor_wire w = fill(VB_STORVSC_COMPLETE_IO, r);

	w.srb.srb_status = srb_status;
	w.srb.scsi_status = scsi_status;
	if (srb_status != VB_SRB_SUCCESS)
		w.srb.data_len = 0;
	made_message(m, VB_TO_GUEST, COMPLETION, id, &w, sizeof(w));
}

void disk_trace_done(struct made *m, const struct stor_request *r)
{
	disk_trace_answer(m, disk_trace_ask(m, r), r, VB_SRB_SUCCESS, VB_SCSI_GOOD);
}

void disk_trace_notice(struct made *m)
{
	const struct stor_wire w = { .operation = VB_STORVSC_ENUMERATE_BUS };

	made_message(m, VB_TO_GUEST, IN_BAND, 0, &w, sizeof(w));
}
