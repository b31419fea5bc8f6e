/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the storage devices and what they know of each other. Private to replay/host/storvsc*.c,
 * scsi_*.c and tests.
 *
 *	storvsc.c	   what the host calls: SCSI and Fibre Channel controllers, IDE disks
 *	storvsc_settings.c settings
 *	storvsc_command.c  commands
 *	storvsc_init.c	   versions, properties, names, sub-channels
 *	storvsc_request.c  requests: read, run when their time has come, aborted
 *	storvsc_answer.c   completions, and what waits for room
 *	storvsc_units.c	   which disk or drive is which LUN
 *	storvsc_log.c	   the bytes outside the ring, for the host's log
 *	scsi_command.c	   which SCSI commands there are, and who may have them
 *	scsi_data.c	   what commands say: bytes in and out, sense data
 *	scsi_inquiry.c	   INQUIRY, REPORT LUNS
 *	scsi_opcodes.c	   REPORT SUPPORTED OPERATION CODES
 *	scsi_mode.c	   MODE SENSE, MODE SELECT
 *	scsi_log_pages.c   LOG SENSE
 *	scsi_reserve.c	   PERSISTENT RESERVE IN and OUT, and another initiator
 *	scsi_block.c	   blocks: read, written, compared, unmapped, counted
 *	scsi_dvd.c	   what only DVD drives know
 */
#ifndef VB_STORVSC_HOST_H
#define VB_STORVSC_HOST_H

#include "dissectors/scsi.h"
#include "dissectors/storvsc.h"
#include "replay/host/disk.h"
#include "replay/host/outside.h"

#define STORVSC_MAX_LUNS 64u
#define STORVSC_MAX_CHANNELS 64u
#define STORVSC_MAX_TRANSFER (8u << 20) /* bytes of one request; more is refused */
#define STORVSC_MAX_WAITING 4096u	/* requests; more find the device busy */
#define STORVSC_MAX_UNLOGGED 4096u
#define STORVSC_MAX_ERRORS 16u /* that are to happen */
#define STORVSC_SENSE_LEN 18u  /* in the fixed format */
#define STORVSC_PATH 256u      /* bytes of a file's name */

struct vb_storage;

/* ---- a logical unit ---- */

/* What a unit tells with the next command, the first of these first. */
enum vb_storvsc_attention {
	STORVSC_RESET = 1,
	STORVSC_NEW_MEDIUM = 2,
	STORVSC_CAPACITY = 4,
	STORVSC_LUNS = 8,
	STORVSC_RELEASED = 16,
};

/* Who may register with a unit. */
enum vb_storvsc_who { STORVSC_GUEST, STORVSC_OTHER, STORVSC_N_WHO };

struct vb_storvsc_reservation {
	uint64_t key[STORVSC_N_WHO]; /* 0: not registered */
	uint32_t generation;
	uint8_t type; /* of T10 SPC-4; 0: nobody has reserved it */
	enum vb_storvsc_who holder;
	bool persists; /* as the guest wants it; it does in any case */
};

struct vb_storvsc_unit {
	uint8_t lun;
	bool is_dvd, readonly;
	bool wce;	      /* the guest is to flush what it writes */
	bool is_locked;	      /* the guest keeps the medium in */
	struct vb_disk *disk; /* NULL: a drive without medium */
	uint32_t block_len;   /* as the guest sees it */
	uint32_t attention;   /* enum vb_storvsc_attention */
	uint32_t sense;	      /* of a failure that the guest has not been told; 0: none */
	uint8_t event;	      /* of the medium, that nobody asked for yet */
	uint64_t n_busy;      /* commands that find it busy */
	struct vb_storvsc_reservation reservation;
};

/* What its disks are made of; when it changes they are made anew. */
struct vb_storvsc_shape {
	uint64_t n_disks, size, block, memory; /* size: MiB of each, as is memory */
	char files[2 * STORVSC_PATH];	       /* one for each disk, with commas; "": none */
	char medium[STORVSC_PATH];	       /* in the drive; "": none */
	bool dvd, readonly;
};

/* ---- a request ---- */

#define VB_UNIT_FIELDS 5u

struct vb_unit_command;

