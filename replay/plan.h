/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a trace asks for: the devices that the host was, and what it and the guest said, in order.
 *
 * A plan knows nothing of a live guest. It is made once and only read afterwards.
 */
#ifndef VB_PLAN_H
#define VB_PLAN_H

#include "capture/event.h"
#include "dissectors/sinks.h"

/* Where a step has an effect: what the host does, and what the guest is expected to do. */
enum vb_step_type {
	VB_STEP_SEND,	 /* a packet to the guest */
	VB_STEP_EXPECT,	 /* a packet of the guest */
	VB_STEP_OPENED,	 /* the guest opens the channel */
	VB_STEP_CLOSED,	 /* the guest closes it */
	VB_STEP_RESCIND, /* the host takes the device away */
	VB_STEP_OFFER,	 /* and offers it again */
	VB_STEP_CAUSE,	 /* the agent has the guest do what is expected by then */
	VB_N_STEP_TYPES
};

/* Why a step of the trace is not played, or not compared. */
enum vb_skip {
	VB_SKIP_NONE,
	VB_SKIP_CLASS,	     /* no replay of such devices yet */
	VB_SKIP_CUT,	     /* the capture kept too few bytes */
	VB_SKIP_WITHHELD,    /* its content was withheld */
	VB_SKIP_FAILED,	     /* it was never sent: the write failed */
	VB_SKIP_NO_REQUEST,  /* what it answers is not sent */
	VB_SKIP_GUESTS_OWN,  /* the guest closed the channel by itself, or opened it again */
	VB_SKIP_NOT_CHOSEN,  /* left out by the user */
	VB_SKIP_UNRECORDED,  /* an answer that the trace does not have */
	VB_SKIP_NOT_LAST,    /* the end of the guest, and a round follows */
	VB_SKIP_LOOP,	     /* the channel is open already: nothing to negotiate again */
	VB_SKIP_UNSENT,	     /* the live channel did not take the request */
	VB_SKIP_NEVER_OPEN,  /* the guest did not open the channel */
	VB_SKIP_WRITES,	     /* it changes the disk, and the user did not allow that */
	VB_SKIP_LAST_RESORT, /* the driver does it when nothing else helps */
	VB_SKIP_GUEST_GONE,  /* it had shut down by then, as it was asked to */
	VB_SKIP_INTERRUPTED, /* the run was ended before its time */
	VB_N_SKIPS
};

/* Word of a reason, for machines, and a sentence for people. */
const char *vb_skip_name(enum vb_skip why);
const char *vb_skip_text(enum vb_skip why);

#define VB_NO_STEP UINT32_MAX
#define VB_NO_KIND UINT16_MAX

struct vb_step {
	uint8_t type;	     /* enum vb_step_type */
	uint8_t skip;	     /* enum vb_skip; of a packet that is expected: it is not compared */
	bool absent;	     /* skipped, and nothing of it will happen: nobody waits for it */
	bool made;	     /* not in the trace: what came before the capture began */
	bool ends;	     /* a packet that is sent: the guest agreed to shut down */
	bool opening;	     /* belongs to the opening of the channel */
	bool answered;	     /* a packet that is sent: the trace has the answer */
	bool free;	     /* expected at any time: what follows does not wait for it */
	bool control;	     /* messages that are sent: they are of the channel of that name */
	bool filled;	     /* the capture kept too little of a frame: the rest is a pattern */
	bool early;	     /* caused and expected, but the guest may do it by itself before */
	bool writes;	     /* a request that changes a disk */
	bool stirs;	     /* a packet that is sent: the guest may do something by itself then */
	uint16_t kind;	     /* of the device's kinds of messages; VB_NO_KIND: no packet */
	uint16_t subchannel; /* index; 0: the primary channel */
	uint32_t answers;    /* step of the same device; VB_NO_STEP: none */
	uint32_t causes;     /* CAUSE: step that is expected then */
	uint32_t status; /* a message that is expected: step that completes its packet, if any */
	uint64_t number; /* of the record */
	uint64_t recorded_ns; /* wall clock */
	uint64_t at_ns;	     /* since the first step of the plan, never less than the step before */
	uint64_t latency_ns; /* between this answer and its request, as recorded */
	/* What the bytes begin with; NULL: they are a packet, descriptor included. */
	const struct vb_proto *proto;
	uint8_t *bytes;
	uint32_t cap_len, wire_len;
	uint32_t *parts; /* n_parts messages that are sent in one packet: the length of each */
	uint32_t n_parts;
	uint32_t vmbus_version, proto_version; /* by which the packet is to be read */
	uint64_t key;	/* of a request of a disk: vb_plan_key(); 0: it has none */
	uint32_t reply; /* of a disk's request and its answer: which of the replies, and 1; or 0 */
	uint8_t *outside; /* what the guest wrote with it: outside_len bytes were captured */
	uint32_t outside_len;
};

/* A control message of a network device's host: what a request was answered with. */
struct vb_plan_answer {
	uint32_t type, oid; /* of the message; oid 0: it has none */
	uint8_t *bytes;
	uint32_t len;
};

/* What a network device was, as far as its answers say. Zero: the trace does not say. */
struct vb_plan_net {
	uint32_t version; /* of NVSP */
	uint32_t part_len, section_len;
	uint16_t n_queues;
	bool has_mac, has_vlans; /* of the guest's frames */
	uint8_t mac[6];
	struct vb_plan_answer *answers; /* in the order of the trace */
	size_t n_answers;
	uint64_t n_own;	   /* records that the model makes anew: they are no steps */
	uint64_t n_filled; /* frames whose end is a pattern */
	/* private: requests that are not answered yet */
	struct {
		uint32_t id, oid;
	} asked[16];
	size_t n_asked;
	uint32_t asked_version;
	uint64_t *fill_left; /* of the plan, while it is read */
};

