/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring buffers between the probes and us, one per CPU: shared ones collapse under contention. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "capture/source_bpf.h"

/* A CPU that is not there yet gets a small ring buffer; a hot-added one will do with it. */
#define OFFLINE_RING_KIB 64u
/* How late a record may appear in its ring buffer: its CPU may be taken away in between. */
#define SLACK_NS 20000000ull
/* Read at most this much from one CPU before looking at the next. */
#define MAX_PASS (16u << 20)

struct ring {
	struct vb_rings *rings;
	struct ring_buffer *rb;
	int fd;
	uint64_t last_ns; /* time of the record read last */
	size_t pass;	  /* bytes read in this pass */
};

struct vb_rings {
	vb_record_fn record;
	void *ctx;
	size_t n_read; /* records in this pass */
	int epoll_fd;
	unsigned int n_cpus;
	uint32_t kib; /* of each */
	struct ring ring[];
};

static int take_record(void *ctx, void *data, size_t len)
{
	const struct vb_bpf_record *rec = data;
	struct ring *ring = ctx;
	int err;

	if (len >= sizeof(*rec))
		ring->last_ns = rec->time_ns;
	ring->pass += len;
	ring->rings->n_read++;
	err = ring->rings->record(ring->rings->ctx, data, len);
	if (err)
		return err;
	return ring->pass >= MAX_PASS ? -EAGAIN : 0; /* this record counts as read */
}

static uint32_t ring_bytes(uint32_t kib)
{
	uint32_t bytes = (uint32_t)sysconf(_SC_PAGESIZE);

	while (bytes / 1024 < kib && bytes < (1u << 30))
		bytes *= 2;
	return bytes;
}

static int open_ring(struct vb_rings *r, struct ring *ring, uint32_t kib)
{
	/* edge: what is there already is read anyway, only being woken counts */
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	ring->rings = r;
	ring->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "vb_ring", 0, 0, ring_bytes(kib), NULL);
	if (ring->fd < 0)
		return ring->fd;
	ring->rb = ring_buffer__new(ring->fd, take_record, ring, NULL);
	if (!ring->rb)
		return -errno;
	return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, ring->fd, &ev) ? -errno : 0;
}

static bool is_online(unsigned int cpu)
{
	char path[64], value = '1';
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	f = fopen(path, "re");
	if (f) { /* absent: a CPU that cannot go offline */
		if (fread(&value, 1, 1, f) != 1)
			value = '1';
		fclose(f);
		return value == '1';
	}
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
	return !access(path, F_OK);
}

int vb_rings_open(uint32_t kib, vb_record_fn record, void *ctx, struct vb_rings **ret)
{
	int n = libbpf_num_possible_cpus(), rc = 0;
	struct vb_rings *r;
	unsigned int i;

	if (n <= 0)
		return n ? n : -ENOENT;
	r = calloc(1, sizeof(*r) + (size_t)n * sizeof(r->ring[0]));
	if (!r)
		return -ENOMEM;
	r->record = record;
	r->ctx = ctx;
	r->n_cpus = (unsigned int)n;
	r->kib = ring_bytes(kib) / 1024;
	for (i = 0; i < r->n_cpus; i++)
		r->ring[i].fd = -1;
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		rc = -errno;
	for (i = 0; i < r->n_cpus && !rc; i++)
		rc = open_ring(r, &r->ring[i],
			       kib > OFFLINE_RING_KIB && !is_online(i) ? OFFLINE_RING_KIB : kib);
	if (rc) {
		vb_rings_close(r);
		return rc;
	}
	*ret = r;
	return 0;
}

void vb_rings_close(struct vb_rings *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->n_cpus; i++) {
		ring_buffer__free(r->ring[i].rb);
		if (r->ring[i].fd >= 0)
			close(r->ring[i].fd);
	}
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	free(r);
}

unsigned int vb_rings_n_cpus(const struct vb_rings *r)
{
	return r->n_cpus;
}

uint32_t vb_rings_kib(const struct vb_rings *r)
{
	return r->kib;
}

int vb_rings_fd(const struct vb_rings *r, unsigned int cpu)
{
	return r->ring[cpu].fd;
}

int vb_rings_wait(struct vb_rings *r, int timeout_ms)
{
	struct epoll_event ev;

	/* Which ring wakes us does not matter: all are read. */
	if (epoll_wait(r->epoll_fd, &ev, 1, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

int vb_rings_read(struct vb_rings *r, size_t *ret_n, uint64_t *ret_until_ns)
{
	uint64_t until = vb_clock_ns();
	struct ring *ring;
	unsigned int i;
	int n;

	r->n_read = 0;
	for (i = 0; i < r->n_cpus; i++) {
		ring = &r->ring[i];
		ring->pass = 0;
		n = ring_buffer__consume(ring->rb);
		if (n == -EAGAIN) { /* more is there */
			if (ring->last_ns < until)
				until = ring->last_ns;
		} else if (n < 0) {
			return n;
		}
	}
	*ret_n = r->n_read;
	*ret_until_ns = until > SLACK_NS ? until - SLACK_NS : 0;
	return 0;
}
