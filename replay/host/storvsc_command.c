/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of a person or a script for the storage devices. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/number.h"
#include "replay/host/storvsc.h"

static int parse_lun(const char *text, uint8_t *ret)
{
	uint64_t value;

	if (vb_number_parse(text, STORVSC_MAX_LUNS - 1, &value))
		return -EINVAL;
	*ret = (uint8_t)value;
	return 0;
}

static int parse_size(const char *text, uint64_t *ret)
{
	return vb_number_parse(text, VB_DISK_MAX_LEN >> 20, ret) || !*ret ? -EINVAL : 0;
}

/* "VERB LUN MIB": false: it is not, and the request is done. */
static bool lun_and_size(const char *const *words, size_t n, struct vb_hrequest *rq,
			 uint8_t *ret_lun, uint64_t *ret_mib)
{
	char usage[32];

	if (n == 3 && !parse_lun(words[1], ret_lun) && !parse_size(words[2], ret_mib))
		return true;
	snprintf(usage, sizeof(usage), "%s LUN MIB", words[0]);
	vb_hrequest_done(rq, -EINVAL, usage);
	return false;
}

static void fail(struct vb_hrequest *rq, int rc)
{
	vb_hrequest_done(rq, rc, strerror(-rc));
}

static bool is_there(struct vb_storage *s, uint8_t lun, struct vb_hrequest *rq)
{
	if (s->unit[lun])
		return true;
	vb_hrequest_done(rq, -ENOENT, "there is no such LUN");
	return false;
}

/* ---- units ---- */

static void resize_command(struct vb_hdevice *d, const char *const *words, size_t n,
			   struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);
	uint64_t size;
	uint8_t lun;
	int rc;

	if (!lun_and_size(words, n, rq, &lun, &size) || !is_there(s, lun, rq))
		return;
	if (s->unit[lun]->is_dvd)
		return vb_hrequest_done(rq, -EINVAL, "a disc stays as it is");
	rc = vb_storvsc_unit_resize(s, s->unit[lun], size);
	if (rc)
		return fail(rq, rc);
	vb_hrequest_done(rq, 0, NULL);
}

static void add_command(struct vb_hdevice *d, const char *const *words, size_t n,
			struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);
	uint64_t size;
	uint8_t lun;
	int rc;

	if (!lun_and_size(words, n, rq, &lun, &size))
		return;
	rc = vb_storvsc_unit_add(s, lun, size);
	if (rc)
		return fail(rq, rc);
	/* the new one has nothing to tell */
	vb_storvsc_attend(s, STORVSC_LUNS);
	s->unit[lun]->attention = 0;
	vb_storvsc_notify(s, VB_STORVSC_ENUMERATE_BUS);
	vb_hrequest_done(rq, 0, NULL);
}

static void remove_command(struct vb_hdevice *d, const char *const *words, size_t n,
			   struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);
	uint8_t lun;

	if (n != 2 || parse_lun(words[1], &lun))
		return vb_hrequest_done(rq, -EINVAL, "remove LUN");
	if (!is_there(s, lun, rq))
		return;
	vb_storvsc_unit_remove(s, lun);
	vb_storvsc_attend(s, STORVSC_LUNS);
	vb_storvsc_notify(s, VB_STORVSC_ENUMERATE_BUS);
	vb_hrequest_done(rq, 0, NULL);
}

static void notify_command(struct vb_hdevice *d, const char *const *words, size_t n,
			   struct vb_hrequest *rq)
{
	bool is_remove = n == 2 && strcmp(words[1], "remove") == 0;

	if (n != 2 || (!is_remove && strcmp(words[1], "enumerate") != 0))
		return vb_hrequest_done(rq, -EINVAL, "notify enumerate|remove");
	if (!vb_hdevice_primary(d))
		return vb_hrequest_done(rq, -ENOTCONN, "the guest has not opened the device");
	vb_storvsc_notify(vb_hdevice_state(d),
			  is_remove ? VB_STORVSC_REMOVE_DEVICE : VB_STORVSC_ENUMERATE_BUS);
	vb_hrequest_done(rq, 0, NULL);
}

/* ---- the drive ---- */

