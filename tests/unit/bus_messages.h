/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages of the bus, as a capture's table of channels learns from them. */
#ifndef VB_BUS_MESSAGES_H
#define VB_BUS_MESSAGES_H

#include "capture/source_bpf.h"

/* What went with a message; 0: none. */
struct bus_said {
	uint32_t closed, opened;
};

/* An offer of the host; class and instance are GUIDs. */
struct bus_said bus_offer(struct vb_table *t, uint32_t relid, const char *class,
			  const char *instance, uint16_t sub);
/* A message of 12 bytes: its type, and a number behind its header. */
struct bus_said bus_message(struct vb_table *t, uint8_t direction, uint32_t type, uint32_t number);

#endif
