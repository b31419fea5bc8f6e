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

#define N_PORTS 8u
#define LINE_STATUS (VB_AGENT_PORT + 5u)
#define DATA_READY 0x01u

int vb_port_open(void)
{
	return ioperm(VB_AGENT_PORT, N_PORTS, 1) < 0 ? -errno : 0;
}

/*
 * Not the outsb() and insb() of the C library: these do not tell the compiler that memory is read and
 * written. A long word at a time is a quarter of the machine's exits (KVM makes one for each element
 * of a string that goes out).
 */
static void put(const void *bytes, size_t n)
{
	size_t words = n / 4, rest = n % 4;
	unsigned short port = VB_AGENT_PORT;

	__asm__ volatile("cld; rep outsl" : "+S"(bytes), "+c"(words) : "d"(port) : "memory");
	__asm__ volatile("cld; rep outsb" : "+S"(bytes), "+c"(rest) : "d"(port) : "memory");
}

static void get(void *bytes, size_t n)
{
	unsigned short port = VB_AGENT_PORT;

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
