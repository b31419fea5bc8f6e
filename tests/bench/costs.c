/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * costs PID send|echo|stream|chargen ADDRESS N LEN: in a guest, N datagrams or pieces of TCP of LEN
 * bytes, to and from the services of the host's network device.
 * costs PID read|write DISK N LEN: N times LEN bytes of a disk, here and there, past the cache.
 *
 * Prints N and what they cost, in ns of a machine with one processor where time is a number of
 * instructions: from the first to the last, without what was idle in between; of this what process
 * PID (0: none) took; and what it takes afterwards.
 *
 * What is idle is seen by a process that counts whenever nobody else wants the processor: in such a
 * machine a round of its loop always takes as long. No clock of the kernel tells it as exactly.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_LEN 65536
#define HUGE_LEN (2u << 20)
#define WINDOW 32
#define DISK_LEN (32u << 20)
#define PORT_ECHO 7
#define PORT_DISCARD 9
#define PORT_CHARGEN 19
#define STEP_NS 100000000
#define QUIET_STEPS 30 /* tcpdump looks at what it has once a second */
#define ROUND_NS 2     /* two instructions */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t thread_ns(const char *pid, const char *thread)
{
	char path[300];
	uint64_t ns = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/schedstat", pid, thread);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%" SCNu64, &ns) != 1) {
		perror(path);
		exit(1);
	}
	fclose(f);
	return ns;
}

/* CPU time of a process: of all threads, since blktrace has one for each processor. */
static uint64_t cpu_ns(const char *pid)
{
	const struct dirent *entry;
	char path[64];
	uint64_t ns = 0;
	DIR *tasks;

	if (!strcmp(pid, "0"))
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	tasks = opendir(path);
	if (!tasks) {
		perror(path);
		exit(1);
	}
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			ns += thread_ns(pid, entry->d_name);
	closedir(tasks);
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

/* ---- what is idle ---- */

struct idle {
	volatile uint64_t *rounds;
	pid_t counter;
};

static void count_rounds(volatile uint64_t *rounds)
{
	const struct sched_param none = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_IDLE, &none))
		_exit(1);
	for (;;)
		__asm__ volatile("1: incq %0\n\tjmp 1b" : "+m"(*rounds));
}