static struct vb_storvsc_unit *drive_of(struct vb_storage *s, struct vb_hrequest *rq)
{
	for (unsigned int i = 0; i < STORVSC_MAX_LUNS; i++)
		if (s->unit[i] && s->unit[i]->is_dvd)
			return s->unit[i];
	vb_hrequest_done(rq, -ENOENT, "there is no DVD drive");
	return NULL;
}

/* Of MMC-6: somebody pressed the button. */
#define EVENT_EJECT_REQUEST 1

static void eject_command(struct vb_hdevice *d, const char *const *words, size_t n,
			  struct vb_hrequest *rq)
{
	struct vb_storvsc_unit *u;
	bool is_forced = n == 2 && strcmp(words[1], "force") == 0;

	if (n > 2 || (n == 2 && !is_forced))
		return vb_hrequest_done(rq, -EINVAL, "eject [force]");
	u = drive_of(vb_hdevice_state(d), rq);
	if (!u)
		return;
	if (!u->disk)
		return vb_hrequest_done(rq, -ENOENT, "the drive is empty");
	if (u->is_locked && !is_forced) {
		u->event = EVENT_EJECT_REQUEST;
		return vb_hrequest_done(rq, 0, "the guest keeps it in; it is asked");
	}
	vb_storvsc_eject(u);
	vb_hrequest_done(rq, 0, NULL);
}

static void insert_command(struct vb_hdevice *d, const char *const *words, size_t n,
			   struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);
	struct vb_storvsc_unit *u;
	struct vb_err err;
	int rc;

	if (n > 2)
		return vb_hrequest_done(rq, -EINVAL, "insert [FILE]");
	u = drive_of(s, rq);
	if (!u)
		return;
	if (u->disk)
		return vb_hrequest_done(rq, -EBUSY, "there is a disc in the drive");
	rc = vb_storvsc_insert(s, u, n == 2 ? words[1] : "", &err);
	vb_hrequest_done(rq, rc, rc ? err.text : NULL);
}

/* ---- what goes wrong ---- */

/* "3/11/0", hexadecimal. */
static int parse_sense(const char *text, uint32_t *ret)
{
	static const uint64_t most[] = { 0xf, 0xff, 0xff };
	uint64_t value;
	const char *end;

	*ret = 0;
	for (unsigned int i = 0; i < 3; i++, text = end + 1) {
		if (vb_number_scan(text, 16, most[i], &value, &end) || *end != (i < 2 ? '/' : '\0'))
			return -EINVAL;
		*ret = *ret << 8 | (uint32_t)value;
	}
	return *ret >> 16 ? 0 : -EINVAL;
}

static int parse_error(const char *const *words, size_t n, struct vb_storvsc_error *e)
{
	if (n < 5 || n > 6 || parse_lun(words[1], &e->lun) ||
	    vb_number_parse(words[3], UINT64_MAX, &e->lba) ||
	    vb_number_parse(words[4], UINT32_MAX, &e->n_left))
		return -EINVAL;
	e->is_write = strcmp(words[2], "write") == 0;
	if (!e->is_write && strcmp(words[2], "read") != 0)
		return -EINVAL;
	e->sense = e->is_write ? SENSE_WRITE_ERROR : SENSE_READ_ERROR;
	return n == 6 ? parse_sense(words[5], &e->sense) : 0;
}

/* The one of that place and direction, or one that is used up. */
static struct vb_storvsc_error *room_for(struct vb_storage *s, const struct vb_storvsc_error *e)
{
	struct vb_storvsc_error *free_one = NULL;

	for (unsigned int i = 0; i < STORVSC_MAX_ERRORS; i++) {
		struct vb_storvsc_error *o = &s->error[i];

		if (!o->n_left)
			free_one = free_one ? free_one : o;
		else if (o->lun == e->lun && o->lba == e->lba && o->is_write == e->is_write)
			return o;
	}
	return free_one;
}

static void error_command(struct vb_hdevice *d, const char *const *words, size_t n,
			  struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);
	struct vb_storvsc_error e, *room;

	if (parse_error(words, n, &e))
		return vb_hrequest_done(rq, -EINVAL,
					"error LUN read|write LBA COUNT [KEY/ASC/ASCQ]");
	if (!is_there(s, e.lun, rq))
		return;
	room = room_for(s, &e);
	if (!room)
		return vb_hrequest_done(rq, -ENOSPC, "too many errors are to happen");
	*room = e;
	vb_hrequest_done(rq, 0, NULL);
}

