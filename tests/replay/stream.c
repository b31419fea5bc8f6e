/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream send|receive|echo|datagram|words ADDRESS PORT BYTES: one TCP connection in large pieces, as
 * busybox nc has them not, or one UDP datagram. What comes is compared with what chargen (printable
 * characters in turn) or echo must send. words: a datagram that begins with "visible-word" and ends
 * with "secret-word".
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 65536

static char byte_at(unsigned long at)
{
	return (char)(' ' + at % 95);
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int send_piece(int fd, unsigned long *sent, unsigned long total)
{
	char bytes[PIECE];
	size_t n = total - *sent < PIECE ? total - *sent : PIECE;
	ssize_t done;

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(*sent + i);
	done = write(fd, bytes, n);
	if (done < 0)
		return fail("write");
	*sent += (unsigned long)done;
	if (*sent == total)
		shutdown(fd, SHUT_WR);
	return 0;
}

static int receive_piece(int fd, unsigned long *received, int *ret_ended)
{
	char bytes[PIECE];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return fail("read");
	*ret_ended = n == 0;
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == byte_at(*received + (unsigned long)i))
			continue;
		fprintf(stderr, "stream: byte %lu is wrong\n", *received + (unsigned long)i);
		return 1;
	}
	*received += (unsigned long)n;
	return 0;
}

static int stream(int fd, unsigned long to_send, unsigned long to_receive, unsigned long *received)
{
	unsigned long sent = 0;
	int ended = 0, rc = 0;

	while (!rc && !ended && (sent < to_send || *received < to_receive)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (sent < to_send)
			p.events |= POLLOUT;
		if (poll(&p, 1, 30000) <= 0)
			return fail("poll");
		if (p.revents & POLLOUT)
			rc = send_piece(fd, &sent, to_send);
		if (!rc && p.revents & (POLLIN | POLLHUP | POLLERR))
			rc = receive_piece(fd, received, &ended);
	}
	/* all that was sent has come when the other side says that it is over, too */
	while (!rc && to_send && !ended)
		rc = receive_piece(fd, received, &ended);
	return rc;
}

static void put_words(char *bytes, size_t len)
{
	static const char first[] = "visible-word", last[] = "secret-word";

	if (len < sizeof(first) + sizeof(last))
		return;
	memset(bytes, '.', len);
	memcpy(bytes, first, sizeof(first) - 1);
	memcpy(bytes + len - (sizeof(last) - 1), last, sizeof(last) - 1);
}

static int datagram(int fd, size_t len, int has_words)
{
	char sent[PIECE], received[PIECE];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (size_t i = 0; i < len; i++)
		sent[i] = byte_at(i);
	if (has_words)
		put_words(sent, len);
	if (write(fd, sent, len) < 0)
		return fail("write");
	if (poll(&p, 1, 5000) <= 0 || read(fd, received, sizeof(received)) != (ssize_t)len)
		return fail("no answer");
	return memcmp(sent, received, len) ? fail("the answer is another one") : 0;
}

static int connect_to(const char *address, const char *port, int type)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((unsigned short)strtoul(port, NULL, 10)) };
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return -1;
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

int main(int argc, char **argv)
{
	unsigned long bytes, received = 0;
	int fd, sends, receives, has_words, is_datagram, rc;

	if (argc != 5)
		return 2;
	has_words = strcmp(argv[1], "words") == 0;
	is_datagram = has_words || strcmp(argv[1], "datagram") == 0;
	sends = strcmp(argv[1], "receive") != 0;
	receives = strcmp(argv[1], "send") != 0;
	bytes = strtoul(argv[4], NULL, 10);
	fd = connect_to(argv[2], argv[3], is_datagram ? SOCK_DGRAM : SOCK_STREAM);
	if (fd < 0)
		return fail("connect");
	if (is_datagram && bytes <= PIECE)
		rc = datagram(fd, bytes, has_words);
	else
		rc = stream(fd, sends ? bytes : 0, receives ? bytes : 0, &received);
	if (rc)
		return rc;
	if (receives && !is_datagram && received < bytes) {
		fprintf(stderr, "stream: only %lu bytes came\n", received);
		return 1;
	}
	printf("stream: %s %lu bytes\n", argv[1], bytes);
	return 0;
}