/* A request of the guest, from when it is read until its answer is in the ring. */
struct vb_storvsc_request {
	struct vb_storvsc_request *next;
	struct vb_storage *s;
	uint16_t channel;
	bool is_logged;	   /* its completion */
	bool is_notice;	   /* no answer, but something the host says by itself: its operation */
	uint64_t trans_id; /* of the packet */
	uint32_t recalled; /* its operation, and what the CDB begins with */
	uint32_t reply_len;
	uint64_t due_ns; /* VB_NEVER: it gets no answer */
	uint64_t began_ns;
	/* the SRB */
	uint8_t path, target, lun, cdb_len, sense_len, data_in;
	bool no_autosense;
	bool is_short; /* its CDB ends before a field of its command: nothing can be done with it */
	uint32_t data_len;
	struct vb_hranges data; /* one range or none */
	const struct vb_unit_command *command;
	uint64_t field[VB_UNIT_FIELDS]; /* of the CDB, as the command lists them */
	struct vb_storvsc_unit *unit;	/* while it runs */
	bool is_played;			/* by the device's player */
	uint32_t tag;			/* of the player */
	/* what came of it */
	uint32_t status; /* NTSTATUS, of operations that are no SRBs */
	uint32_t asked;	 /* the version, or how many sub-channels */
	uint8_t srb_status, scsi_status;
	uint32_t moved; /* bytes of data */
	uint32_t sense; /* key, ASC and ASCQ, a byte each; 0: none */
	bool has_lba;
	uint32_t lba; /* where it went wrong */
};

static inline uint8_t vb_storvsc_operation(const struct vb_storvsc_request *r)
{
	return (uint8_t)(r->recalled >> VB_STORVSC_RECALL_SHIFT);
}

/* What waits for room on a channel. */
struct vb_storvsc_queue {
	struct vb_storvsc_request *first, **end;
	bool is_paused;
};

/* ---- who answers in the device's place ---- */

/* Told of all that the guest asks, and asked for its answers: a replay. */
struct vb_storvsc_player {
	void *ctx;
	/*
	 * A message of the guest, of any operation; the bytes are a copy. True: an SRB that the player
	 * answers. It is due at r->due_ns, which the player has set, or when vb_storvsc_answer() is called
	 * with the tag that it gave it.
	 */
	bool (*request)(void *ctx, struct vb_storvsc_request *r, const struct vb_frame *message);
	/* Such a request is due: give the guest its data and say in r->moved how much. */
	void (*run)(void *ctx, struct vb_storvsc_request *r);
	/* And its completion; errors are those of vb_hchannel_send(). */
	int (*send)(void *ctx, const struct vb_storvsc_request *r, struct vb_hchannel *c);
};

/* ---- a device ---- */

struct vb_storvsc_error {
	uint8_t lun;
	bool is_write;
	uint64_t lba, n_left;
	uint32_t sense;
};

struct vb_storvsc_counters {
	uint64_t commands, reads, writes, read_bytes, written_bytes;
	uint64_t flushes, unmaps, failed, refused, aborted, dropped, resets;
};

/* How far the guest is. */
enum vb_storvsc_stage {
	STORVSC_OPENED,
	STORVSC_BEGUN,
	STORVSC_VERSION,
	STORVSC_PROPERTIES,
	STORVSC_READY,
};

struct vb_storage {
	struct vb_hdevice *d;
	/* settings */
	struct vb_storvsc_shape shape, built; /* as wanted, as it is */
	uint64_t max_version, max_transfer, subchannels, paths, latency_us;
	uint64_t port_wwn, node_wwn;
	bool cache, thin;
	char vendor[9], product[17], revision[5], serial[33];
	/* the conversation */
	enum vb_storvsc_stage stage;
	uint32_t version; /* 0: none agreed */
	uint32_t n_subchannels;
	struct vb_storvsc_queue queue[STORVSC_MAX_CHANNELS];
	struct vb_storvsc_request *waiting; /* for its time; in the order of these */
	uint32_t n_waiting, n_lost;	    /* n_lost: of them, that get no answer */
	struct vb_storvsc_request *answering;
	struct vb_storvsc_request *unlogged; /* answered, but a fault holds the packet back */
	uint32_t n_unlogged;
	/* the units */
	bool is_built;
	struct vb_storvsc_unit *unit[STORVSC_MAX_LUNS];
	uint8_t *buffer; /* for the data of the command that runs */
	uint32_t buffer_len;
	struct vb_storvsc_error error[STORVSC_MAX_ERRORS];
	uint64_t n_drop; /* commands that are to get no answer */
	struct vb_storvsc_counters counters;
	const struct vb_storvsc_player *player; /* NULL: nobody plays */
};