/* What a request of a disk was answered with. */
struct vb_plan_reply {
	uint8_t *packet; /* the completion, its descriptor included: len bytes */
	uint32_t len;
	uint8_t *data; /* that was read: data_len bytes of moved were captured */
	uint32_t data_len, moved;
	bool is_good; /* the SRB succeeded */
	uint64_t latency_ns;
};

/* A logical unit, as far as the guest has asked for it. */
struct vb_plan_lun {
	uint8_t path, target, lun;
	bool is_there; /* it is a disk or a drive by its own word, or has done something */
	bool is_dvd;
	uint64_t n_blocks; /* 0: the trace does not say */
	uint32_t block_len;
	/* private: where the guest is, while the plan is made */
	bool is_known;	   /* more than a driver asks at first was asked */
	bool is_left;	   /* its driver has found it, and was through with that */
	uint64_t asked_ns; /* the request before */
	uint32_t n_looks;  /* blocks that were read before that */
	uint32_t stirred;  /* step of a request whose answer stirs the driver; VB_NO_STEP: none */
};

/* What a storage device was. Zero: the trace does not say. */
struct vb_plan_disk {
	uint32_t version, max_transfer;
	bool has_subchannels, has_names;
	uint16_t n_subchannels;
	uint64_t port_wwn, node_wwn;
	char vendor[9], product[17], revision[5]; /* of the first disk */
	struct vb_plan_lun *luns;		  /* in the order in which they were asked for */
	size_t n_luns;
	struct vb_plan_reply *replies; /* to requests of SCSI, in the order of the trace */
	size_t n_replies;
	uint64_t n_own;	   /* records that the model makes anew, or the driver: they are no steps */
	uint64_t n_filled; /* writes whose end is a pattern */
	uint64_t n_unanswered; /* requests: the trace has not got their answers */
	uint64_t last_ns;      /* private: the record before */
};

struct vb_plan_device {
	uint8_t class; /* enum vb_class */
	uint8_t interface[16], instance[16];
	char name[24]; /* of the class, "kvp"; "kvp.1" is the second */
	bool offered;  /* what follows was in the trace */
	bool late;     /* its channel was open before the capture began */
	bool bypassed; /* its channel was partly used without the kernel: the trace lacks that */
	uint16_t flags, mmio_megabytes;
	uint32_t pipe_mode, pipe_flags; /* of a pipe */
	uint8_t user_defined[120];	/* as struct vb_hdevice_config has it */
	uint8_t skip;			/* enum vb_skip: the device as a whole */
	struct vb_step *steps;
	size_t n_steps, n_room;
	char **kinds; /* "hv_ring.in_band > ...": what kinds of messages there are */
	size_t n_kinds;
	uint16_t n_subchannels;	   /* that were offered */
	uint64_t n_left_out;	   /* packets of a device that is not played: they are no steps */
	struct vb_plan_net *net;   /* of a network device that is played */
	struct vb_plan_disk *disk; /* of a storage device that is played */
};

struct vb_plan {
	char *path;
	struct vb_trace_info info;
	uint32_t vmbus_version; /* 0: the trace does not say */
	uint64_t start_ns;	/* wall clock of the first step, as recorded */
	uint64_t duration_ns;	/* from the first to the last step that is played */
	uint64_t n_records, n_lost;
	uint64_t n_orphans; /* packets of devices that are not known */
	uint64_t n_malformed;
	struct vb_plan_device *devices;
	size_t n_devices;
};

/*
 * Read a trace. -ENODATA: no device in it can be played. Other errors are those of the file. In all
 * cases err says what is wrong.
 */
int vb_plan_read(const char *path, struct vb_plan **ret, struct vb_err *err);
/* The same from a source, which stays open; name stands in the plan and in messages. */
int vb_plan_read_source(struct vb_source *src, const char *name, struct vb_plan **ret,
			struct vb_err *err);
void vb_plan_free(struct vb_plan *p);

/*
 * Leave out what is not in the list: class names, instance GUIDs, names like "kvp.1", comma
 * separated. -EINVAL: a word of the list is no device of the plan; -ENODATA: nothing is left.
 */
int vb_plan_choose(struct vb_plan *p, const char *list, struct vb_err *err);

/* Leave out what changes a disk. */
void vb_plan_forbid_writes(struct vb_plan *p);

/* What would be done, for people: persona, devices with counts and reasons, duration. */
void vb_plan_describe(const struct vb_plan *p, struct vb_buf *out);

/* What the bytes of a step begin with. */
const struct vb_proto *vb_step_proto(const struct vb_step *s);
/* What is known about the packet of a step, as vb_walk() wants it. */
void vb_step_frame(const struct vb_plan_device *d, const struct vb_step *s, struct vb_frame *ret);

/*
 * What a request of SCSI is, by its unit and its CDB: no other request is it. message: from hv_storvsc on.
 * 0: it is no such request.
 */
uint64_t vb_plan_key(const struct vb_frame *message);

/* Number of the kind of message that was walked; VB_NO_KIND: the device's trace has none such. */
uint16_t vb_plan_kind(const struct vb_plan_device *d, const struct vb_walked *w);
/* A kind without its framing, for people: "hv_icmsg.kvp_response > hv_kvp.get". */
const char *vb_plan_kind_name(const struct vb_plan_device *d, uint16_t kind);

/* Devices whose conversation can be replayed; which of them are storage devices. */
bool vb_plan_plays_class(uint8_t class);
bool vb_plan_is_disk(uint8_t class);

#endif
