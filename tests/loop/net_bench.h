/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network device of the host, with a guest whose messages the tests write: by words at the
 * places that Linux's headers give them (hyperv_net.h, rndis.h), not by the rows, which thus are
 * tested, too.
 */
#ifndef NET_BENCH_H
#define NET_BENCH_H

#include "replay/host/netvsc.h"
#include "tests/loop/guest.h"

#define NET_CHANNELS 4u
#define NET_RECEIVE_PAGES 64u
#define NET_SEND_PAGES 16u
#define NET_SECTION 6144u
#define NET_WORDS 10u /* of an NVSP message of all versions */
#define NET_MAX_MESSAGE 16384u
#define NET_NO_SECTION UINT32_MAX

struct net_bench {
	struct loop l;
	struct guest g;
	struct guest_channel c[NET_CHANNELS];
	bool is_open[NET_CHANNELS];
	bool was_told[NET_CHANNELS]; /* by an interrupt, and has not found the ring empty since */
	struct vb_hdevice *d;
	struct vb_netvsc *n; /* its state */
	uint64_t receive[NET_RECEIVE_PAGES], send[NET_SEND_PAGES], page[NET_SEND_PAGES];
	uint32_t n_receive_pages; /* that are shared */
	uint32_t receive_gpadl, send_gpadl;
	uint64_t next_id;
	uint32_t next_request;
};

/* settings: "key=value", NULL-terminated, or NULL. The guest has opened the primary channel. */
struct net_bench *net_bench_new(const char *const *settings);
/* ... and the host's log goes to log (NULL: none); link_fd: as in struct loop_options. */
struct net_bench *net_bench_new_with(const char *const *settings, const struct vb_host_log *log,
				     int link_fd);
void net_bench_free(struct net_bench *b);
void net_bench_open(struct net_bench *b, uint16_t queue, uint32_t n_pages);
void net_bench_close(struct net_bench *b, uint16_t queue);
/* The last line the host complained with since the last call; "": none. */
const char *net_bench_trouble(struct net_bench *b);

/* ---- NVSP ---- */

/* A packet of the host as the guest finds it. */
struct net_packet {
	uint16_t type, flags;
	uint64_t trans_id;
	uint32_t word[NET_WORDS + 16]; /* of the NVSP message */
	uint32_t len;		       /* bytes of it */
	uint32_t n_ranges, set_id;
	struct {
		uint32_t len, offset;
	} range[GUEST_MAX_RANGES / 8];
};

/* The next packet on a channel; false: there is none. */
bool net_take(struct net_bench *b, uint16_t queue, struct net_packet *ret);
/* ... it must be there, and be a completion of that id whose words begin like these. */
void net_expect_completion(struct net_bench *b, uint16_t queue, uint64_t trans_id, uint32_t type,
			   uint32_t status);
/* Send NVSP's words in band, the host is asked for an answer when ask is set. Returns the id. */
uint64_t net_send_words(struct net_bench *b, uint16_t queue, bool ask, const uint32_t *words,
			uint32_t n_words);
/* ... and take the answer, which must come. */
void net_ask(struct net_bench *b, const uint32_t *words, uint32_t n_words, struct net_packet *ret);

#define NET_ASK(b, ret, ...)                                                                       \
	net_ask(b, (const uint32_t[]){ __VA_ARGS__ },                                              \
		sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4, ret)
#define NET_TELL(b, queue, ...)                                                                    \
	net_send_words(b, queue, false, (const uint32_t[]){ __VA_ARGS__ },                         \
		       sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* INIT of one version: whether the host agrees. */
bool net_init(struct net_bench *b, uint32_t version);
/* Both buffers; n pages of receive buffer. Required to be taken. */
void net_share(struct net_bench *b, uint32_t n_receive_pages);
/* All that a guest does before its first frame: version, buffers, RNDIS, filter. */
void net_bench_start(struct net_bench *b, uint32_t version);
/* ... with a receive buffer of so many pages. */
void net_bench_start_small(struct net_bench *b, uint32_t version, uint32_t n_receive_pages);
/* A device with these settings (NULL: the defaults) whose guest has done all that. */
struct net_bench *net_bench_started(const char *const *settings, uint32_t version);
/* Ask for n more queues and open them, rings of n_pages. */
void net_bench_more_queues(struct net_bench *b, uint32_t n, uint32_t n_pages);

/* ---- RNDIS ---- */

/* Put bytes into a section of the send buffer. */
void net_put_section(struct net_bench *b, uint32_t index, const void *bytes, uint32_t len);
/* Packets with messages in a section. Returns the id. */
uint64_t net_send_section(struct net_bench *b, uint16_t queue, uint32_t channel_type,
			  uint32_t index, uint32_t len);

/* A range of a GPA packet, beginning at offset in a page of its own. */
struct net_range {
	const void *bytes;
	uint32_t len, offset;
};

/* Ranges, behind section_len bytes in a section or (NET_NO_SECTION) alone. Returns the id. */
uint64_t net_send_ranges(struct net_bench *b, uint16_t queue, uint32_t channel_type, uint32_t index,
			 uint32_t section_len, const struct net_range *ranges, uint32_t n_ranges);

/* A data message with one frame; infos: type and word of each entry. Returns its length. */
uint32_t net_message(uint8_t *to, const void *frame, uint32_t len, const uint32_t (*infos)[2],
		     uint32_t n_infos);
/* Send one frame in section 0 and take its answer, a success. */
void net_send_frame(struct net_bench *b, uint16_t queue, const void *frame, uint32_t len);

/* A message of the host: the bytes of one range. Returns the range's length. */
uint32_t net_read_range(const struct net_bench *b, const struct net_packet *p, uint32_t i,
			uint8_t *to, uint32_t size);
/* The guest is done with a packet. */
void net_complete(struct net_bench *b, uint16_t queue, uint64_t trans_id);
/*
 * Send a control message, take its completion and (ret_answer not NULL) the answer, which is given
 * back at once. Returns the answer's length.
 */
uint32_t net_control(struct net_bench *b, const uint32_t *words, uint32_t len, uint32_t *ret_answer,
		     uint32_t size);
/* SET of an OID; returns the status. QUERY: the answer's words, from its type on. */
uint32_t net_set(struct net_bench *b, uint32_t oid, const void *bytes, uint32_t len);
uint32_t net_query(struct net_bench *b, uint32_t oid, uint32_t *ret_answer, uint32_t size);

/* What the guest gets of a frame. */
struct net_frame {
	uint32_t len, n_infos;
	uint32_t info[8][2]; /* type, word */
	uint8_t bytes[NET_MAX_MESSAGE];
};

/* Take apart the message in a range; required to be a whole data message. */
void net_read_frame(const struct net_bench *b, const struct net_packet *p, uint32_t i,
		    struct net_frame *ret);
/* The word of that type of information; UINT32_MAX: there is none. */
uint32_t net_info(const struct net_frame *f, uint32_t type);
/* The next packet, with one frame, given back at once; false: none. */
bool net_take_frame(struct net_bench *b, uint16_t queue, struct net_frame *ret);

/* Byte i of a plain frame, which is no IP, behind its head. */
uint8_t net_pattern(uint32_t i);
struct vb_peer_frame net_plain(uint8_t *bytes, uint32_t len);
/* The wire delivers a plain frame to the adapter. */
void net_deliver(struct net_bench *b, uint16_t queue, uint32_t len);

/* A command line of the device, done at once: its status and text. */
int net_command(struct net_bench *b, const char *line, struct loop_request *ret);
/* A counter of the device by name. */
uint64_t net_counter(struct net_bench *b, const char *name);

#endif
