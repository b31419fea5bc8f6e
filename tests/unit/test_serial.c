/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial port, as the data sheet and Linux's driver see it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "replay/vmm/serial.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCRATCH };
#define FCR IIR

struct peer {
	uint8_t bytes[64];
	size_t n;
	unsigned int calls, line_changes;
	bool up;
};

static void sent(void *ctx, const uint8_t *bytes, size_t n)
{
	struct peer *p = ctx;

	cr_assert_leq(p->n + n, sizeof(p->bytes));
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
	p->calls++;
}

static void line(void *ctx, bool up)
{
	struct peer *p = ctx;

	cr_assert_neq(p->up, up, "told without a change");
	p->up = up;
	p->line_changes++;
}

static struct vb_serial port(struct peer *p)
{
	return (struct vb_serial){ .ctx = p, .sent = sent, .line = line };
}

static void out(struct vb_serial *s, unsigned int reg, uint8_t value)
{
	vb_serial_write(s, reg, &value, 1);
}

static uint8_t in(struct vb_serial *s, unsigned int reg)
{
	uint8_t value = 0xee;

	vb_serial_read(s, reg, &value, 1);
	return value;
}

Test(serial, output_is_a_block)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);

	cr_assert_eq(in(&s, LSR), 0x60);
	vb_serial_write(&s, DATA, (const uint8_t *)"block of bytes", 14);
	cr_assert_eq(p.calls, 1);
	cr_assert_eq(p.n, 14);
	cr_assert_arr_eq(p.bytes, "block of bytes", 14);
	cr_assert_eq(in(&s, LSR), 0x60, "there is always room");
}

Test(serial, input_waits)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);
	uint8_t got[8];

	cr_assert_eq(in(&s, DATA), 0, "nothing is there");
	cr_assert_eq(vb_serial_input(&s, (const uint8_t *)"abcdef", 6), 0);
	cr_assert_eq(in(&s, LSR), 0x61);
	cr_assert_eq(in(&s, DATA), 'a');
	out(&s, FCR, 0x07);
	vb_serial_read(&s, DATA, got, sizeof(got));
	cr_assert_arr_eq(got, "bcdef\0\0\0", 8,
			 "what is missing is 0, a cleared FIFO loses nothing");
	cr_assert_eq(in(&s, LSR), 0x60);
	vb_serial_done(&s);
}

/* Queued and taken in all sizes, nothing is lost or changed. */
Test(serial, input_is_long)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);
	uint32_t queued = 0, taken = 0;
	uint8_t block[3000];

	for (uint32_t round = 0; round < 400; round++) {
		uint32_t n = round * 37 % 3000, m = round * 53 % 2500;

		for (uint32_t i = 0; i < n; i++)
			block[i] = (uint8_t)((queued + i) * 31 >> 3);
		cr_assert_eq(vb_serial_input(&s, block, n), 0);
		queued += n;
		if (m > queued - taken)
			m = queued - taken;
		vb_serial_read(&s, DATA, block, m);
		for (uint32_t i = 0; i < m; i++)
			cr_assert_eq(block[i], (uint8_t)((taken + i) * 31 >> 3));
		taken += m;
	}
	cr_assert_gt(queued, taken);
	cr_assert_eq(in(&s, LSR), 0x61);
	vb_serial_done(&s);
}

/* How serial8250_do_startup() tests the transmitter's interrupt, and how it is used. */
Test(serial, transmitter_interrupt)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);

	out(&s, MCR, 0x0b);
	cr_assert_eq(in(&s, IIR), 0x01);
	out(&s, IER, 0x02);
	cr_assert(p.up);
	cr_assert_eq(in(&s, IIR), 0x02);
	cr_assert_not(p.up, "reading the IIR acknowledges it");
	cr_assert_eq(in(&s, IIR), 0x01);
	out(&s, IER, 0x00);
	out(&s, IER, 0x02);
	cr_assert_eq(in(&s, IIR), 0x02, "switched on anew it comes anew");
	out(&s, DATA, 'x');
	cr_assert(p.up, "and after each byte");
	cr_assert_eq(in(&s, IIR), 0x02);
	cr_assert_not(p.up);
}

Test(serial, receiver_interrupt)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);

	out(&s, MCR, 0x08);
	out(&s, IER, 0x03);
	cr_assert_eq(in(&s, IIR), 0x02);
	cr_assert_eq(vb_serial_input(&s, (const uint8_t *)"ab", 2), 0);
	cr_assert(p.up);
	cr_assert_eq(in(&s, IIR), 0x04);
	cr_assert_eq(in(&s, IIR), 0x04, "reading the IIR does not acknowledge it");
	cr_assert_eq(in(&s, DATA), 'a');
	cr_assert(p.up);
	cr_assert_eq(in(&s, DATA), 'b');
	cr_assert_not(p.up);
	out(&s, MCR, 0x00);
	cr_assert_eq(vb_serial_input(&s, (const uint8_t *)"c", 1), 0);
	cr_assert_not(p.up, "OUT2 disconnects the line");
	out(&s, MCR, 0x08);
	cr_assert(p.up);
	vb_serial_done(&s);
}

/* autoconfig() of the driver: is it there, is it a 16550A? */
Test(serial, is_recognised)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);

	out(&s, IER, 0xff);
	cr_assert_eq(in(&s, IER), 0x0f, "no bits of later chips");
	out(&s, IER, 0);
	out(&s, SCRATCH, 0x5a);
	cr_assert_eq(in(&s, SCRATCH), 0x5a);
	out(&s, MCR, 0x1a);
	cr_assert_eq(in(&s, MSR), 0x90, "RTS is CTS, OUT2 is carrier");
	out(&s, MCR, 0x15);
	cr_assert_eq(in(&s, MSR), 0x60, "DTR is DSR, OUT1 is ring");
	out(&s, MCR, 0);
	cr_assert_eq(in(&s, MSR), 0xb0);
	out(&s, FCR, 0x01);
	cr_assert_eq(in(&s, IIR), 0xc1);
	out(&s, FCR, 0x00);
	cr_assert_eq(in(&s, IIR), 0x01);
}

Test(serial, loopback)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);
	uint8_t got[20];

	out(&s, MCR, 0x1b);
	out(&s, IER, 0x01);
	vb_serial_write(&s, DATA, (const uint8_t *)"0123456789abcdefghij", 20);
	cr_assert_eq(p.calls, 0);
	cr_assert_not(p.up);
	cr_assert_eq(in(&s, LSR), 0x61);
	cr_assert_eq(in(&s, IIR), 0x04);
	cr_assert_eq(in(&s, DATA), '0');
	vb_serial_read(&s, DATA, got, sizeof(got));
	cr_assert_arr_eq(got, "123456789abcdef\0\0\0\0\0", 20, "a FIFO has 16 bytes");
	cr_assert_eq(in(&s, LSR), 0x60);
}

Test(serial, divisor)
{
	struct peer p = { .n = 0 };
	struct vb_serial s = port(&p);

	out(&s, LCR, 0x83);
	out(&s, DATA, 0x0c);
	out(&s, IER, 0x02);
	cr_assert_eq(in(&s, DATA), 0x0c);
	cr_assert_eq(in(&s, IER), 0x02);
	out(&s, LCR, 0x03);
	cr_assert_eq(in(&s, LCR), 0x03);
	cr_assert_eq(p.calls, 0, "it was no data");
	cr_assert_eq(in(&s, IER), 0x00, "nor an interrupt enabled");
}
