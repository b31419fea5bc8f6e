/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static uint64_t read_mono(void *ctx)
{
	return ((struct loop *)ctx)->now_ns;
}

static uint64_t read_wall(void *ctx)
{
	return ((struct loop *)ctx)->now_ns + UINT64_C(1700000000000000000);
}

static uint8_t *map(void *ctx, uint64_t gpa, uint64_t len)
{
	return vb_memory_map(&((struct loop *)ctx)->memory, gpa, len);
}

static uint8_t *map_ring(void *ctx, const uint64_t *pfns, uint32_t n)
{
	return vb_memory_map_ring(&((struct loop *)ctx)->memory, pfns, n);
}

static void unmap_ring(void *ctx, uint8_t *ring, uint32_t n)
{
	vb_memory_unmap_ring(&((struct loop *)ctx)->memory, ring, n);
}

static void interrupt(void *ctx, uint32_t vp)
{
	REQUIRE(vp < VB_MAX_VPS);
	((struct loop *)ctx)->n_interrupts[vp]++;
}

static int open_file(void *ctx, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	(void)ctx;
	return fd < 0 ? -errno : fd;
}

/* Once: the descriptor is the device's. */
static int open_link(void *ctx, const char *name, struct vb_err *err)
{
	struct loop *l = ctx;
	int fd = l->link_fd;

	snprintf(l->link_name, sizeof(l->link_name), "%s", name);
	l->link_fd = -1;
	return fd < 0 ? vb_fail(err, -EPERM, "not permitted") : fd;
}

static int open_disk(void *ctx, const char *name, bool writable, struct vb_err *err)
{
	int fd = open(name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	(void)ctx;
	return fd < 0 ? vb_fail(err, -errno, "%s", strerror(errno)) : fd;
}

static void trouble(void *ctx, const char *line)
{
	struct loop *l = ctx;

	l->n_troubles++;
	snprintf(l->trouble, sizeof(l->trouble), "%s", line);
}

static void connected(void *ctx, uint32_t version)
{
	struct loop *l = ctx;

	l->n_connected++;
	l->connected = version;
}

static void record(void *ctx, const struct vb_event *ev)
{
	struct loop *l = ctx;
	struct loop_record *r;

	REQUIRE(ev->hdr.cap_len == ev->hdr.wire_len);
	if (l->n_records == l->max_records)
		return;
	r = &l->records[l->n_records++];
	r->hdr = ev->hdr;
	memcpy(r->data, ev->data,
	       ev->hdr.cap_len < sizeof(r->data) ? ev->hdr.cap_len : sizeof(r->data));
}

static void device(void *ctx, const struct vb_device *dev)
{
	struct loop *l = ctx;

	if (l->n_devices < sizeof(l->devices) / sizeof(l->devices[0]))
		l->devices[l->n_devices++] = *dev;
}

void loop_init(struct loop *l, const struct loop_options *opt)
{
	struct vb_host_options ho = { .max_version = opt->max_version,
				      .n_vps = opt->n_vps ? opt->n_vps : 1,
				      .capture_id = 0x1122334455667788,
				      .ctx = l,
				      .trouble = trouble,
				      .open_file = open_file,
				      .open_link = open_link,
				      .open_disk = open_disk,
				      .write_disks = opt->write_disks,
				      .connected = connected };

	memset(l, 0, sizeof(*l));
	REQUIRE(!vb_memory_init(&l->memory, opt->memory ? opt->memory : LOOP_MEMORY));
	l->transport = (struct vb_transport){ l, map, map_ring, unmap_ring, interrupt };
	l->clock = (struct vb_clock){ .ctx = l, .mono_ns = read_mono, .wall_ns = read_wall };
	l->log = (struct vb_host_log){ l, record, device, UINT32_MAX };
	l->now_ns = 1000000000;
	l->link_fd = opt->link_fd ? opt->link_fd : -1;
	l->max_records = opt->max_records;
	if (opt->max_records) {
		l->records = calloc(opt->max_records, sizeof(*l->records));
		REQUIRE(l->records);
		ho.log = &l->log;
	}
	ho.transport = &l->transport;
	ho.clock = &l->clock;
	l->host = vb_host_new(&ho);
	REQUIRE(l->host);
}

void loop_done(struct loop *l)
{
	vb_host_free(l->host);
	REQUIRE(!l->memory.n_pages); /* no ring was left mapped */
	vb_memory_done(&l->memory);
	free(l->records);
}

uint64_t loop_run(struct loop *l)
{
	uint64_t next = vb_host_run(l->host);

	/* more than any test has to do at one time: the host would turn in circles */
	for (unsigned int n = 0; next <= l->now_ns; n++) {
		REQUIRE(n < 10000);
		next = vb_host_run(l->host);
	}
	return next;
}

void loop_advance(struct loop *l, uint64_t ns)
{
	uint64_t end = l->now_ns + ns, next;

	while ((next = loop_run(l)) < end)
		l->now_ns = next;
	l->now_ns = end;
	loop_run(l);
}

struct vb_hdevice *loop_add(struct loop *l, const struct vb_hdevice_config *cfg)
{
	struct vb_hdevice *d;
	struct vb_err err;

	REQUIRE(!vb_host_add(l->host, cfg, &d, &err));
	return d;
}

static void done(struct vb_hrequest *rq, int status, const char *text)
{
	struct loop_request *r = rq->ctx;

	r->status = status;
	r->n_done++;
	snprintf(r->text, sizeof(r->text), "%s", text ? text : "");
}

void loop_command(struct loop *l, struct loop_request *rq, const char *line)
{
	const char *words[16];
	char copy[256], *save, *word;
	size_t n = 0;

	*rq = (struct loop_request){ .rq = { .ctx = rq, .done = done }, .status = -EINPROGRESS };
	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &save); word && n < 16; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	vb_host_command(l->host, words, n, &rq->rq);
}

int loop_word(struct loop *l, const struct vb_hdevice *d, const char *line, struct loop_request *rq)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s %s", vb_hdevice_name(d), line);
	loop_command(l, rq, whole);
	loop_run(l);
	return rq->status;
}

uint64_t loop_figure(const struct loop_request *rq, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = strstr(rq->text, name); at; at = strstr(at + 1, name))
		if ((at == rq->text || at[-1] == ' ') && at[len] == ' ')
			break;
	REQUIRE(at);
	return strtoull(at + len, NULL, 10);
}

const char *loop_trouble(struct loop *l)
{
	bool is_new = l->n_told != l->n_troubles;

	l->n_told = l->n_troubles;
	return is_new ? l->trouble : "";
}
