/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a network device, and what is wrong with what it and the host say. Private to
 * dissectors/.
 */
#ifndef VB_NETWORK_H
#define VB_NETWORK_H

#include "nvsp.h"
#include "rndis.h"
#include "wire.h"

/* Slots of messages that are looked at; the rows are in proto/nvsp.c. */
#define VB_NVSP_CHANNEL VB_S_A /* VB_NVSP_RNDIS */
#define VB_NVSP_SECTION VB_S_B
#define VB_NVSP_SECTION_SIZE VB_S_C /* also VB_NVSP_SEND_BUFFER_COMPLETE */
#define VB_NVSP_MTU VB_S_A	    /* VB_NVSP_NDIS_CONFIG */

/* In proto/rndis.c. */
#define VB_RNDIS_LEN VB_S_D	     /* of the message */
#define VB_RNDIS_PART_LEN VB_S_COUNT /* of a frame, or of the information of an answer */
#define VB_RNDIS_OFFSET VB_S_A	     /* of that part, from VB_RNDIS_BODY on */
#define VB_RNDIS_ALIGNMENT VB_S_A    /* of the answer to VB_RNDIS_INITIALIZE: a power of 2 */

/* In proto/state.c: what the capture knew of the send buffer. */
#define VB_STATE_SECTION VB_S_B

struct vb_network {
	uint32_t section_size;	     /* of the send buffer; 0: not known */
	uint64_t longest_in_section; /* of the guest's messages with a frame; 0: none was seen there */
	uint32_t alignment;	     /* of messages in a section, bytes; 0: not known */
	uint64_t max_frame;	     /* with its Ethernet header, bytes; 0: not known */
	struct { /* the latest packet with messages in a section, and nowhere else */
		uint64_t number;
		uint64_t len, joined; /* bytes in it, and those of the messages so far */
	} section;
};

/* Learn from a packet in the ring, and from a message outside. Bit n: enum vb_note_code n. */
uint32_t vb_network_packet(struct vb_network *n, const struct vb_frame *f,
			   const struct vb_walked *w);
uint32_t vb_network_message(struct vb_network *n, const struct vb_frame *f,
			    const struct vb_walked *w);

#endif
