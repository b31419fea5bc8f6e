/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * costs PID send|echo|stream|chargen ADDRESS N LEN: in a guest, N datagrams or pieces of TCP of LEN
 * bytes, to and from the services of the host's network device.
 * costs PID read|write DISK N LEN: N times LEN bytes of a disk, here and there, past the cache.
 * Prints N and what they cost, in ns of a machine where time is a number of instructions: from the first to the last; of this what process
 * PID (0: none) took; and what it takes afterwards. So nothing may be idle in between: datagrams that
 * are echoed go by windows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_LEN 65536
#define WINDOW 32
#define DISK_LEN (32u << 20)
#define PORT_ECHO 7
#define PORT_DISCARD 9
#define PORT_CHARGEN 19
#define STEP_NS 100000000
#define QUIET_STEPS 30 /* tcpdump looks at what it has once a second */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* CPU time of a process. */
static uint64_t cpu_ns(const char *pid)
{
	char path[64];
	uint64_t ns = 0;
	FILE *f;

	if (!strcmp(pid, "0"))
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/schedstat", pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%" SCNu64, &ns) != 1) {
		perror(path);
		exit(1);
	}
	fclose(f);
	return ns;
}

/* Until it has nothing left to do, but to look whether there is something. */
static uint64_t settled_ns(const char *pid)
{
	const struct timespec step = { .tv_nsec = STEP_NS };

	for (int i = 0; i < QUIET_STEPS; i++)
		nanosleep(&step, NULL);
	return cpu_ns(pid);
}

static int connect_to(const char *address, int type, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return -1;
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

/* Returns how many were sent, and came back. */
static unsigned long send_all(int fd, unsigned long n, size_t len, int is_echo)
{
	static char bytes[MAX_LEN];
	unsigned long sent = 0, back = 0;

	while (sent < n) {
		if (send(fd, bytes, len, 0) != (ssize_t)len)
			break;
		sent++;
		while (is_echo && (sent % WINDOW == 0 || sent == n) && back < sent) {
			if (recv(fd, bytes, sizeof(bytes), 0) != (ssize_t)len)
				return back;
			back++;
		}
	}
	return sent;
}

/* Returns how many pieces of that length came. */
static unsigned long receive_all(int fd, unsigned long n, size_t len)
{
	static char bytes[MAX_LEN];
	uint64_t total = 0;
	ssize_t got = 1;

	while (total < (uint64_t)n * len && got > 0) {
		got = recv(fd, bytes, sizeof(bytes), 0);
		total += got > 0 ? (uint64_t)got : 0;
	}
	return total / len;
}

static int wait_end(int fd)
{
	char byte;

	shutdown(fd, SHUT_WR);
	return recv(fd, &byte, 1, 0) ? -1 : 0;
}

/* Places that are the same in every run, in the disk's first part. Returns how many there were. */
static unsigned long use_disk(const char *disk, int writes, unsigned long n, size_t len)
{
	static _Alignas(4096) char bytes[MAX_LEN];
	int fd = open(disk, (writes ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	uint32_t place = 4711;
	unsigned long done = 0;

	for (; fd >= 0 && done < n; done++) {
		off_t at = (off_t)(place % (DISK_LEN / MAX_LEN)) * MAX_LEN;
		ssize_t got = writes ? pwrite(fd, bytes, len, at) : pread(fd, bytes, len, at);

		if (got != (ssize_t)len)
			break;
		place = place * 1664525u + 1013904223u;
	}
	if (fd >= 0)
		close(fd);
	return done;
}

static unsigned long run(const char *mode, const char *address, unsigned long n, size_t len)
{
	int is_stream = !strcmp(mode, "stream"), is_chargen = !strcmp(mode, "chargen");
	int is_echo = !strcmp(mode, "echo"), fd;
	unsigned long done;

	if (!strcmp(mode, "read") || !strcmp(mode, "write"))
		return use_disk(address, mode[0] == 'w', n, len);
	fd = connect_to(address, is_stream || is_chargen ? SOCK_STREAM : SOCK_DGRAM,
			is_echo	   ? PORT_ECHO :
			is_chargen ? PORT_CHARGEN :
				     PORT_DISCARD);
	if (fd < 0)
		return 0;
	done = is_chargen ? receive_all(fd, n, len) : send_all(fd, n, len, is_echo);
	if (is_stream && wait_end(fd))
		done = 0;
	close(fd);
	return done;
}

int main(int argc, char **argv)
{
	uint64_t begin, busy, before, idle, during, after;
	unsigned long n, done;
	size_t len;

	if (argc != 6)
		return 2;
	n = strtoul(argv[4], NULL, 10);
	len = strtoul(argv[5], NULL, 10);
	if (!len || len > MAX_LEN)
		return 2;
	before = settled_ns(argv[1]);
	idle = settled_ns(argv[1]) - before;
	begin = now_ns();
	done = run(argv[2], argv[3], n, len);
	busy = now_ns() - begin;
	during = cpu_ns(argv[1]) - before - idle;
	after = settled_ns(argv[1]) - before - idle - during;
	after -= after < idle ? after : idle;
	if (done < n) {
		fprintf(stderr, "costs: only %lu of %lu: %s\n", done, n, strerror(errno));
		return 1;
	}
	printf("%lu %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", n, busy, during, after);
	return 0;
}
