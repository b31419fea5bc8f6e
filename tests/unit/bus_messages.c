/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/bus_messages.h"

#include <stdlib.h>
#include <string.h>

#include "capture/source_bpf.h"
#include "dissectors/sinks.h"

static void must(bool good)
{
	if (!good)
		abort();
}

struct bus_said bus_offer(struct vb_table *t, uint32_t relid, const char *class,
			  const char *instance, uint16_t sub)
{
	uint8_t bytes[VB_BPF_OFFER_LEN] = { 1 };
	struct bus_said said;

	must(vb_guid_parse(class, bytes + 8) && vb_guid_parse(instance, bytes + 24));
	memcpy(bytes + 180, &sub, sizeof(sub));
	memcpy(bytes + 184, &relid, sizeof(relid));
	must(!vb_table_message(t, VB_TO_GUEST, bytes, sizeof(bytes), &said.closed, &said.opened));
	return said;
}

struct bus_said bus_message(struct vb_table *t, uint8_t direction, uint32_t type, uint32_t number)
{
	uint32_t words[3] = { type, 0, number };
	struct bus_said said;

	must(!vb_table_message(t, direction, (const uint8_t *)words, sizeof(words), &said.closed,
			       &said.opened));
	return said;
}