static void latency_command(struct vb_hdevice *d, const char *const *words, size_t n,
			    struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);

	if (n != 2 || vb_setting_set(&vb_model_scsi, "latency", s, words[1]))
		return vb_hrequest_done(rq, -EINVAL, "latency US");
	vb_hrequest_done(rq, 0, NULL);
}

static void busy_command(struct vb_hdevice *d, const char *const *words, size_t n,
			 struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);
	uint64_t count;
	uint8_t lun;

	if (n != 3 || parse_lun(words[1], &lun) || vb_number_parse(words[2], UINT32_MAX, &count))
		return vb_hrequest_done(rq, -EINVAL, "busy LUN COUNT");
	if (!is_there(s, lun, rq))
		return;
	s->unit[lun]->n_busy = count;
	vb_hrequest_done(rq, 0, NULL);
}

static void drop_command(struct vb_hdevice *d, const char *const *words, size_t n,
			 struct vb_hrequest *rq)
{
	struct vb_storage *s = vb_hdevice_state(d);

	if (n != 2 || vb_number_parse(words[1], UINT32_MAX, &s->n_drop))
		return vb_hrequest_done(rq, -EINVAL, "drop N");
	vb_hrequest_done(rq, 0, NULL);
}

static void stats_command(struct vb_hdevice *d, const char *const *words, size_t n,
			  struct vb_hrequest *rq)
{
	const struct vb_storage *s = vb_hdevice_state(d);
	const struct vb_storvsc_counters *c = &s->counters;
	char text[400];

	(void)words;
	(void)n;
	snprintf(text, sizeof(text),
		 "commands %" PRIu64 " reads %" PRIu64 " read_bytes %" PRIu64 " writes %" PRIu64
		 " written_bytes %" PRIu64 " flushes %" PRIu64 " unmaps %" PRIu64 " failed %" PRIu64
		 " refused %" PRIu64 " aborted %" PRIu64 " dropped %" PRIu64 " resets %" PRIu64
		 " waiting %u",
		 c->commands, c->reads, c->read_bytes, c->writes, c->written_bytes, c->flushes,
		 c->unmaps, c->failed, c->refused, c->aborted, c->dropped, c->resets, s->n_waiting);
	vb_hrequest_done(rq, 0, text);
}

#define OF_ALL                                                                                     \
	{ "resize", "LUN MIB", "make a disk longer or shorter; its next command is told",          \
	  resize_command },                                                                        \
		{ "error", "LUN read|write LBA COUNT [KEY/ASC/ASCQ]",                              \
		  "the next COUNT commands that touch that block fail", error_command },           \
		{ "latency", "US", "how long each command takes from now on", latency_command },   \
		{ "busy", "LUN COUNT", "the next COUNT commands find the unit busy",               \
		  busy_command },                                                                  \
		{ "drop", "N", "the next N commands get no answer until the guest resets the bus", \
		  drop_command },                                                                  \
	{                                                                                          \
		"stats", "", "what was done so far", stats_command                                 \
	}

#define OTHERS                                                                                     \
	{ "reserve", "LUN KEY TYPE",                                                               \
	  "another initiator registers KEY and reserves the disk: 1, 3, 5, 6, 7 or 8",             \
	  vb_unit_reserve_command },                                                               \
	{                                                                                          \
		"release", "LUN", "the other initiator gives it back", vb_unit_release_command     \
	}

const struct vb_command vb_storvsc_scsi_commands[] = {
	OF_ALL,
	{ "add", "LUN MIB", "a new disk in memory; the guest is told", add_command },
	{ "remove", "LUN", "take a disk or drive away; the guest is told", remove_command },
	{ "notify", "enumerate|remove", "tell the guest to look for disks, or that some are gone",
	  notify_command },
	{ "eject", "[force]", "open the drive; a guest that keeps the disc in is asked",
	  eject_command },
	{ "insert", "[FILE]", "put a disc into the drive: an image, or that of the settings",
	  insert_command },
	OTHERS,
	{ 0 },
};

const struct vb_command vb_storvsc_ide_commands[] = {
	OF_ALL,
	OTHERS,
	{ 0 },
};
