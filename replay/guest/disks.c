/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that vmbusreplay has the guest make of its disks: by the kernel's generic SCSI devices, which
 * hand a CDB to the driver as it is. They are made without waiting for the one before: as many are under
 * way as were then. What they are answered is not looked at here; the host knows.
 *
 * SG_IO waits for the answer; writing struct sg_io_hdr to the device does not, and does the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "replay/guest/agent.h"

#define MOST_TOLD 5u
#define PATIENCE_MS 2000   /* a unit that was just found has no device at first */
#define TIMEOUT_MS 3600000 /* of a request: how long it takes is the trace's to say */
#define MAX_DATA (16u << 20)
#define MAX_IN_FILE SG_MAX_QUEUE /* requests under way of one open file */
#define SENSE_LEN 64

/* A request that is under way. */
struct vb_agent_request {
	struct vb_agent_request *next; /* of the same file */
	struct sg_io_hdr head;
	uint8_t cdb[sizeof(((struct vb_agent_scsi *)0)->cdb)];
	uint8_t sense[SENSE_LEN];
	uint8_t data[];
};

/* ---- finding devices ---- */

/* The first name in a directory that begins so; false: none. */
static bool find_name(const char *dir_path, const char *prefix, char *ret, size_t size)
{
	DIR *dir = opendir(dir_path);
	struct dirent *e = NULL;
	bool found;

	while (dir && (e = readdir(dir)) &&
	       (e->d_name[0] == '.' || strncmp(e->d_name, prefix, strlen(prefix)) != 0))
		;
	found = e && snprintf(ret, size, "%s", e->d_name) < (int)size;
	if (dir)
		closedir(dir);
	return found;
}

/* The sysfs directory of the unit; -ENOENT: there is none yet. */
static int find_unit(const struct vb_agent_disk *d, uint8_t path, uint8_t target, uint8_t lun,
		     char *ret, size_t size)
{
	char dir[160], host[32];
	int n;

	snprintf(dir, sizeof(dir), "/sys/bus/vmbus/devices/%.40s", d->instance);
	if (!find_name(dir, "host", host, sizeof(host)))
		return -ENOENT;
	n = snprintf(ret, size, "%s/%s/target%s:%u:%u/%s:%u:%u:%u", dir, host, host + 4, path,
		     target, host + 4, path, target, lun);
	return n < (int)size && access(ret, F_OK) == 0 ? 0 : -ENOENT;
}

