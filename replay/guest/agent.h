/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent: /init of the guest. It makes the guest's world, runs the steps that vmbusreplay wrote
 * down for it, and brings out what came of them.
 *
 * There is one thread. Whoever waits for something calls vb_agent_pump(), which keeps the line to
 * vmbusreplay alive meanwhile.
 */
#ifndef VB_GUEST_AGENT_H
#define VB_GUEST_AGENT_H

#include <sys/types.h>

#include "replay/guest/port.h"

#define VB_AGENT_STEPS "/etc/vmbus-agent" /* what to do, a step each line */
#define VB_AGENT_OUT "/out"		  /* files to bring out */
#define VB_AGENT_SOCKET "vmbus-agent"	  /* name of the abstract socket */
#define VB_AGENT_CLIENTS 16
#define VB_AGENT_WORDS_MAX 32

/* First byte of what a client of the socket sends; the words follow, each with its NUL. */
enum vb_agent_ask {
	VB_ASK_HOST = 'h',     /* for the host; the answer is s32 status, text */
	VB_ASK_POWEROFF = 'p', /* end everything */
	VB_ASK_REBOOT = 'r',
};

/* A process that the agent started. */
struct vb_agent_child {
	pid_t pid; /* 0: none was started */
	bool ended;
	int status; /* then: exit status, or 128 + signal */
	int out;    /* what it prints, -1: nobody reads it */
};

struct vb_agent_client {
	int fd;	     /* -1: free */
	uint32_t id; /* of the command that it waits for */
};

#define VB_AGENT_INTERFACES 8

/* A network interface that sends what vmbusreplay wants to be sent. */
struct vb_agent_interface {
	char instance[41]; /* GUID of its device */
	char name[16];
	int index;    /* 0: it is not there, or not up */
	bool missing; /* it was waited for in vain */
};

#define VB_AGENT_DISKS 8
#define VB_AGENT_UNITS 64
#define VB_AGENT_FILES 16

/* An open generic SCSI device, and how many requests of it are under way. */
struct vb_agent_file {
	int fd;
	unsigned int n;
	struct vb_agent_request *first; /* n of them; of disks.c */
};

struct vb_agent_unit {
	uint8_t path, target, lun;
	bool missing; /* it was waited for in vain */
	struct vb_agent_file files[VB_AGENT_FILES];
	size_t n_files;
};

/* A storage device that gets the requests vmbusreplay wants to be made. */
struct vb_agent_disk {
	char instance[41]; /* GUID */
	struct vb_agent_unit units[VB_AGENT_UNITS];
	size_t n_units;
};

enum vb_agent_end { VB_END_NONE, VB_END_STOP, VB_END_POWEROFF, VB_END_REBOOT };

struct vb_agent {
	int signal_fd, timer_fd, listen_fd;
	uint32_t next_id;
	struct vb_agent_client clients[VB_AGENT_CLIENTS];
	struct vb_agent_child workload, capture, loader, doer;
	uint32_t doer_id; /* of the DO that doer runs for */
	char doer_text[4096];
	size_t doer_len;
	struct vb_agent_interface interfaces[VB_AGENT_INTERFACES];
	size_t n_interfaces; /* steps, whether there is an interface or not */
	int frames_fd;	     /* a packet socket, -1: none */
	uint64_t frame_ms;   /* when the last one was to be sent, or a request to be made */
	struct vb_agent_disk disks[VB_AGENT_DISKS];
	size_t n_disks;
	uint8_t *scsi_data; /* for the next request that writes: scsi_len bytes */
	size_t scsi_len;
	unsigned int n_unsent;
	bool capture_ready;    /* it said so */
	bool capture_whole;    /* it said that it has found hv_vmbus, which came later */
	enum vb_agent_end end; /* what was asked for, first wish wins */
	struct vb_port_message message;
};

/* ---- mounts.c ---- */

/* Mount what a Linux program expects, install busybox. */
void vb_agent_mounts(void);

/* ---- process.c ---- */

/* Where the three standard files of a child lead. */
enum vb_agent_wiring {
	VB_WIRE_CONSOLE, /* all to the console */
	VB_WIRE_OUT,	 /* output and errors come to us through child.out */
	VB_WIRE_ERR,	 /* errors only; output to the console */
};

/* Start a program (words end with NULL) as leader of a process group. 0 or a negative errno. */
int vb_agent_start(struct vb_agent_child *ret, char *const words[], enum vb_agent_wiring wiring);

/* Children that ended are noted in their struct vb_agent_child; others are just reaped. */
void vb_agent_reap(struct vb_agent *a);

/* End a child and its group: politely, and after grace_ms not so. */
void vb_agent_kill(struct vb_agent *a, struct vb_agent_child *c, int sig, int grace_ms);

/* ---- pump.c ---- */

int vb_agent_pump_open(struct vb_agent *a);

/* Do what comes up, for at most ms milliseconds or until something did. */
void vb_agent_pump(struct vb_agent *a, int ms);

/* Monotonic milliseconds. */
uint64_t vb_agent_now_ms(void);

/* ---- requests.c ---- */

int vb_agent_requests_open(struct vb_agent *a);
/* A new client wants something. */
void vb_agent_accept(struct vb_agent *a);
/* vmbusreplay answered a command. */
void vb_agent_answer(struct vb_agent *a, const struct vb_port_message *m);
/* Somebody waits for an answer. */
bool vb_agent_waits(const struct vb_agent *a);

/* The other side: programs "host", "poweroff" and "reboot". */
int vb_agent_client(const char *name, int argc, char *const argv[]);

/* ---- frames.c ---- */

/*
 * Make the device's interface send what it is told, and nothing else. 0 or a negative errno; -ENOENT:
 * it is not there yet.
 */
int vb_agent_interface_add(struct vb_agent *a, const char *instance);
/* Bring up the interfaces of devices that came back. */
void vb_agent_interfaces_look(struct vb_agent *a);
/* vmbusreplay has a frame for it. */
void vb_agent_frame_send(struct vb_agent *a, const struct vb_port_message *m);

/* ---- disks.c ---- */

/* Make requests of the device's units. 0; -ENOSPC: there are too many devices. */
int vb_agent_disks_add(struct vb_agent *a, const char *instance);
/* A number that changes while units are found and looked at. */
uint64_t vb_agent_disks_count(void);
/* vmbusreplay has a request, and before it what it writes. */
void vb_agent_scsi_data(struct vb_agent *a, const struct vb_port_message *m);
void vb_agent_scsi_send(struct vb_agent *a, const struct vb_port_message *m);
/* Free what was answered. */
void vb_agent_disks_reap(struct vb_agent *a);

/* ---- steps.c ---- */

/* Perform the steps; returns the exit status of the whole. */
int vb_agent_steps(struct vb_agent *a);

/* ---- holders.c ---- */

/*
 * A process has the device open and sleeps: it has told the driver who it is, and waits for work. No
 * daemon of Hyper-V sleeps between the two.
 */
bool vb_agent_is_served(const char *device);

/* ---- files.c ---- */

/* Send all files under VB_AGENT_OUT. */
void vb_agent_send_files(void);

#endif
