/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets ADDRESS PORT ROUNDS CONNECTIONS: small messages to a TCP echo service and back, one at a time
 * on each of several connections, of lengths that differ. Each byte that comes back is compared.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 64
#define LONGEST 1400

struct connection {
	int fd;
	size_t len, received; /* of the message that is under way */
	unsigned long round;
};

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static char byte_at(const struct connection *c, size_t at)
{
	return (char)(c->round * 31 + at * 7);
}

static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((unsigned short)strtoul(port, NULL, 10)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return -1;
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

static int send_round(struct connection *c, unsigned long round)
{
	char bytes[LONGEST];

	c->round = round;
	c->len = 100 + round * 37 % (LONGEST - 100);
	c->received = 0;
	for (size_t i = 0; i < c->len; i++)
		bytes[i] = byte_at(c, i);
	return write(c->fd, bytes, c->len) == (ssize_t)c->len ? 0 : fail("write");
}

static int receive(struct connection *c)
{
	char bytes[LONGEST];
	ssize_t n = read(c->fd, bytes, c->len - c->received);

	if (n <= 0)
		return fail("read");
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == byte_at(c, c->received + (size_t)i))
			continue;
		fprintf(stderr, "packets: round %lu came back with another byte\n", c->round);
		return 1;
	}
	c->received += (size_t)n;
	return 0;
}

/* One turn of the connections that have something; how many rounds ended is added to *ended. */
static int turn(struct connection *c, int n, unsigned long *begun, unsigned long *ended,
		unsigned long rounds)
{
	struct pollfd p[MAX_CONNECTIONS];

	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = c[i].received < c[i].len ? c[i].fd : -1,
					.events = POLLIN };
	if (poll(p, (nfds_t)n, 30000) <= 0)
		return fail("nothing comes back");
	for (int i = 0; i < n; i++) {
		if (!p[i].revents)
			continue;
		if (receive(&c[i]))
			return 1;
		if (c[i].received < c[i].len)
			continue;
		++*ended;
		if (*begun < rounds && send_round(&c[i], (*begun)++))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct connection c[MAX_CONNECTIONS] = { { 0 } };
	unsigned long rounds, begun = 0, ended = 0;
	int n;

	if (argc != 5)
		return 2;
	rounds = strtoul(argv[3], NULL, 10);
	n = atoi(argv[4]);
	if (n < 1 || n > MAX_CONNECTIONS || rounds < (unsigned long)n)
		return 2;
	for (int i = 0; i < n; i++) {
		c[i].fd = connect_to(argv[1], argv[2]);
		if (c[i].fd < 0)
			return fail("connect");
		if (send_round(&c[i], begun++))
			return 1;
	}
	while (ended < rounds)
		if (turn(c, n, &begun, &ended, rounds))
			return 1;
	printf("packets: %lu rounds\n", ended);
	return 0;
}
