/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A serial port; see serial.h. Registers: PC16550D data sheet, section 8. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/vmm/serial.h"

enum { DATA, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCRATCH };

#define IER_RX 0x01u
#define IER_TX 0x02u
#define IER_MASK 0x0fu
#define IIR_NONE 0x01u
#define IIR_TX 0x02u
#define IIR_RX 0x04u
#define IIR_FIFOS 0xc0u
#define FCR_ENABLE 0x01u
#define LCR_DLAB 0x80u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u
#define MCR_MASK 0x1fu
#define LSR_READY 0x01u
#define LSR_EMPTY 0x60u /* of the transmitter: holding and shift register */
#define MSR_PEER 0xb0u	/* carrier, data set ready, clear to send */

void vb_serial_done(struct vb_serial *s)
{
	free(s->input);
	s->input = NULL;
	s->input_start = s->input_end = s->input_cap = 0;
}

static bool looped(const struct vb_serial *s)
{
	return s->mcr & MCR_LOOP;
}

static bool has_input(const struct vb_serial *s)
{
	return looped(s) ? s->n_loop > 0 : s->input_start < s->input_end;
}

/* What the IIR says: the most urgent enabled reason. */
static uint8_t reason(const struct vb_serial *s)
{
	if ((s->ier & IER_RX) && has_input(s))
		return IIR_RX;
	if ((s->ier & IER_TX) && s->thr_pending)
		return IIR_TX;
	return IIR_NONE;
}

/* As on a PC, OUT2 connects the port to its interrupt line; loopback disconnects it. */
static void update_line(struct vb_serial *s)
{
	bool up = reason(s) != IIR_NONE && (s->mcr & MCR_OUT2) && !looped(s);

	if (up == s->line_up)
		return;
	s->line_up = up;
	if (s->line)
		s->line(s->ctx, up);
}

static void send(struct vb_serial *s, const uint8_t *bytes, size_t n)
{
	if (looped(s)) {
		for (size_t i = 0; i < n && s->n_loop < VB_SERIAL_FIFO; i++)
			s->loop[s->n_loop++] = bytes[i];
	} else {
		s->sent(s->ctx, bytes, n);
	}
	s->thr_pending = true;
}

/*
 * Switched on, the transmitter's interrupt comes at once since there is room; the driver tests for
 * that (serial8250_do_startup()).
 */
static void write_ier(struct vb_serial *s, uint8_t value)
{
	if ((value & ~s->ier) & IER_TX)
		s->thr_pending = true;
	s->ier = value & IER_MASK;
}

static void write_mcr(struct vb_serial *s, uint8_t value)
{
	if (!(value & MCR_LOOP))
		s->n_loop = 0;
	s->mcr = value & MCR_MASK;
}

static void write_register(struct vb_serial *s, unsigned int reg, uint8_t value)
{
	switch (reg) {
	case IER:
		write_ier(s, value);
		break;
	case IIR_FCR:
		/* Clearing the FIFOs loses nothing: input waits on the line, output is gone. */
		s->fcr = value;
		break;
	case LCR:
		s->lcr = value;
		break;
	case MCR:
		write_mcr(s, value);
		break;
	case SCRATCH:
		s->scratch = value;
		break;
	default: /* status registers */
		break;
	}
}

void vb_serial_write(struct vb_serial *s, unsigned int reg, const uint8_t *bytes, size_t n)
{
	reg &= 7;
	if ((s->lcr & LCR_DLAB) && reg <= IER) {
		if (n)
			s->divisor[reg] = bytes[n - 1];
		return;
	}
	if (reg == DATA)
		send(s, bytes, n);
	else
		for (size_t i = 0; i < n; i++)
			write_register(s, reg, bytes[i]);
	update_line(s);
}

static size_t take_loop(struct vb_serial *s, uint8_t *bytes, size_t n)
{
	if (n > s->n_loop)
		n = s->n_loop;
	memcpy(bytes, s->loop, n);
	s->n_loop -= n;
	memmove(s->loop, s->loop + n, s->n_loop);
	return n;
}

static size_t take_input(struct vb_serial *s, uint8_t *bytes, size_t n)
{
	if (n > s->input_end - s->input_start)
		n = s->input_end - s->input_start;
	if (!n)
		return 0;
	memcpy(bytes, s->input + s->input_start, n);
	s->input_start += n;
	if (s->input_start == s->input_end)
		s->input_start = s->input_end = 0;
	return n;
}

static void receive(struct vb_serial *s, uint8_t *bytes, size_t n)
{
	size_t taken = looped(s) ? take_loop(s, bytes, n) : take_input(s, bytes, n);

	memset(bytes + taken, 0, n - taken);
}

static uint8_t read_iir(struct vb_serial *s)
{
	uint8_t iir = reason(s);

	if (iir == IIR_TX)
		s->thr_pending = false;
	return (s->fcr & FCR_ENABLE) ? iir | IIR_FIFOS : iir;
}

/* In loopback the modem's outputs are its inputs: RTS CTS, DTR DSR, OUT1 ring, OUT2 carrier. */
static uint8_t read_msr(const struct vb_serial *s)
{
	if (!looped(s))
		return MSR_PEER;
	return (uint8_t)((s->mcr & 0x0c) << 4 | (s->mcr & 0x02) << 3 | (s->mcr & 0x01) << 5);
}

static uint8_t read_register(struct vb_serial *s, unsigned int reg)
{
	switch (reg) {
	case IER:
		return s->ier;
	case IIR_FCR:
		return read_iir(s);
	case LCR:
		return s->lcr;
	case MCR:
		return s->mcr;
	case LSR:
		return has_input(s) ? LSR_EMPTY | LSR_READY : LSR_EMPTY;
	case MSR:
		return read_msr(s);
	default:
		return s->scratch;
	}
}

void vb_serial_read(struct vb_serial *s, unsigned int reg, uint8_t *bytes, size_t n)
{
	reg &= 7;
	if ((s->lcr & LCR_DLAB) && reg <= IER) {
		memset(bytes, s->divisor[reg], n);
		return;
	}
	if (reg == DATA)
		receive(s, bytes, n);
	else
		for (size_t i = 0; i < n; i++)
			bytes[i] = read_register(s, reg);
	update_line(s);
}

/* Room for n more bytes behind the input: move it to the front first, then ask for memory. */
static int make_room(struct vb_serial *s, size_t n)
{
	size_t len = s->input_end - s->input_start;
	size_t cap = s->input_cap ? s->input_cap : 4096;
	uint8_t *bigger;

	if (s->input_cap - s->input_end >= n)
		return 0;
	if (s->input_start) {
		memmove(s->input, s->input + s->input_start, len);
		s->input_start = 0;
		s->input_end = len;
	}
	if (n > SIZE_MAX / 2 - len)
		return -ENOMEM;
	while (cap < len + n)
		cap *= 2;
	if (cap == s->input_cap)
		return 0;
	bigger = realloc(s->input, cap);
	if (!bigger)
		return -ENOMEM;
	s->input = bigger;
	s->input_cap = cap;
	return 0;
}

int vb_serial_input(struct vb_serial *s, const uint8_t *bytes, size_t n)
{
	int ret = n ? make_room(s, n) : 0;

	if (ret < 0 || !n)
		return ret;
	memcpy(s->input + s->input_end, bytes, n);
	s->input_end += n;
	update_line(s);
	return 0;
}
