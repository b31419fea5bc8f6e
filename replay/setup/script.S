/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script of "vmbusreplay setup", so that one file is the whole program. */
	.section .rodata
	.globl vb_setup_script
	.type vb_setup_script, %object
vb_setup_script:
	.incbin "replay/setup/fetch"
	.byte 0
	.size vb_setup_script, . - vb_setup_script
	.section .note.GNU-stack, "", %progbits
