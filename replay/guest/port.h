/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line to vmbusreplay: messages through the registers of the second serial port.
 */
#ifndef VB_GUEST_PORT_H
#define VB_GUEST_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay/guest/agent_proto.h"

/* A message of vmbusreplay. */
struct vb_port_message {
	struct vb_agent_head head;
	uint8_t data[VB_AGENT_MAX + 1]; /* a NUL follows the data */
};

/* Get access to the registers: 0 or a negative errno. */
int vb_port_open(void);

/*
 * Send a message whose data are two pieces, of which either may be empty. What is beyond
 * VB_AGENT_MAX is left out.
 */
void vb_port_send(uint32_t type, const void *first, size_t n_first, const void *second,
		  size_t n_second);

/* Send a message of text. */
void vb_port_send_text(uint32_t type, const char *text);

/* Fetch a message if there is one: each question is an exit of the machine. */
bool vb_port_receive(struct vb_port_message *ret);

#endif
