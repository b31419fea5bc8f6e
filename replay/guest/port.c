/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers are those of a 16550 (data at the first port, line status at the sixth). It takes
 * bytes at any time; vmbusreplay queues whole messages, so that when the first byte is there, all
 * are.
 */
#include "replay/guest/port.h"

#include <errno.h>
#include <string.h>
#include <sys/io.h>

#define N_PORTS (VB_AGENT_PORT + 8u - VB_AGENT_BLOCK_PORT)
#define PAGE 4096u
#define LINE_STATUS (VB_AGENT_PORT + 5u)
#define DATA_READY 0x01u

int vb_port_open(void)
{
	return ioperm(VB_AGENT_BLOCK_PORT, N_PORTS, 1) < 0 ? -errno : 0;
}

/* The pages that a block lies in must be there when the machine looks for them. */
static void touch(const void *bytes, size_t n)
{
	const volatile uint8_t *p = bytes;

	for (size_t i = 0; i < n; i += PAGE)
		(void)p[i];
	(void)p[n - 1];
}

/* One exit of the machine, which takes bytes and leaves how many are to be sent again. */
static void put_block(const void **bytes, size_t *n)
{
	__asm__ volatile("outb %%al, %%dx"
			 : "+S"(*bytes), "+c"(*n)
			 : "a"(0), "d"(VB_AGENT_BLOCK_PORT)
			 : "memory");
}

/* A page that went away meanwhile is touched again. */
static void put(const void *bytes, size_t n)
{
	while (n > 0) {
		touch(bytes, n);
		put_block(&bytes, &n);
	}
}

/*
 * KVM takes a piece of the bytes from the port before it finds that their page may not be written:
 * then they are lost. After each fork() all pages are like that until they are written to.
 */
static void make_writable(void *bytes, size_t n)
{
	volatile uint8_t *p = bytes;

	for (size_t i = 0; i < n; i += PAGE)
		p[i] = 0;
	p[n - 1] = 0;
}

/*
 * Not insb() of the C library: that does not tell the compiler that memory is written, as its outsb()
 * does not tell that it is read.
 */
static void get(void *bytes, size_t n)
{
	unsigned short port = VB_AGENT_PORT;

	if (n == 0)
		return;
	make_writable(bytes, n);
	__asm__ volatile("cld; rep insb" : "+D"(bytes), "+c"(n) : "d"(port) : "memory");
}

void vb_port_send(uint32_t type, const void *first, size_t n_first, const void *second,
		  size_t n_second)
{
	struct vb_agent_head head = { .type = type };

	n_first = n_first < VB_AGENT_MAX ? n_first : VB_AGENT_MAX;
	n_second = n_second < VB_AGENT_MAX - n_first ? n_second : VB_AGENT_MAX - n_first;
	head.len = (uint32_t)(n_first + n_second);
	put(&head, sizeof(head));
	put(first, n_first);
	put(second, n_second);
}

void vb_port_send_text(uint32_t type, const char *text)
{
	vb_port_send(type, text, strlen(text), NULL, 0);
}

bool vb_port_receive(struct vb_port_message *ret)
{
	if (!(inb(LINE_STATUS) & DATA_READY))
		return false;
	get(&ret->head, sizeof(ret->head));
	if (ret->head.len > VB_AGENT_MAX)
		ret->head.len = VB_AGENT_MAX;
	get(ret->data, ret->head.len);
	ret->data[ret->head.len] = '\0';
	return true;
}
