/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent in the guest and vmbusreplay say to each other over the second serial port (COM2).
 *
 * The agent talks to the port's registers itself, with string instructions: a block of bytes is one
 * exit of the virtual machine, where the kernel's serial driver would need one for each byte. So no
 * test traffic touches the bus, and a capture of some megabytes leaves the guest in no time.
 *
 * A message is a head of 8 bytes and its data, little-endian.
 */
#ifndef VB_AGENT_PROTO_H
#define VB_AGENT_PROTO_H

#include <stdint.h>

#define VB_AGENT_VERSION 1u
#define VB_AGENT_PORT 0x2f8u /* COM2 */
/*
 * Any write here sends RCX bytes at the linear address RSI, as if they had been written to
 * VB_AGENT_PORT, with one exit; RSI and RCX are left as after `rep outsb`, so RCX is not 0 when a
 * page was not mapped. KVM makes an exit, or at best a round in its emulator, of each step of a
 * string instruction that writes.
 */
#define VB_AGENT_BLOCK_PORT 0x2f0u
#define VB_AGENT_MAX 65536u /* data bytes of one message, at most */

struct vb_agent_head {
	uint32_t type; /* enum vb_agent_type */
	uint32_t len;  /* of the data that follow */
};

enum vb_agent_type {
	/* of the guest */
	VB_AGENT_HELLO = 1, /* u32 version; the kernel's release as text */
	VB_AGENT_TICK,	    /* once a second: the guest's time goes on; no data */
	VB_AGENT_PHASE,	    /* text: what the guest begins to do */
	VB_AGENT_TEXT,	    /* what the workload prints */
	VB_AGENT_FILE,	    /* text: name of a file whose bytes follow */
	VB_AGENT_FILE_DATA,
	VB_AGENT_FILE_END,
	VB_AGENT_COMMAND, /* u32 id, then words, each ending in a NUL: for the host */
	VB_AGENT_DONE,	  /* s32 exit status of the workload; the guest powers off next */
	/* of vmbusreplay */
	VB_AGENT_REPLY = 64, /* u32 id, s32 status (0 or -errno), text */
	VB_AGENT_STOP,	     /* end the workload, save what there is, power off */
	VB_AGENT_DO,	     /* u32 id, then words: something the agent shall do; answered by DID */
	VB_AGENT_FRAME,	     /* struct vb_agent_frame, then a frame: to be sent on an interface */
	VB_AGENT_SCSI_DATA, /* bytes that the next VB_AGENT_SCSI writes, behind those of the last one */
	VB_AGENT_SCSI,	    /* struct vb_agent_scsi: a request to be made of a disk */
	/* of the guest again */
	VB_AGENT_DID = 128, /* u32 id, s32 status, text */
};

#define VB_AGENT_NO_VLAN 0xffffffffu

/* A frame that the guest shall send, and what its driver is to be asked for with it. */
struct vb_agent_frame {
	uint32_t interface; /* number of the step "interface", from 0 */
	uint32_t vlan;	    /* priority and id as in a tag; VB_AGENT_NO_VLAN: none */
	/* As in struct virtio_net_hdr: */
	uint8_t needs_checksum; /* from checksum_start on, at checksum_at behind that */
	uint8_t segments;	/* 0: none; 1: TCP over IPv4; 4: TCP over IPv6 */
	uint16_t head_len;	/* up to TCP's payload */
	uint16_t segment_len;
	uint16_t checksum_start, checksum_at;
	uint16_t reserved;
};

enum vb_agent_scsi_direction { VB_AGENT_SCSI_NONE, VB_AGENT_SCSI_READ, VB_AGENT_SCSI_WRITE };

/* A request that the guest shall make of a logical unit. */
struct vb_agent_scsi {
	uint32_t device; /* number of the step "disks", from 0 */
	uint32_t data_len;
	uint8_t path, target, lun;
	uint8_t direction; /* enum vb_agent_scsi_direction */
	uint8_t cdb_len;
	uint8_t cdb[20];
	uint8_t reserved[3];
};

#endif