static int open_unit(const struct vb_agent_disk *d, const struct vb_agent_unit *u)
{
	char dir[256], names[288], name[32], path[64];
	int rc = find_unit(d, u->path, u->target, u->lun, dir, sizeof(dir));
	int fd;

	if (rc < 0)
		return rc;
	snprintf(names, sizeof(names), "%s/scsi_generic", dir);
	if (!find_name(names, "sg", name, sizeof(name)))
		return -ENOENT;
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static struct vb_agent_unit *unit_of(struct vb_agent_disk *d, const struct vb_agent_scsi *how)
{
	struct vb_agent_unit *u;

	for (size_t i = 0; i < d->n_units; i++) {
		u = &d->units[i];
		if (u->path == how->path && u->target == how->target && u->lun == how->lun)
			return u;
	}
	if (d->n_units == VB_AGENT_UNITS)
		return NULL;
	u = &d->units[d->n_units++];
	*u = (struct vb_agent_unit){ .path = how->path, .target = how->target, .lun = how->lun };
	return u;
}

/* ---- open files, and what is under way ---- */

static void add_request(struct vb_agent_file *f, struct vb_agent_request *r)
{
	r->next = f->first;
	f->first = r;
	f->n++;
}

static void free_request(struct vb_agent_file *f, struct vb_agent_request *r)
{
	struct vb_agent_request **at = &f->first;

	while (*at && *at != r)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = r->next;
	f->n--;
	free(r);
}

/* Take the answers that are there. */
static void reap(struct vb_agent_file *f)
{
	struct sg_io_hdr head;

	while (f->n > 0) {
		head = (struct sg_io_hdr){ .interface_id = 'S', .pack_id = -1 };
		if (read(f->fd, &head, sizeof(head)) != (ssize_t)sizeof(head))
			return;
		free_request(f, head.usr_ptr);
	}
}

/* One that has room for another request, opened if need be; NULL: none, *ret_rc says why. */
static struct vb_agent_file *file_of(const struct vb_agent_disk *d, struct vb_agent_unit *u,
				     int *ret_rc)
{
	struct vb_agent_file *f;

	for (size_t i = 0; i < u->n_files; i++) {
		f = &u->files[i];
		reap(f);
		if (f->n < MAX_IN_FILE)
			return f;
	}
	*ret_rc = -EBUSY;
	if (u->n_files == VB_AGENT_FILES)
		return NULL;
	*ret_rc = open_unit(d, u);
	if (*ret_rc < 0)
		return NULL;
	f = &u->files[u->n_files++];
	*f = (struct vb_agent_file){ .fd = *ret_rc };
	return f;
}

/*
 * The unit went, and came again perhaps: its files are of the one before. What was under way will not be
 * read; the kernel has data of its own for it, which it gives back by itself.
 */
static void forget_files(struct vb_agent_unit *u)
{
	for (size_t i = 0; i < u->n_files; i++) {
		close(u->files[i].fd);
		while (u->files[i].first)
			free_request(&u->files[i], u->files[i].first);
	}
	u->n_files = 0;
}

static struct vb_agent_request *new_request(struct vb_agent *a, const struct vb_agent_scsi *how)
{
	static const int directions[] = { [VB_AGENT_SCSI_NONE] = SG_DXFER_NONE,
					  [VB_AGENT_SCSI_READ] = SG_DXFER_FROM_DEV,
					  [VB_AGENT_SCSI_WRITE] = SG_DXFER_TO_DEV };
	struct vb_agent_request *r = calloc(1, sizeof(*r) + how->data_len);

	if (!r)
		return NULL;
	memcpy(r->cdb, how->cdb, sizeof(r->cdb));
	if (how->direction == VB_AGENT_SCSI_WRITE)
		memcpy(r->data, a->scsi_data,
		       a->scsi_len < how->data_len ? a->scsi_len : how->data_len);
	r->head = (struct sg_io_hdr){
		.interface_id = 'S',
		.dxfer_direction = directions[how->direction],
		.cmd_len = how->cdb_len,
		.mx_sb_len = SENSE_LEN,
		.dxfer_len = how->data_len,
		.dxferp = r->data,
		.cmdp = r->cdb,
		.sbp = r->sense,
		.timeout = TIMEOUT_MS,
		.usr_ptr = r,
	};
	return r;
}

static int submit(struct vb_agent *a, const struct vb_agent_disk *d, struct vb_agent_unit *u,
		  const struct vb_agent_scsi *how)
{
	int rc = 0;
	struct vb_agent_file *f = file_of(d, u, &rc);
	struct vb_agent_request *r = f ? new_request(a, how) : NULL;

	if (!f)
		return rc;
	if (!r)
		return -ENOMEM;
	if (write(f->fd, &r->head, sizeof(r->head)) == (ssize_t)sizeof(r->head)) {
		add_request(f, r);
		return 0;
	}
	rc = -errno;
	free(r);
	return rc;
}

/* ---- what vmbusreplay wants ---- */

static void tell(struct vb_agent *a, const struct vb_agent_scsi *how, int rc)
{
	char text[160];

	if (a->n_unsent++ >= MOST_TOLD)
		return;
	snprintf(text, sizeof(text), "command 0x%02x cannot be given to unit %u:%u:%u: %s",
		 how->cdb[0], how->path, how->target, how->lun, strerror(-rc));
	vb_port_send_text(VB_AGENT_PHASE, text);
}

static bool is_gone(int rc)
{
	return rc == -ENODEV || rc == -ENXIO || rc == -ENOENT;
}

/* Units come while the driver looks for them: what is asked of one waits for it, once. */
static int submit_soon(struct vb_agent *a, struct vb_agent_disk *d, struct vb_agent_unit *u,
		       const struct vb_agent_scsi *how)
{
	uint64_t until = vb_agent_now_ms() + PATIENCE_MS;
	int rc;

	while ((rc = submit(a, d, u, how)) < 0) {
		if (is_gone(rc))
			forget_files(u);
		if ((!is_gone(rc) && rc != -EBUSY) || u->missing || vb_agent_now_ms() >= until)
			break;
		usleep(1000);
	}
	u->missing = is_gone(rc);
	return rc;
}

void vb_agent_scsi_data(struct vb_agent *a, const struct vb_port_message *m)
{
	uint8_t *bigger;

	if (m->head.len > MAX_DATA - a->scsi_len)
		return;
	bigger = realloc(a->scsi_data, a->scsi_len + m->head.len);
	if (!bigger)
		return;
	memcpy(bigger + a->scsi_len, m->data, m->head.len);
	a->scsi_data = bigger;
	a->scsi_len += m->head.len;
}

void vb_agent_scsi_send(struct vb_agent *a, const struct vb_port_message *m)
{
	struct vb_agent_unit *u = NULL;
	struct vb_agent_scsi how;
	int rc = -ENODEV;

	if (m->head.len < sizeof(how))
		return;
	a->frame_ms = vb_agent_now_ms();
	memcpy(&how, m->data, sizeof(how));
	if (how.device < a->n_disks)
		u = unit_of(&a->disks[how.device], &how);
	if (how.data_len > MAX_DATA || how.direction > VB_AGENT_SCSI_WRITE ||
	    how.cdb_len > sizeof(how.cdb))
		rc = -EINVAL;
	else if (u)
		rc = submit_soon(a, &a->disks[how.device], u, &how);
	a->scsi_len = 0;
	if (rc < 0)
		tell(a, &how, rc);
}

void vb_agent_disks_reap(struct vb_agent *a)
{
	for (size_t i = 0; i < a->n_disks; i++)
		for (size_t k = 0; k < a->disks[i].n_units; k++)
			for (size_t n = 0; n < a->disks[i].units[k].n_files; n++)
				reap(&a->disks[i].units[k].files[n]);
}

/* ---- the step ---- */

int vb_agent_disks_add(struct vb_agent *a, const char *instance)
{
	struct vb_agent_disk *d = &a->disks[a->n_disks];

	if (a->n_disks == VB_AGENT_DISKS)
		return -ENOSPC;
	*d = (struct vb_agent_disk){ 0 };
	snprintf(d->instance, sizeof(d->instance), "%.40s", instance);
	a->n_disks++;
	return 0;
}

/* Sum of a disk's requests, done and under way, by its driver's own count. */
static uint64_t count_of(const char *name)
{
	unsigned long long value, sum = 0;
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/%.40s/stat", name);
	f = fopen(path, "re");
	while (f && fscanf(f, "%llu", &value) == 1)
		sum += value;
	if (f)
		fclose(f);
	return sum;
}

/* Names in a directory. */
static uint64_t count_names(const char *path)
{
	DIR *dir = opendir(path);
	uint64_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

uint64_t vb_agent_disks_count(void)
{
	uint64_t sum = count_names("/sys/bus/scsi/devices") << 32;
	DIR *disks = opendir("/sys/block");
	struct dirent *e;

	while (disks && (e = readdir(disks)))
		if (strncmp(e->d_name, "sd", 2) == 0 || strncmp(e->d_name, "sr", 2) == 0)
			sum += (UINT64_C(1) << 48) + count_of(e->d_name);
	if (disks)
		closedir(disks);
	return sum;
}
