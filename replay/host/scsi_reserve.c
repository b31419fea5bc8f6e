/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistent reservations (T10 SPC-4, 5.12, 6.15 and 6.16). There are two that may register: the
 * guest, by whichever path, and another initiator, which is what a command of a person does. What
 * was reserved stays so while the unit lives, whatever the guest resets.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/number.h"
#include "replay/host/storvsc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { READ_KEYS, READ_RESERVATION, REPORT_CAPABILITIES, READ_FULL_STATUS };
enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_AND_ABORT, REGISTER_ANYWAY };

enum type {
	WRITE_EXCLUSIVE = 1,
	EXCLUSIVE = 3,
	WRITE_EXCLUSIVE_REGISTRANTS = 5,
	EXCLUSIVE_REGISTRANTS = 6,
	WRITE_EXCLUSIVE_ALL = 7,
	EXCLUSIVE_ALL = 8,
};

static bool is_type(uint64_t type)
{
	return type == WRITE_EXCLUSIVE || type == EXCLUSIVE ||
	       (type >= WRITE_EXCLUSIVE_REGISTRANTS && type <= EXCLUSIVE_ALL);
}

/* Every registrant holds it. */
static bool is_of_all(uint8_t type)
{
	return type == WRITE_EXCLUSIVE_ALL || type == EXCLUSIVE_ALL;
}

static bool is_of_registrants(uint8_t type)
{
	return type >= WRITE_EXCLUSIVE_REGISTRANTS;
}

static bool is_about_writes(uint8_t type)
{
	return type == WRITE_EXCLUSIVE || type == WRITE_EXCLUSIVE_REGISTRANTS ||
	       type == WRITE_EXCLUSIVE_ALL;
}

static bool is_holder(const struct vb_storvsc_reservation *v, enum vb_storvsc_who who)
{
	return v->type && (is_of_all(v->type) ? v->key[who] != 0 : v->holder == who);
}

/* ---- who may do what ---- */

void vb_unit_conflict(struct vb_storvsc_request *r)
{
	r->srb_status = VB_SRB_ERROR;
	r->scsi_status = VB_SCSI_CONFLICT;
	r->sense = 0;
	r->moved = 0;
	r->s->counters.failed++;
}

bool vb_unit_is_kept_out(const struct vb_storvsc_request *r)
{
	const struct vb_storvsc_reservation *v = &r->unit->reservation;
	const struct vb_unit_command *c = r->command;

	if (!v->type || is_holder(v, STORVSC_GUEST) || !c || c->flags & SCSI_FREE)
		return false;
	if (is_of_registrants(v->type) && v->key[STORVSC_GUEST])
		return false;
	return !is_about_writes(v->type) || c->flags & SCSI_WRITES;
}

/* ---- what there is ---- */

#define IN "hv_scsi_data.persistent_reserve_in."
#define LIST_HEAD 8u
#define HOLDER_LEN 16u
#define STATUS_LEN 48u
#define ID_LEN 24u

/* An answer that grows. */
struct answer {
	struct vb_value value[2 + 6 * STORVSC_N_WHO];
	char path[6 * STORVSC_N_WHO][80];
	size_t n, n_paths;
	uint32_t len; /* behind its head */
};

static char *path_of(struct answer *a, const char *list, unsigned int i, const char *name)
{
	char *path = a->path[a->n_paths++];

	snprintf(path, sizeof(a->path[0]), IN "%s[%u]%s", list, i, name);
	return path;
}

static void set(struct answer *a, const char *path, uint64_t number)
{
	a->value[a->n++] = (struct vb_value)VB_NUMBER(path, number);
}

static void finish(struct vb_storvsc_request *r, struct answer *a, const char *generation,
		   const char *length)
{
	set(a, generation, r->unit->reservation.generation);
	set(a, length, a->len);
	vb_unit_answer(r, a->value, a->n, LIST_HEAD + a->len, r->field[SCSI_ROOM]);
}

