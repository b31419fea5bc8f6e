/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which disk or drive is which LUN; what they are made of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/host/storvsc.h"

#define MIB UINT64_C(1048576)
#define DISC_BLOCK 2048u
#define DISC_PIECE 512u /* what the back end counts a disc's bytes in */

/* ---- making them ---- */

static void free_unit(struct vb_storvsc_unit *u)
{
	if (u)
		vb_disk_free(u->disk);
	free(u);
}

static struct vb_storvsc_unit *new_unit(struct vb_storage *s, uint8_t lun)
{
	struct vb_storvsc_unit *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->lun = lun;
	u->block_len = (uint32_t)s->built.block;
	u->readonly = s->built.readonly;
	s->unit[lun] = u;
	return u;
}

static int fill_unit(struct vb_storage *s, struct vb_storvsc_unit *u, struct vb_disk_options *o)
{
	o->block_len = u->block_len;
	o->max_memory = s->built.memory * MIB;
	return vb_disk_new(o, &u->disk);
}

int vb_storvsc_unit_make(struct vb_storage *s, const struct vb_storvsc_unit_shape *shape)
{
	struct vb_disk_options o = { .fd = -1, .n_blocks = shape->n_blocks };
	struct vb_storvsc_unit *u;
	int rc = 0;

	if (s->unit[shape->lun])
		return -EEXIST;
	u = new_unit(s, shape->lun);
	if (!u)
		return -ENOMEM;
	u->is_dvd = shape->is_dvd;
	u->readonly |= u->is_dvd;
	u->wce = s->cache && !u->is_dvd;
	u->block_len = u->is_dvd ? DISC_BLOCK : shape->block_len;
	if (!u->is_dvd)
		rc = fill_unit(s, u, &o);
	if (rc)
		vb_storvsc_unit_remove(s, shape->lun);
	return rc;
}

int vb_storvsc_unit_add(struct vb_storage *s, uint8_t lun, uint64_t size)
{
	const struct vb_storvsc_unit_shape shape = {
		.lun = lun,
		.block_len = (uint32_t)s->built.block,
		.n_blocks = size * MIB / s->built.block,
	};

	return vb_storvsc_unit_make(s, &shape);
}

void vb_storvsc_unit_remove(struct vb_storage *s, uint8_t lun)
{
	free_unit(s->unit[lun]);
	s->unit[lun] = NULL;
}

static int open_image(struct vb_storage *s, const char *name, struct vb_disk_options *o,
		      struct vb_err *err)
{
	struct vb_err why = { "" };
	int fd = vb_hdevice_open_disk(s->d, name, &o->writable, &why);

	if (fd < 0)
		return vb_fail(err, fd, "%s: cannot open %s: %s", vb_hdevice_name(s->d), name,
			       why.text);
	o->fd = fd;
	return 0;
}

static int add_image(struct vb_storage *s, uint8_t lun, const char *name, struct vb_err *err)
{
	struct vb_disk_options o = { .fd = -1, .writable = !s->built.readonly };
	struct vb_storvsc_unit *u;
	int rc = open_image(s, name, &o, err);

	if (rc)
		return rc;
	if (lseek(o.fd, 0, SEEK_END) % (off_t)s->built.block) {
		close(o.fd);
		return vb_fail(err, -EINVAL, "%s: %s: its length is no multiple of %u bytes",
			       vb_hdevice_name(s->d), name, (unsigned int)s->built.block);
	}
	u = new_unit(s, lun);
	rc = u ? fill_unit(s, u, &o) : -ENOMEM;
	if (rc)
		return vb_fail(err, rc, "%s: %s: %s", vb_hdevice_name(s->d), name, strerror(-rc));
	return 0;
}

/* The name of image i; "": there is none. */
static void image_name(const char *files, uint64_t i, char name[STORVSC_PATH])
{
	size_t len;

	for (; i && *files; i--) {
		files += strcspn(files, ",");
		files += *files == ',';
	}
	len = strcspn(files, ",");
	if (len >= STORVSC_PATH)
		len = STORVSC_PATH - 1;
	memcpy(name, files, len);
	name[len] = '\0';
}

static int add_disk(struct vb_storage *s, uint8_t lun, struct vb_err *err)
{
	char name[STORVSC_PATH];
	int rc;

	image_name(s->built.files, lun, name);
	if (*name)
		return add_image(s, lun, name, err);
	rc = vb_storvsc_unit_add(s, lun, s->built.size);
	return rc ? vb_fail(err, rc, "%s: disk %u: %s", vb_hdevice_name(s->d), lun, strerror(-rc)) :
		    0;
}

static int add_drive(struct vb_storage *s, uint8_t lun, struct vb_err *err)
{
	struct vb_storvsc_unit *u = new_unit(s, lun);

	if (!u)
		return vb_fail(err, -ENOMEM, "%s: not enough memory", vb_hdevice_name(s->d));
	u->is_dvd = u->readonly = true;
	u->block_len = DISC_BLOCK;
	return s->built.medium[0] ? vb_storvsc_insert(s, u, "", err) : 0;
}

