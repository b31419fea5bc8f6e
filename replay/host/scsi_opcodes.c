/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REPORT SUPPORTED OPERATION CODES (T10 SPC-4, 6.29). */
#include <stdio.h>
#include <string.h>

#include "replay/host/storvsc.h"

#define OPCODES "hv_scsi_data.maintenance_in.opcodes."
enum { ASK_ALL, ASK_CODE, ASK_ACTION, ASK_EITHER };
enum { UNSUPPORTED = 1, SUPPORTED = 3 };

static bool is_for(const struct vb_storvsc_request *r, const struct vb_unit_command *c)
{
	if (c->opcode == VB_SCSI_UNMAP && !r->s->thin)
		return false;
	return c->flags & (r->unit->is_dvd ? SCSI_DVD : SCSI_DISK);
}

/* ---- all of them ---- */

#define ENTRY_LEN 8u
#define LIST_HEAD 4u
#define MAX_ENTRY_VALUES 4u
enum { HAS_ACTION = 1 };

/* An answer that grows: what is zero in it need not be said. */
struct answer {
	struct vb_value value[VB_VALUES_MAX];
	char path[VB_VALUES_MAX][72];
	size_t n;
};

static void set(struct answer *a, unsigned int i, const char *name, uint64_t number)
{
	if (!number || a->n == VB_VALUES_MAX)
		return;
	snprintf(a->path[a->n], sizeof(a->path[0]), OPCODES "all.operation[%u].%s", i, name);
	a->value[a->n] = (struct vb_value)VB_NUMBER(a->path[a->n], number);
	a->n++;
}

/* Time limits are none, so that they are not told where they are asked for. */
static void answer_all(struct vb_storvsc_request *r)
{
	struct answer a = { .n = 1 };
	const struct vb_unit_command *c;
	unsigned int n = 0;
	size_t n_commands;

	c = vb_unit_commands(&n_commands);
	for (size_t i = 0; i < n_commands; i++, c++) {
		if (!is_for(r, c))
			continue;
		set(&a, n, "opcode", c->opcode);
		set(&a, n, "service_action", c->action);
		set(&a, n, "flags", c->action_mask ? HAS_ACTION : 0);
		set(&a, n, "cdb_length", vb_unit_cdb_len(c->opcode));
		n++;
	}
	a.value[0] = (struct vb_value)VB_NUMBER(OPCODES "all.length", (uint64_t)n * ENTRY_LEN);
	vb_unit_answer(r, a.value, a.n, LIST_HEAD + n * ENTRY_LEN, r->field[SCSI_ROOM]);
}

/* ---- one ---- */

static const struct vb_unit_command *command_of(const struct vb_storvsc_request *r, uint8_t opcode,
						uint64_t action)
{
	const struct vb_unit_command *c = vb_unit_find(opcode | (uint32_t)(action & 0x1f) << 8);

	return c && is_for(r, c) ? c : NULL;
}

/* How Linux asks whether it may use a command. */
static void answer_one(struct vb_storvsc_request *r, uint64_t how)
{
	static const char *const paths[][3] = {
		[ASK_CODE] = { OPCODES "one.flags", OPCODES "one.cdb_length", OPCODES "one.usage" },
		[ASK_ACTION] = { OPCODES "one_action.flags", OPCODES "one_action.cdb_length",
				 OPCODES "one_action.usage" },
		[ASK_EITHER] = { OPCODES "either.flags", OPCODES "either.cdb_length",
				 OPCODES "either.usage" },
	};
	uint8_t opcode = (uint8_t)r->field[SCSI_B], usage[16];
	uint32_t len = vb_unit_cdb_len(opcode);
	const struct vb_unit_command *c;

	c = command_of(r, opcode, how != ASK_CODE ? r->field[SCSI_C] : 0);
	if (how == ASK_ACTION && c && !c->action_mask)
		return vb_unit_fail(r, SENSE_CDB);
	len = c ? len : 0;
	memset(usage, 0xff, sizeof(usage));
	usage[0] = opcode;
	const struct vb_value values[] = {
		VB_NUMBER(paths[how][0], c ? SUPPORTED : UNSUPPORTED),
		VB_NUMBER(paths[how][1], len),
		VB_DATA(paths[how][2], usage, len),
	};

	vb_unit_answer(r, values, c ? 3 : 1, 4 + len, r->field[SCSI_ROOM]);
}

void vb_unit_supported_opcodes(struct vb_storvsc_request *r)
{
	uint64_t how = r->field[SCSI_A] & 7;

	if (how > ASK_EITHER)
		vb_unit_fail(r, SENSE_CDB);
	else if (how == ASK_ALL)
		answer_all(r);
	else
		answer_one(r, how);
}