static void idle_start(struct idle *i)
{
	const struct timespec short_time = { .tv_nsec = 1000000 };

	i->rounds = mmap(NULL, sizeof(*i->rounds), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (i->rounds == MAP_FAILED) {
		perror("costs: memory");
		exit(1);
	}
	i->counter = fork();
	if (i->counter == 0)
		count_rounds(i->rounds);
	while (!*i->rounds && i->counter > 0 && !waitpid(i->counter, NULL, WNOHANG))
		nanosleep(&short_time, NULL);
	if (!*i->rounds) {
		fprintf(stderr, "costs: nothing counts what is idle\n");
		exit(1);
	}
}

static uint64_t idle_ns(const struct idle *i)
{
	return *i->rounds * ROUND_NS;
}

static void idle_stop(struct idle *i)
{
	kill(i->counter, SIGKILL);
	waitpid(i->counter, NULL, 0);
}

/* ---- what is done ---- */

struct job {
	const char *mode, *where;
	unsigned long n;
	size_t len;
	char *bytes; /* MAX_LEN */
};

static int connect_to(const char *address, int type, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return -1;
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

/* Returns how many were sent, and came back. */
static unsigned long send_all(int fd, const struct job *j, int is_echo)
{
	unsigned long sent = 0, back = 0;

	while (sent < j->n) {
		if (send(fd, j->bytes, j->len, 0) != (ssize_t)j->len)
			break;
		sent++;
		while (is_echo && (sent % WINDOW == 0 || sent == j->n) && back < sent) {
			if (recv(fd, j->bytes, MAX_LEN, 0) != (ssize_t)j->len)
				return back;
			back++;
		}
	}
	return sent;
}

/* Returns how many pieces of that length came. */
static unsigned long receive_all(int fd, const struct job *j)
{
	uint64_t total = 0;
	ssize_t got = 1;

	while (total < (uint64_t)j->n * j->len && got > 0) {
		got = recv(fd, j->bytes, MAX_LEN, 0);
		total += got > 0 ? (uint64_t)got : 0;
	}
	return total / j->len;
}

static int wait_end(int fd)
{
	char byte;

	shutdown(fd, SHUT_WR);
	return recv(fd, &byte, 1, 0) ? -1 : 0;
}

/* Places that are the same in every run, in the disk's first part. Returns how many there were. */
static unsigned long use_disk(const struct job *j, int writes)
{
	int fd = open(j->where, (writes ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	uint32_t place = 4711;
	unsigned long done = 0;

	for (; fd >= 0 && done < j->n; done++) {
		off_t at = (off_t)((place >> 16) % (DISK_LEN / MAX_LEN)) * MAX_LEN;
		ssize_t got = writes ? pwrite(fd, j->bytes, j->len, at) :
				       pread(fd, j->bytes, j->len, at);

		if (got != (ssize_t)j->len)
			break;
		place = place * 1664525u + 1013904223u;
	}
	if (fd >= 0)
		close(fd);
	return done;
}

static unsigned long use_network(const struct job *j)
{
	int is_stream = !strcmp(j->mode, "stream"), is_chargen = !strcmp(j->mode, "chargen");
	int is_echo = !strcmp(j->mode, "echo"), fd;
	unsigned long done;

	fd = connect_to(j->where, is_stream || is_chargen ? SOCK_STREAM : SOCK_DGRAM,
			is_echo	   ? PORT_ECHO :
			is_chargen ? PORT_CHARGEN :
				     PORT_DISCARD);
	if (fd < 0)
		return 0;
	done = is_chargen ? receive_all(fd, j) : send_all(fd, j, is_echo);
	if (is_stream && wait_end(fd))
		done = 0;
	close(fd);
	return done;
}

static unsigned long run(const struct job *j)
{
	int writes = !strcmp(j->mode, "write");

	return writes || !strcmp(j->mode, "read") ? use_disk(j, writes) : use_network(j);
}

struct cost {
	uint64_t busy, during, after; /* ns */
};

/* Returns how many were done. */
static unsigned long measure(const struct job *j, const char *pid, struct cost *ret)
{
	uint64_t before = settled_ns(pid), quiet = settled_ns(pid) - before, begin;
	unsigned long done;
	struct idle idle;

	idle_start(&idle);
	begin = now_ns() - idle_ns(&idle);
	done = run(j);
	ret->busy = now_ns() - idle_ns(&idle) - begin;
	ret->during = cpu_ns(pid) - before - quiet;
	idle_stop(&idle);
	ret->after = settled_ns(pid) - before - quiet - ret->during;
	ret->after -= ret->after < quiet ? ret->after : quiet;
	return done;
}

/*
 * A buffer in one piece. How many pieces a command has for the host is part of its cost: it differs
 * from process to process where each page is taken from wherever one is free.
 */
static char *make_buffer(void)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "we");
	void *bytes;

	if (f) {
		fputs("1", f);
		fclose(f);
	}
	bytes = mmap(NULL, HUGE_LEN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (bytes == MAP_FAILED) {
		perror("costs: a huge page");
		exit(1);
	}
	return memset(bytes, 1, MAX_LEN);
}

int main(int argc, char **argv)
{
	struct job j = { 0 };
	unsigned long done;
	struct cost cost;

	if (argc != 6)
		return 2;
	j.mode = argv[2];
	j.where = argv[3];
	j.n = strtoul(argv[4], NULL, 10);
	j.len = strtoul(argv[5], NULL, 10);
	if (!j.len || j.len > MAX_LEN)
		return 2;
	j.bytes = make_buffer();
	done = measure(&j, argv[1], &cost);
	if (done < j.n) {
		fprintf(stderr, "costs: only %lu of %lu: %s\n", done, j.n, strerror(errno));
		return 1;
	}
	printf("%lu %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", j.n, cost.busy, cost.during,
	       cost.after);
	return 0;
}