static void read_keys(struct vb_storvsc_request *r)
{
	const struct vb_storvsc_reservation *v = &r->unit->reservation;
	struct answer a = { .n = 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < STORVSC_N_WHO; i++)
		if (v->key[i])
			set(&a, path_of(&a, "keys.list.key", n++, ""), v->key[i]);
	a.len = n * (uint32_t)sizeof(v->key[0]);
	finish(r, &a, IN "keys.generation", IN "keys.additional_length");
}

/* One that all hold is nobody's. */
static void read_reservation(struct vb_storvsc_request *r)
{
	const struct vb_storvsc_reservation *v = &r->unit->reservation;
	struct answer a = { .n = 0 };

	if (v->type) {
		set(&a, path_of(&a, "reservation.holder", 0, ".key"),
		    is_of_all(v->type) ? 0 : v->key[v->holder]);
		set(&a, path_of(&a, "reservation.holder", 0, ".scope_type"), v->type);
		a.len = HOLDER_LEN;
	}
	finish(r, &a, IN "reservation.generation", IN "reservation.additional_length");
}

/* Of types a bit each, with bit 8 and on in the first byte; those that say so count. */
#define ALL_TYPES 0xea01u
enum { PERSISTS_C = 1, COMPATIBLE = 0x10 };
enum { TYPES_VALID = 0x80, PERSISTS = 1 };

static void report_capabilities(struct vb_storvsc_request *r)
{
	const struct vb_value values[] = {
		VB_NUMBER(IN "capabilities.length", 8),
		VB_NUMBER(IN "capabilities.flags", COMPATIBLE | PERSISTS_C),
		VB_NUMBER(IN "capabilities.flags_2",
			  TYPES_VALID | (r->unit->reservation.persists ? PERSISTS : 0)),
		VB_NUMBER(IN "capabilities.types", ALL_TYPES),
	};

	vb_unit_answer(r, values, COUNT(values), 8, r->field[SCSI_ROOM]);
}

/* As initiators of a parallel bus are named: the guest is its number 7, the other one 6. */
static const uint8_t ids[STORVSC_N_WHO][ID_LEN] = {
	[STORVSC_GUEST] = { 1, 0, 0, 7, 0, 0, 0, 1 },
	[STORVSC_OTHER] = { 1, 0, 0, 6, 0, 0, 0, 1 },
};

static void add_status(struct answer *a, const struct vb_storvsc_reservation *v,
		       enum vb_storvsc_who who, unsigned int i)
{
	bool holds = is_holder(v, who);

	set(a, path_of(a, "status.registrant", i, ".key"), v->key[who]);
	set(a, path_of(a, "status.registrant", i, ".flags"), holds);
	set(a, path_of(a, "status.registrant", i, ".scope_type"), holds ? v->type : 0);
	set(a, path_of(a, "status.registrant", i, ".relative_port"), 1);
	set(a, path_of(a, "status.registrant", i, ".id_length"), ID_LEN);
	a->value[a->n++] = (struct vb_value)VB_DATA(path_of(a, "status.registrant", i, ".id"),
						    ids[who], ID_LEN);
	a->len += STATUS_LEN;
}

static void read_full_status(struct vb_storvsc_request *r)
{
	const struct vb_storvsc_reservation *v = &r->unit->reservation;
	struct answer a = { .n = 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < STORVSC_N_WHO; i++)
		if (v->key[i])
			add_status(&a, v, (enum vb_storvsc_who)i, n++);
	finish(r, &a, IN "status.generation", IN "status.additional_length");
}

void vb_unit_reserve_in(struct vb_storvsc_request *r)
{
	static void (*const run[])(struct vb_storvsc_request *) = {
		[READ_KEYS] = read_keys,
		[READ_RESERVATION] = read_reservation,
		[REPORT_CAPABILITIES] = report_capabilities,
		[READ_FULL_STATUS] = read_full_status,
	};

	run[r->command->action](r);
}

/* ---- what the guest does about it ---- */

/* A list as it was sent. */
struct list {
	uint64_t key, action_key;
	bool persists;
};

