/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A serial port: as much of a 16550A as Linux's driver finds and uses (8250_port.c of 6.1). The line
 * is infinitely fast, and a block of bytes at the data register is taken as a whole.
 */
#ifndef VB_SERIAL_H
#define VB_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VB_SERIAL_FIFO 16u

struct vb_serial {
	void *ctx;
	/* Bytes that the guest sent. */
	void (*sent)(void *ctx, const uint8_t *bytes, size_t n);
	/* The interrupt line went up or down; called at changes only. May be NULL. */
	void (*line)(void *ctx, bool up);

	/* the rest is the port's own */
	uint8_t ier, fcr, lcr, mcr, scratch, divisor[2];
	bool thr_pending; /* the transmitter's interrupt waits to be read from the IIR */
	bool line_up;
	uint8_t loop[VB_SERIAL_FIFO]; /* what was sent in loopback mode */
	size_t n_loop;
	uint8_t *input; /* from start to end it waits for the guest */
	size_t input_start, input_end, input_cap;
};

/* ctx, sent and line are set; everything else is zero. */
void vb_serial_done(struct vb_serial *s);

/* The guest writes n bytes, one after the other, to register 0..7. */
void vb_serial_write(struct vb_serial *s, unsigned int reg, const uint8_t *bytes, size_t n);

/* The guest reads n bytes from a register; input that is not there reads as 0. */
void vb_serial_read(struct vb_serial *s, unsigned int reg, uint8_t *bytes, size_t n);

/* Bytes for the guest; queued without limit. 0 or -ENOMEM. */
int vb_serial_input(struct vb_serial *s, const uint8_t *bytes, size_t n);

#endif
