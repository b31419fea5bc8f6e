/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent (guest/), a program for the guest, inside this one. */
#ifndef VB_AGENT_IMAGE_H
#define VB_AGENT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t vb_agent_image[];
extern const uint8_t vb_agent_image_end[];

static inline size_t vb_agent_image_len(void)
{
	return (size_t)((uintptr_t)vb_agent_image_end - (uintptr_t)vb_agent_image);
}

#endif