static void unregister(struct vb_storvsc_reservation *v, enum vb_storvsc_who who)
{
	bool holds = is_holder(v, who);

	v->key[who] = 0;
	if (!holds)
		return;
	for (unsigned int i = 0; i < STORVSC_N_WHO; i++)
		if (is_of_all(v->type) && v->key[i])
			return;
	v->type = 0;
}

static void do_register(struct vb_storvsc_request *r, const struct list *l)
{
	struct vb_storvsc_reservation *v = &r->unit->reservation;
	bool has_key = v->key[STORVSC_GUEST];

	if (r->command->action == REGISTER && l->key != v->key[STORVSC_GUEST])
		return vb_unit_conflict(r);
	if (!has_key && !l->action_key)
		return;
	if (l->action_key)
		v->key[STORVSC_GUEST] = l->action_key;
	else
		unregister(v, STORVSC_GUEST);
	v->persists = l->persists;
	v->generation++;
}

static void do_reserve(struct vb_storvsc_request *r, const struct list *l)
{
	struct vb_storvsc_reservation *v = &r->unit->reservation;
	uint8_t type = (uint8_t)r->field[SCSI_A];

	(void)l;
	if (v->type && (v->type != type || !is_holder(v, STORVSC_GUEST)))
		return vb_unit_conflict(r);
	v->type = type;
	v->holder = STORVSC_GUEST;
}

static void do_release(struct vb_storvsc_request *r, const struct list *l)
{
	struct vb_storvsc_reservation *v = &r->unit->reservation;

	(void)l;
	if (!is_holder(v, STORVSC_GUEST))
		return;
	if (v->type != r->field[SCSI_A])
		return vb_unit_fail(r, SENSE_RELEASE);
	v->type = 0;
}

static void do_clear(struct vb_storvsc_request *r, const struct list *l)
{
	struct vb_storvsc_reservation *v = &r->unit->reservation;

	(void)l;
	memset(v->key, 0, sizeof(v->key));
	v->type = 0;
	v->generation++;
}

/* The guest gets the reservation, and others lose their registrations. */
static void take(struct vb_storvsc_reservation *v, uint64_t key, uint8_t type)
{
	if (!key || v->key[STORVSC_OTHER] == key)
		v->key[STORVSC_OTHER] = 0;
	v->holder = STORVSC_GUEST;
	v->type = type;
}

/* All that the other one has under way is done: there is nothing to abort. */
static void do_preempt(struct vb_storvsc_request *r, const struct list *l)
{
	struct vb_storvsc_reservation *v = &r->unit->reservation;
	bool of_all = is_of_all(v->type);

	if (!l->action_key && !of_all)
		return vb_unit_fail(r, SENSE_PARAMETERS);
	if (v->type && (of_all ? !l->action_key : v->key[v->holder] == l->action_key)) {
		take(v, l->action_key, (uint8_t)r->field[SCSI_A]);
	} else {
		if (v->key[STORVSC_GUEST] != l->action_key &&
		    v->key[STORVSC_OTHER] != l->action_key)
			return vb_unit_conflict(r);
		for (unsigned int i = 0; i < STORVSC_N_WHO; i++)
			if (v->key[i] == l->action_key)
				unregister(v, (enum vb_storvsc_who)i);
	}
	v->generation++;
}

#define OUT "hv_scsi_data.persistent_reserve_out."
#define OUT_LEN 24u
enum { APTPL = 1, ALL_PORTS_OR_OTHERS = 0x0c };

static bool read_list(struct vb_storvsc_request *r, struct list *ret)
{
	struct vb_wanted w[] = { { .path = OUT "key" },
				 { .path = OUT "action_key" },
				 { .path = OUT "flags" } };
	const uint8_t *bytes;

	if (r->field[SCSI_ROOM] != OUT_LEN) {
		vb_unit_fail(r, SENSE_LIST_LENGTH);
		return false;
	}
	bytes = vb_unit_get(r, OUT_LEN);
	if (!bytes)
		return false;
	vb_unit_read(r, bytes, OUT_LEN, w, COUNT(w));
	*ret = (struct list){ w[0].number, w[1].number, w[2].number & APTPL };
	if (!(w[2].number & ALL_PORTS_OR_OTHERS))
		return true;
	vb_unit_fail(r, SENSE_PARAMETERS);
	return false;
}

