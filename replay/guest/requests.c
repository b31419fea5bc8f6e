/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs in the guest ask through a socket of the agent: "host WORDS..." for an act of the host,
 * and /sbin/poweroff and /sbin/reboot, which the kernel runs when the host wants the guest to shut
 * down, for an end in order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "replay/guest/agent.h"

/* What a client sends, at most: it must fit a message behind its id. */
#define ASK_MAX (VB_AGENT_MAX - sizeof(uint32_t))

static socklen_t make_address(struct sockaddr_un *ret)
{
	static const char name[] = VB_AGENT_SOCKET;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* abstract: it needs no file system */
	memcpy(ret->sun_path + 1, name, sizeof(name) - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(name));
}

int vb_agent_requests_open(struct vb_agent *a)
{
	struct sockaddr_un address;
	socklen_t len = make_address(&address);

	for (size_t i = 0; i < VB_AGENT_CLIENTS; i++)
		a->clients[i].fd = -1;
	a->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (a->listen_fd < 0)
		return -errno;
	if (bind(a->listen_fd, (struct sockaddr *)&address, len) < 0 ||
	    listen(a->listen_fd, VB_AGENT_CLIENTS) < 0)
		return -errno;
	return 0;
}

static void wish(struct vb_agent *a, enum vb_agent_end end)
{
	if (a->end == VB_END_NONE)
		a->end = end;
}

static void give_answer(int fd, int32_t status, const char *text, size_t n)
{
	struct iovec parts[] = { { &status, sizeof(status) }, { (void *)(uintptr_t)text, n } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };

	sendmsg(fd, &m, MSG_NOSIGNAL);
	close(fd);
}

static void ask_host(struct vb_agent *a, int fd, const uint8_t *words, size_t n)
{
	for (size_t i = 0; i < VB_AGENT_CLIENTS; i++) {
		struct vb_agent_client *c = &a->clients[i];

		if (c->fd >= 0)
			continue;
		*c = (struct vb_agent_client){ .fd = fd, .id = ++a->next_id };
		vb_port_send(VB_AGENT_COMMAND, &c->id, sizeof(c->id), words, n);
		return;
	}
	give_answer(fd, -EBUSY, "too many at once", 16);
}

void vb_agent_accept(struct vb_agent *a)
{
	struct timeval patience = { .tv_sec = 1 };
	uint8_t *ask = a->message.data; /* nothing of vmbusreplay is in there now */
	int fd = accept4(a->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	n = recv(fd, ask, ASK_MAX, 0);
	if (n > 0 && ask[0] == VB_ASK_HOST) {
		ask_host(a, fd, ask + 1, (size_t)n - 1);
		return;
	}
	if (n > 0 && ask[0] == VB_ASK_POWEROFF)
		wish(a, VB_END_POWEROFF);
	else if (n > 0 && ask[0] == VB_ASK_REBOOT)
		wish(a, VB_END_REBOOT);
	give_answer(fd, 0, NULL, 0);
}

void vb_agent_answer(struct vb_agent *a, const struct vb_port_message *m)
{
	struct {
		uint32_t id;
		int32_t status;
	} head;

	if (m->head.len < sizeof(head))
		return;
	memcpy(&head, m->data, sizeof(head));
	for (size_t i = 0; i < VB_AGENT_CLIENTS; i++) {
		struct vb_agent_client *c = &a->clients[i];

		if (c->fd < 0 || c->id != head.id)
			continue;
		give_answer(c->fd, head.status, (const char *)m->data + sizeof(head),
			    m->head.len - sizeof(head));
		c->fd = -1;
	}
}

bool vb_agent_waits(const struct vb_agent *a)
{
	for (size_t i = 0; i < VB_AGENT_CLIENTS; i++)
		if (a->clients[i].fd >= 0)
			return true;
	return false;
}

/* ---- the client ---- */

static size_t put_words(uint8_t *ask, size_t size, int argc, char *const argv[])
{
	size_t n = 1;

	for (int i = 1; i < argc; i++) {
		size_t len = strlen(argv[i]) + 1;

		if (len > size - n)
			return 0;
		memcpy(ask + n, argv[i], len);
		n += len;
	}
	return n;
}

static int print_answer(int fd)
{
	static const char end[] = "\n";
	char answer[VB_AGENT_MAX];
	ssize_t n = recv(fd, answer, sizeof(answer), 0);
	size_t len = n > (ssize_t)sizeof(int32_t) ? (size_t)n - sizeof(int32_t) : 0;
	int32_t status = -EIO;

	if (n >= (ssize_t)sizeof(status))
		memcpy(&status, answer, sizeof(status));
	if (len > 0 && answer[(size_t)n - 1] != '\n')
		len += (size_t)snprintf(answer + n, sizeof(answer) - (size_t)n, "%s", end);
	if (len == 0 && status < 0)
		dprintf(STDERR_FILENO, "host: %s\n", strerror(-status));
	if (len > 0 && write(STDOUT_FILENO, answer + sizeof(status), len) < 0)
		return 1;
	return status == 0 ? 0 : 1;
}

int vb_agent_client(const char *name, int argc, char *const argv[])
{
	uint8_t ask[4096];
	size_t n = put_words(ask, sizeof(ask), argc, argv);
	struct sockaddr_un address;
	socklen_t len = make_address(&address);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ask[0] = strcmp(name, "host") == 0   ? VB_ASK_HOST :
		 strcmp(name, "reboot") == 0 ? VB_ASK_REBOOT :
					       VB_ASK_POWEROFF;
	if (n == 0 || fd < 0 || connect(fd, (struct sockaddr *)&address, len) < 0 ||
	    send(fd, ask, n, MSG_NOSIGNAL) < 0) {
		dprintf(STDERR_FILENO, "%s: the agent cannot be asked: %s\n", name,
			n == 0 ? "too many words" : strerror(errno));
		return 1;
	}
	return print_answer(fd);
}