/* ---- storvsc.c ---- */

extern const struct vb_model vb_model_scsi, vb_model_ide, vb_model_fc;

/* ---- storvsc_settings.c, storvsc_command.c ---- */

extern const struct vb_setting vb_storvsc_scsi_settings[], vb_storvsc_ide_settings[],
	vb_storvsc_fc_settings[];
extern const struct vb_command vb_storvsc_scsi_commands[], vb_storvsc_ide_commands[];

/* ---- storvsc_init.c ---- */

/* Everything that was agreed is forgotten. */
void vb_storvsc_init_reset(struct vb_storage *s);
/* An operation that prepares the others; r->status says what came of it. */
void vb_storvsc_init_run(struct vb_storvsc_request *r, const struct vb_frame *message);
#define STORVSC_MAX_REPLY 8u
/* Values of its completion behind the status. Returns how many. */
size_t vb_storvsc_init_values(const struct vb_storvsc_request *r, struct vb_value *ret);
/* Offer the sub-channels that the guest asked for; its answer is sent. */
void vb_storvsc_init_answered(const struct vb_storvsc_request *r);

/* ---- storvsc_request.c ---- */

void vb_storvsc_take(struct vb_storage *s, struct vb_hchannel *c, const struct vb_hpacket *p);
/* When the next request is due; VB_NEVER: none waits for its time. */
uint64_t vb_storvsc_due_ns(const struct vb_storage *s);
/* Run what is due. */
void vb_storvsc_run(struct vb_storage *s, uint64_t now);
/* A request that waits for its player is due. False: there is none with that tag. */
bool vb_storvsc_answer(struct vb_storage *s, uint32_t tag);
/* The player calls no more: the model answers what waits for that. */
void vb_storvsc_answer_held(struct vb_storage *s);
/* All that the channel has asked is forgotten. */
void vb_storvsc_forget_channel(struct vb_storage *s, uint16_t channel);
void vb_storvsc_free_request(struct vb_storvsc_request *r);

/* ---- storvsc_answer.c ---- */

/* Send its answer, in its turn; the request is given away. */
void vb_storvsc_complete(struct vb_storvsc_request *r);
/* ENUMERATE_BUS, REMOVE_DEVICE. */
void vb_storvsc_notify(struct vb_storage *s, enum vb_storvsc operation);
void vb_storvsc_flush(struct vb_storage *s, uint16_t channel);
bool vb_storvsc_owes_answers(const struct vb_storage *s);
void vb_storvsc_drop_answers(struct vb_storage *s, uint16_t channel);

/* ---- storvsc_units.c ---- */

/* What the settings say, for a driver that comes; disks that are as they say keep their bytes. */
int vb_storvsc_units_begin(struct vb_storage *s, struct vb_err *err);
void vb_storvsc_units_end(struct vb_storage *s);
/* The unit a request is for; NULL: none. */
struct vb_storvsc_unit *vb_storvsc_unit_of(const struct vb_storage *s,
					   const struct vb_storvsc_request *r);
/* Path and target lead to units, whatever the LUN. */
bool vb_storvsc_is_target(const struct vb_storage *s, const struct vb_storvsc_request *r);
/* A unit as it was elsewhere: a disk in memory, or a drive without medium. -EEXIST. */
struct vb_storvsc_unit_shape {
	uint8_t lun;
	bool is_dvd;
	uint32_t block_len; /* 512 or 4096 */
	uint64_t n_blocks;
};
int vb_storvsc_unit_make(struct vb_storage *s, const struct vb_storvsc_unit_shape *shape);
/* A disk of so many MiB in memory. -EEXIST. */
int vb_storvsc_unit_add(struct vb_storage *s, uint8_t lun, uint64_t size);
void vb_storvsc_unit_remove(struct vb_storage *s, uint8_t lun);
int vb_storvsc_unit_resize(struct vb_storage *s, struct vb_storvsc_unit *u, uint64_t size);
/* name "": the one of the settings. The drive must be empty. */
int vb_storvsc_insert(struct vb_storage *s, struct vb_storvsc_unit *u, const char *name,
		      struct vb_err *err);
