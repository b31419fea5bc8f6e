/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device model: one file each, behind one vtable. To add a device, write replay/host/NAME.c with
 * one const struct vb_model and name it in models.c.
 *
 * Models build and read messages by the names of their fields (dissectors/values.h).
 */
#ifndef VB_MODEL_H
#define VB_MODEL_H

#include <stddef.h>

#include "dissectors/packet.h"
#include "replay/host/host.h"

struct vb_hext; /* outside.h */
struct vb_model;

/* A packet of the guest, in place in its ring: the guest may change the bytes at any time. */
struct vb_hpacket {
	struct vb_frame frame; /* of the whole packet, from the descriptor; for vb_values_read() */
	uint16_t type;	       /* of the descriptor, as is all below: read once and checked */
	uint16_t flags;
	uint64_t trans_id;
	const uint8_t *payload; /* behind the descriptor and its ranges */
	uint32_t payload_len;	/* a multiple of 8 */
};

/* One key of a device's persona, "key=value"; the value is stored in the model's state. */
struct vb_setting {
	const char *key; /* NULL ends the list */
	const char *help;
	const char *value; /* the default, as text */
	/* 0, or -EINVAL when the text is no such value. */
	int (*parse)(const struct vb_setting *s, void *state, const char *text);
	size_t offset; /* of the member of the state that takes the value */
	uint64_t least, most;
	enum vb_setting_files {
		VB_FILES_NONE,
		VB_FILES_ONE,
		VB_FILES_LIST
	} files; /* it names images */
};

static inline void *vb_setting_member(const struct vb_setting *s, void *state)
{
	return (char *)state + s->offset;
}

/* uint64_t: a whole number from least to most; stays as it is on -EINVAL. */
int vb_setting_number(const struct vb_setting *s, void *state, const char *text);
/* bool: on, off. */
int vb_setting_switch(const struct vb_setting *s, void *state, const char *text);

/* How a row says what takes its value, and which numbers it may be. */
#define VB_SETTING_NUMBER(type, member, lo, hi)                                                    \
	.parse = vb_setting_number, .offset = offsetof(type, member), .least = (lo), .most = (hi)
#define VB_SETTING_BY(parser, type, member) .parse = (parser), .offset = offsetof(type, member)

/* Give one of a model's settings the value of a text. -EINVAL: no such setting, or no such value. */
int vb_setting_set(const struct vb_model *m, const char *key, void *state, const char *text);

/* One command for a person or a script: "heartbeat beat 5". */
struct vb_command {
	const char *name; /* NULL ends the list */
	const char *arguments;
	const char *help;
	/* Must call vb_hrequest_done() now or later, exactly once. words[0] is the command's name. */
	void (*act)(struct vb_hdevice *d, const char *const *words, size_t n,
		    struct vb_hrequest *rq);
};

struct vb_model {
	const char *name;     /* in --devices, personas and commands; that of the class */
	uint8_t class;	      /* enum vb_class */
	const char *instance; /* GUID of the first such device, as text */
	uint16_t offer_flags;
	bool pipe;		/* offered as a pipe of messages */
	uint16_t n_subchannels; /* that the guest may ask for, unless the offer's config says how many */
	size_t state_size;
	const struct vb_setting *settings;
	const struct vb_command *commands;
	/* All may be NULL. */
	int (*start)(struct vb_hdevice *d, struct vb_err *err); /* settings are parsed */
	void (*stop)(struct vb_hdevice *d);
	void (*opened)(struct vb_hdevice *d, struct vb_hchannel *c);
	void (*closed)(struct vb_hdevice *d, struct vb_hchannel *c);
	void (*packet)(struct vb_hdevice *d, struct vb_hchannel *c, const struct vb_hpacket *p);
	void (*room)(struct vb_hdevice *d, struct vb_hchannel *c); /* after -EAGAIN */
	void (*timer)(struct vb_hdevice *d, uint64_t now_ns);	   /* vb_hdevice_wake() came */
	/*
	 * For the host's log: what a packet of either side refers to outside the ring. At most limit
	 * bytes of each message's data; 0: none.
	 */
	void (*outside)(struct vb_hdevice *d, const struct vb_frame *packet, uint32_t limit,
			struct vb_hext *ext);
	/*
	 * The device is about to be taken back: begin nothing new. Returns how many ns the guest needs
	 * to fall silent. It is told after them when nothing is under way any more, after VB_LEAVE_NS
	 * whatever is. NULL: it is told at once.
	 */
	uint64_t (*leave)(struct vb_hdevice *d);
	/* A request to the guest is unanswered: a mark waits for it. */
	bool (*busy)(struct vb_hdevice *d);
};