/* Those that register say no type; the key of others must be the guest's. */
static bool is_allowed(struct vb_storvsc_request *r, const struct list *l)
{
	uint8_t action = r->command->action;
	const struct vb_storvsc_reservation *v = &r->unit->reservation;

	if (action == REGISTER || action == REGISTER_ANYWAY)
		return true;
	if (!v->key[STORVSC_GUEST] || l->key != v->key[STORVSC_GUEST]) {
		vb_unit_conflict(r);
		return false;
	}
	/* the scope is the whole unit, as type */
	if (action == CLEAR || is_type(r->field[SCSI_A]))
		return true;
	vb_unit_fail(r, SENSE_CDB);
	return false;
}

void vb_unit_reserve_out(struct vb_storvsc_request *r)
{
	static void (*const run[])(struct vb_storvsc_request *, const struct list *) = {
		[REGISTER] = do_register,	 [RESERVE] = do_reserve,
		[RELEASE] = do_release,		 [CLEAR] = do_clear,
		[PREEMPT] = do_preempt,		 [PREEMPT_AND_ABORT] = do_preempt,
		[REGISTER_ANYWAY] = do_register,
	};
	struct list l;

	if (read_list(r, &l) && is_allowed(r, &l))
		run[r->command->action](r, &l);
}

/* ---- the other initiator ---- */

static struct vb_storvsc_unit *disk_of(struct vb_hdevice *d, const char *text)
{
	struct vb_storage *s = vb_hdevice_state(d);
	uint64_t lun;

	if (vb_number_parse(text, STORVSC_MAX_LUNS - 1, &lun) || !s->unit[lun] ||
	    s->unit[lun]->is_dvd)
		return NULL;
	return s->unit[lun];
}

void vb_unit_reserve_command(struct vb_hdevice *d, const char *const *words, size_t n,
			     struct vb_hrequest *rq)
{
	struct vb_storvsc_unit *u;
	uint64_t key, type;

	if (n != 4 || vb_number_parse(words[2], UINT64_MAX, &key) || !key ||
	    vb_number_parse(words[3], UINT8_MAX, &type) || !is_type(type))
		return vb_hrequest_done(rq, -EINVAL, "reserve LUN KEY 1|3|5|6|7|8");
	u = disk_of(d, words[1]);
	if (!u)
		return vb_hrequest_done(rq, -ENOENT, "there is no such disk");
	if (u->reservation.type && !is_holder(&u->reservation, STORVSC_OTHER))
		return vb_hrequest_done(rq, -EBUSY, "the guest has reserved it");
	u->reservation.key[STORVSC_OTHER] = key;
	u->reservation.holder = STORVSC_OTHER;
	u->reservation.type = (uint8_t)type;
	u->reservation.generation++;
	vb_hrequest_done(rq, 0, NULL);
}

/* Those who were let in by it are told. */
void vb_unit_release_command(struct vb_hdevice *d, const char *const *words, size_t n,
			     struct vb_hrequest *rq)
{
	struct vb_storvsc_reservation *v;
	struct vb_storvsc_unit *u;
	uint8_t type;

	if (n != 2)
		return vb_hrequest_done(rq, -EINVAL, "release LUN");
	u = disk_of(d, words[1]);
	if (!u || !u->reservation.key[STORVSC_OTHER])
		return vb_hrequest_done(rq, -ENOENT, "nobody else has reserved such a disk");
	v = &u->reservation;
	type = v->type;
	unregister(v, STORVSC_OTHER);
	v->generation++;
	if (type && !v->type && is_of_registrants(type) && v->key[STORVSC_GUEST])
		u->attention |= STORVSC_RELEASED;
	vb_hrequest_done(rq, 0, NULL);
}
