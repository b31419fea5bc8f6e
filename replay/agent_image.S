/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent, so that one file is the whole program. */
	.section .rodata
	.balign 16
	.globl vb_agent_image
	.type vb_agent_image, %object
vb_agent_image:
	.incbin "vmbus-agent"
	.size vb_agent_image, . - vb_agent_image
	.globl vb_agent_image_end
vb_agent_image_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