/* All models; ret_n of them. */
const struct vb_model *const *vb_models(size_t *ret_n);
const struct vb_model *vb_model_by_name(const char *name);

/* ---- what a model may call ---- */

void *vb_hdevice_state(struct vb_hdevice *d); /* state_size bytes, zero at first */
const struct vb_clock *vb_hdevice_clock(const struct vb_hdevice *d);
struct vb_hchannel *vb_hdevice_primary(struct vb_hdevice *d); /* NULL while it is not open */
/* The open channel of that sub-channel index; NULL: there is none. */
struct vb_hchannel *vb_hdevice_channel(struct vb_hdevice *d, uint16_t index);
uint32_t vb_hdevice_vmbus_version(const struct vb_hdevice *d);
const struct vb_hdevice_config *vb_hdevice_config(const struct vb_hdevice *d);
struct vb_host *vb_hdevice_host(struct vb_hdevice *d);
bool vb_hdevice_is_logged(const struct vb_hdevice *d); /* outside() will be asked of each packet */
/* Have timer() called at that time; VB_NEVER: not any more. One timer for each device. */
void vb_hdevice_wake(struct vb_hdevice *d, uint64_t at_ns);
/* The device's name: its class, and from the second one on a number ("kvp.1"). */
const char *vb_hdevice_name(const struct vb_hdevice *d);
/* The version of the device's own protocol, once agreed: some rows are of some versions only. */
void vb_hdevice_set_version(struct vb_hdevice *d, uint32_t proto_version);
/* Something the user should know, one line; the device's name is put in front. */
void vb_hdevice_trouble(struct vb_hdevice *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A file that may go to the guest, opened for reading: a descriptor, or -ENOENT and the like. */
int vb_hdevice_open_file(struct vb_hdevice *d, const char *name);
/* A network interface of the machine: a descriptor; else err says why not. */
int vb_hdevice_open_link(struct vb_hdevice *d, const char *name, struct vb_err *err);
/*
 * A disk image: a descriptor; else err says why not. *writable: whether the guest is to write to it, and
 * then whether it may.
 */
int vb_hdevice_open_disk(struct vb_hdevice *d, const char *name, bool *writable,
			 struct vb_err *err);

bool vb_hchannel_is_open(const struct vb_hchannel *c);
uint32_t vb_hchannel_relid(const struct vb_hchannel *c);
uint16_t vb_hchannel_index(const struct vb_hchannel *c); /* 0: the primary */

/*
 * Take no packets from the guest until it is undone: they stay in the ring. For a model that owes an
 * answer and has no room for it (-EAGAIN): it takes none until room() is called.
 */
void vb_hchannel_pause(struct vb_hchannel *c, bool is_paused);

/*
 * Room in the host-to-guest ring for a packet of len bytes (a multiple of 8, descriptor included),
 * contiguous and zeroed; NULL when the ring is full: room() is called when that changes. NULL, too,
 * when the channel is not open or the packet can never fit. Nothing is sent before
 * vb_hchannel_publish(), which must be the next call on this channel.
 */
uint8_t *vb_hchannel_reserve(struct vb_hchannel *c, uint32_t len);
void vb_hchannel_publish(struct vb_hchannel *c);

/*
 * Send a whole packet. -EAGAIN: the ring is full; -ENOTCONN: the channel is not open; -EMSGSIZE: it
 * is no multiple of 8 or longer than the ring.
 */
int vb_hchannel_send(struct vb_hchannel *c, const uint8_t *packet, uint32_t len);

/*
 * Send a packet of these fields: names from "hv_ring.type" down to the device's protocol. The fields
 * of the descriptor that say how long it is are filled in: len is the packet's length without
 * padding, descriptor included (16 for in-band packets). Errors as above, or those of
 * vb_values_encode().
 */
int vb_hchannel_send_values(struct vb_hchannel *c, uint32_t len, const struct vb_value *values,
			    size_t n);
/*
 * As well, where the rows of an answer depend on what the request had: recalled is that of
 * vb_walked_recall().
 */
int vb_hchannel_send_answer(struct vb_hchannel *c, uint32_t recalled, uint32_t len,
			    const struct vb_value *values, size_t n);

/* ---- requests by words ---- */

struct vb_hrequest {
	void *ctx;
	/* status 0 or a negative errno; text may be NULL. */
	void (*done)(struct vb_hrequest *rq, int status, const char *text);
	/* How far it is, one line, any number of times before done(). NULL: nobody wants to know. */
	void (*progress)(struct vb_hrequest *rq, const char *text);
};

static inline void vb_hrequest_done(struct vb_hrequest *rq, int status, const char *text)
{
	rq->done(rq, status, text);
}

#endif