static int build(struct vb_storage *s, struct vb_err *err)
{
	int rc = 0;

	vb_storvsc_units_end(s);
	s->built = s->shape;
	s->is_built = true;
	for (uint8_t i = 0; i < s->built.n_disks && rc == 0; i++)
		rc = add_disk(s, i, err);
	if (rc == 0 && s->built.dvd)
		rc = add_drive(s, (uint8_t)s->built.n_disks, err);
	return rc;
}

/* What a driver that comes anew finds; it had no chance to change that for good. */
static void set_defaults(struct vb_storage *s)
{
	for (unsigned int i = 0; i < STORVSC_MAX_LUNS; i++)
		if (s->unit[i]) {
			s->unit[i]->wce = s->cache && !s->unit[i]->is_dvd;
			s->unit[i]->is_locked = false;
		}
}

static bool is_same(const struct vb_storvsc_shape *a, const struct vb_storvsc_shape *b)
{
	return a->n_disks == b->n_disks && a->size == b->size && a->block == b->block &&
	       a->memory == b->memory && a->dvd == b->dvd && a->readonly == b->readonly &&
	       strcmp(a->files, b->files) == 0 && strcmp(a->medium, b->medium) == 0;
}

int vb_storvsc_units_begin(struct vb_storage *s, struct vb_err *err)
{
	int rc = 0;

	/* what is written stays when a driver comes anew */
	if (!s->is_built || !is_same(&s->shape, &s->built))
		rc = build(s, err);
	set_defaults(s);
	return rc;
}

void vb_storvsc_units_end(struct vb_storage *s)
{
	for (uint8_t i = 0; i < STORVSC_MAX_LUNS; i++)
		vb_storvsc_unit_remove(s, i);
	s->is_built = false;
}

/* ---- finding them ---- */

bool vb_storvsc_is_target(const struct vb_storage *s, const struct vb_storvsc_request *r)
{
	/* of an IDE disk the guest knows path and target from the offer */
	if (vb_hdevice_config(s->d)->class == VB_CLASS_IDE)
		return true;
	return r->path < s->paths && r->target == 0;
}

struct vb_storvsc_unit *vb_storvsc_unit_of(const struct vb_storage *s,
					   const struct vb_storvsc_request *r)
{
	if (!vb_storvsc_is_target(s, r) || r->lun >= STORVSC_MAX_LUNS)
		return NULL;
	return s->unit[r->lun];
}

uint64_t vb_storvsc_unit_blocks(const struct vb_storvsc_unit *u)
{
	if (!u->disk)
		return 0;
	return vb_disk_blocks(u->disk) / (u->block_len / vb_disk_block_len(u->disk));
}

/* FNV-1a of all that tells it from others. */
uint64_t vb_storvsc_unit_id(const struct vb_storage *s, uint8_t lun)
{
	const uint8_t *instance = vb_hdevice_config(s->d)->instance;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (unsigned int i = 0; i < 16; i++)
		hash = (hash ^ instance[i]) * UINT64_C(0x100000001b3);
	for (const char *c = s->serial; *c; c++)
		hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	return (hash ^ lun) * UINT64_C(0x100000001b3);
}

void vb_storvsc_attend(struct vb_storage *s, uint32_t attention)
{
	for (unsigned int i = 0; i < STORVSC_MAX_LUNS; i++)
		if (s->unit[i])
			s->unit[i]->attention |= attention;
}

/* ---- changing them ---- */

int vb_storvsc_unit_resize(struct vb_storage *s, struct vb_storvsc_unit *u, uint64_t size)
{
	int rc = vb_disk_resize(u->disk, size * MIB / u->block_len);

	(void)s;
	if (rc == 0)
		u->attention |= STORVSC_CAPACITY;
	return rc;
}

/* Events of media (MMC-6 6.7.2). */
enum { EVENT_NEW_MEDIUM = 2, EVENT_REMOVAL = 3 };

int vb_storvsc_insert(struct vb_storage *s, struct vb_storvsc_unit *u, const char *name,
		      struct vb_err *err)
{
	struct vb_disk_options o = { .fd = -1, .block_len = DISC_PIECE, .max_memory = MIB };
	int rc;

	name = *name ? name : s->built.medium;
	if (!*name)
		return vb_fail(err, -EINVAL, "there is no image to insert");
	rc = open_image(s, name, &o, err);
	if (rc)
		return rc;
	rc = vb_disk_new(&o, &u->disk);
	if (rc == 0 && !vb_storvsc_unit_blocks(u)) {
		vb_storvsc_eject(u);
		rc = -EINVAL;
	}
	if (rc)
		return vb_fail(err, rc, "%s: %s", name, strerror(-rc));
	u->attention |= STORVSC_NEW_MEDIUM;
	u->event = EVENT_NEW_MEDIUM;
	return 0;
}

void vb_storvsc_eject(struct vb_storvsc_unit *u)
{
	vb_disk_free(u->disk);
	u->disk = NULL;
	u->attention &= ~(uint32_t)STORVSC_NEW_MEDIUM;
	u->is_locked = false;
	u->event = EVENT_REMOVAL;
}