void vb_storvsc_eject(struct vb_storvsc_unit *u);
void vb_storvsc_attend(struct vb_storage *s, uint32_t attention); /* all units tell of it */
uint64_t vb_storvsc_unit_blocks(const struct vb_storvsc_unit *u); /* 0: no medium */
/* A number that is the unit's own, the same in each run. */
uint64_t vb_storvsc_unit_id(const struct vb_storage *s, uint8_t lun);

/* ---- storvsc_log.c ---- */

void vb_storvsc_outside(struct vb_hdevice *d, const struct vb_frame *packet, uint32_t limit,
			struct vb_hext *ext);

/* An answer was given away: free the request, or keep it until its packet is logged. */
void vb_storvsc_answered(struct vb_storvsc_request *r);
void vb_storvsc_forget_unlogged(struct vb_storage *s, uint16_t channel);

/* ---- scsi_command.c ---- */

/* Where fields of a CDB are in vb_storvsc_request.field. */
enum vb_unit_field {
	SCSI_LBA = 0, /* of commands with blocks */
	SCSI_LENGTH = 1,
	SCSI_FLAGS = 2,
	SCSI_ROOM = 0, /* of others: the bytes that may be answered, or that a list has */
	SCSI_A = 1,
	SCSI_B = 2,
	SCSI_C = 3,
	SCSI_D = 4,
};

/* Of struct vb_unit_command. */
enum vb_unit_flags {
	SCSI_DISK = 1,	  /* disks have it */
	SCSI_DVD = 2,	  /* drives */
	SCSI_MEDIUM = 4,  /* it wants a medium */
	SCSI_CALM = 8,	  /* it is done in spite of a unit attention */
	SCSI_ANY = 16,	  /* it is answered where no unit is, too */
	SCSI_WRITES = 32, /* reservations that are about writing keep others from it */
	SCSI_FREE = 64,	  /* whoever has reserved the unit */
};

struct vb_unit_command {
	uint8_t opcode, flags;
	uint8_t action, action_mask; /* of its second byte */
	void (*run)(struct vb_storvsc_request *r);
	const char *field[VB_UNIT_FIELDS];
};

/* All commands; ret_n of them. */
const struct vb_unit_command *vb_unit_commands(size_t *ret_n);
/* NULL: there is none. recalled: as of the request. */
const struct vb_unit_command *vb_unit_find(uint32_t recalled);
/* Bytes of its CDB. */
uint8_t vb_unit_cdb_len(uint8_t opcode);
/* Do what the request wants, as far as its SRB makes sense. */
void vb_unit_run(struct vb_storvsc_request *r);

/* ---- scsi_data.c ---- */

/* Sense keys, ASC and ASCQ (T10 SPC-4). */
#define SENSE_NO_MEDIUM 0x023a00u
#define SENSE_READ_ERROR 0x031100u
#define SENSE_WRITE_ERROR 0x030c00u
#define SENSE_OPCODE 0x052000u
#define SENSE_LBA_RANGE 0x052100u
#define SENSE_CDB 0x052400u
#define SENSE_PARAMETERS 0x052600u
#define SENSE_RELEASE 0x052604u
#define SENSE_LIST_LENGTH 0x051a00u
#define SENSE_NOT_SAVED 0x053900u
#define SENSE_REMOVAL_PREVENTED 0x055302u
#define SENSE_NEW_MEDIUM 0x062800u
#define SENSE_RESET 0x062900u
#define SENSE_RELEASED 0x062a04u
#define SENSE_CAPACITY 0x062a09u
#define SENSE_LUNS 0x063f0eu
#define SENSE_PROTECTED 0x072700u
#define SENSE_NO_SPACE 0x072707u
#define SENSE_MISCOMPARE 0x0e1d00u

/* CHECK CONDITION, and nothing was moved. */
void vb_unit_fail(struct vb_storvsc_request *r, uint32_t sense);
void vb_unit_fail_at(struct vb_storvsc_request *r, uint32_t sense, uint64_t lba);
/* The SRB itself cannot be. */
void vb_unit_refuse(struct vb_storvsc_request *r, uint8_t srb_status);
/* The buffer of the device, for len bytes. NULL: no memory, and the request has failed. */
uint8_t *vb_unit_buffer(struct vb_storvsc_request *r, uint32_t len);
/* len bytes of the guest's, in the buffer. NULL: it has fewer, and the request has failed. */
const uint8_t *vb_unit_get(struct vb_storvsc_request *r, uint32_t len);
/* Bytes for the guest: what it has no room for is an overrun. */
void vb_unit_put(struct vb_storvsc_request *r, const uint8_t *bytes, uint32_t len);
#define SCSI_MAX_ANSWER 2304u
/* An answer of len bytes, of fields of hv_scsi_data, cut to what the command has room for. */
void vb_unit_answer(struct vb_storvsc_request *r, const struct vb_value *values, size_t n,
		    uint32_t len, uint64_t room);
/* Read n fields of hv_scsi_data in the len bytes that vb_unit_get() gave. */
size_t vb_unit_read(const struct vb_storvsc_request *r, const uint8_t *bytes, uint32_t len,
		    struct vb_wanted *wanted, size_t n);
/* Sense data as a field of an answer, of the unit or of the request. */
#define SCSI_SENSE_VALUES 5u
size_t vb_unit_sense_values(uint32_t sense, bool has_lba, uint32_t lba, struct vb_value *ret);
/* What the unit has to tell, which is told now; 0: nothing. */
uint32_t vb_unit_attention(struct vb_storvsc_unit *u);

/* ---- commands: scsi_inquiry.c, scsi_opcodes.c, scsi_mode.c, scsi_block.c, scsi_dvd.c ---- */

void vb_unit_inquiry(struct vb_storvsc_request *r);
void vb_unit_report_luns(struct vb_storvsc_request *r);
void vb_unit_supported_opcodes(struct vb_storvsc_request *r);
void vb_unit_request_sense(struct vb_storvsc_request *r);
void vb_unit_nothing(struct vb_storvsc_request *r); /* it is done already */

void vb_unit_mode_sense(struct vb_storvsc_request *r);
void vb_unit_mode_select(struct vb_storvsc_request *r);

#define SCSI_MAX_SAME (32u << 20) /* bytes of one WRITE SAME */
#define SCSI_MAX_EXTENTS 32u	  /* of one UNMAP */
#define SCSI_MAX_COMPARED 128u	  /* blocks of one COMPARE AND WRITE */

void vb_unit_read_blocks(struct vb_storvsc_request *r);
void vb_unit_write_blocks(struct vb_storvsc_request *r);
void vb_unit_verify(struct vb_storvsc_request *r);
void vb_unit_compare_and_write(struct vb_storvsc_request *r);
void vb_unit_flush(struct vb_storvsc_request *r);
void vb_unit_prefetch(struct vb_storvsc_request *r);
void vb_unit_unmap(struct vb_storvsc_request *r);
void vb_unit_write_same(struct vb_storvsc_request *r);
void vb_unit_capacity_10(struct vb_storvsc_request *r);
void vb_unit_capacity_16(struct vb_storvsc_request *r);
void vb_unit_lba_status(struct vb_storvsc_request *r);

void vb_unit_start_stop(struct vb_storvsc_request *r);
void vb_unit_prevent_removal(struct vb_storvsc_request *r);
void vb_unit_read_toc(struct vb_storvsc_request *r);
void vb_unit_configuration(struct vb_storvsc_request *r);
void vb_unit_event_status(struct vb_storvsc_request *r);
void vb_unit_disc_information(struct vb_storvsc_request *r);
void vb_unit_mechanism_status(struct vb_storvsc_request *r);
void vb_unit_dvd_structure(struct vb_storvsc_request *r);
void vb_unit_track_information(struct vb_storvsc_request *r);

/* ---- scsi_log_pages.c ---- */

void vb_unit_log_sense(struct vb_storvsc_request *r);

/* ---- scsi_reserve.c ---- */

void vb_unit_reserve_in(struct vb_storvsc_request *r);
void vb_unit_reserve_out(struct vb_storvsc_request *r);
/* Whether a reservation of another keeps the guest from the request's command. */
bool vb_unit_is_kept_out(const struct vb_storvsc_request *r);
/* RESERVATION CONFLICT. */
void vb_unit_conflict(struct vb_storvsc_request *r);
/* Another initiator registers with a disk and reserves it, or gives it back. */
void vb_unit_reserve_command(struct vb_hdevice *d, const char *const *words, size_t n,
			     struct vb_hrequest *rq);
void vb_unit_release_command(struct vb_hdevice *d, const char *const *words, size_t n,
			     struct vb_hrequest *rq);

#endif
