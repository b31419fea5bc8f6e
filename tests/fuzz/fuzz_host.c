/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole host against any guest: the input is a program, one byte for what the guest, the user
 * or time does next, then its operands. Guest memory has no memory around it; that no ring stays
 * mapped and no turn takes for ever is required.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dissectors/control.h"
#include "tests/fuzz/host_guest.h"
#include "tests/fuzz/host_words.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N_REQUESTS 64u

/* A command of the user; done once at most. */
struct request {
	struct vb_hrequest rq;
	unsigned int n_done;
};

struct fuzz {
	const uint8_t *data;
	size_t left;
	struct loop loop;
	struct bad_guest guest;
	struct vb_hdevice *devices[32];
	size_t n_devices;
	struct request requests[N_REQUESTS];
	size_t n_requests;
	int wire; /* the other end of the interface that a network device may open */
};

/* ---- operands ---- */

static uint8_t byte(struct fuzz *f)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->data++;
}

static uint32_t number(struct fuzz *f, unsigned int n_bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < n_bytes; i++)
		value |= (uint32_t)byte(f) << 8 * i;
	return value;
}

static uint32_t bytes(struct fuzz *f, uint8_t *buf, uint32_t len)
{
	len = len < f->left ? len : (uint32_t)f->left;
	if (len)
		memcpy(buf, f->data, len);
	f->data += len;
	f->left -= len;
	return len;
}

static struct slot *slot(struct fuzz *f)
{
	return &f->guest.slots[byte(f) % N_SLOTS];
}

/* ---- time ---- */

static void do_run(struct fuzz *f)
{
	uint64_t next = vb_host_run(f->loop.host);

	/* work that is left over for the next turns must come to an end */
	for (unsigned int n = 0; next <= f->loop.now_ns; n++) {
		REQUIRE(n < 5000);
		next = vb_host_run(f->loop.host);
	}
}

static void do_advance(struct fuzz *f)
{
	uint64_t end = f->loop.now_ns + (UINT64_C(1000) << byte(f) % 26), next;

	for (unsigned int n = 0; n < 32; n++) {
		next = vb_host_run(f->loop.host);
		if (next >= end)
			break;
		REQUIRE(next >= f->loop.now_ns);
		f->loop.now_ns = next;
	}
	f->loop.now_ns = end;
}

/* ---- messages ---- */

static void do_contact(struct fuzz *f)
{
	static const uint32_t versions[] = {
		VB_VMBUS_2_4, VB_VMBUS_3_0, VB_VMBUS_4_0, VB_VMBUS_4_1,
		VB_VMBUS_5_0, VB_VMBUS_5_2, VB_VMBUS_5_3, VB_VMBUS_6_0
	};
	uint32_t version = versions[byte(f) % 8];
	uint32_t msg[10] = { VB_CTL_CONTACT, 0, version, 0, 2 };

	bad_guest_post(&f->guest, version >= VB_VMBUS_5_0 ? 4 : 1, msg, sizeof(msg));
	f->guest.connection = version >= VB_VMBUS_5_0 ? 0x24 : 1;
}

static void do_post(struct fuzz *f)
{
	uint8_t msg[256] = { 0 }, where = byte(f);
	uint32_t len = byte(f);

	bytes(f, msg, len);
	bad_guest_post(&f->guest, where & 0x80 ? where & 0x7f : f->guest.connection, msg, len);
}

static void do_gpadl(struct fuzz *f)
{
	uint32_t relid = byte(f), id = byte(f), buflen = number(f, 2), count = byte(f);
	uint32_t pfn = number(f, 2), n = byte(f);

	bad_guest_gpadl(&f->guest, relid, id, buflen, count, pfn, n);
}

static void do_body(struct fuzz *f)
{
	uint32_t msg[4 + 2 * 28] = { VB_CTL_GPADL_BODY, 0, 0, byte(f) };
	uint32_t n = byte(f) % 29, pfn = number(f, 2);

	for (uint32_t i = 0; i < n; i++)
		msg[4 + 2 * i] = pfn + i;
	bad_guest_words(&f->guest, msg, 4 + 2 * n);
}

static void do_open(struct fuzz *f)
{
	struct slot *s = slot(f);
	uint32_t relid = byte(f), n_pages = 2 + byte(f) % (SLOT_PAGES / 2 - 1);

	bad_guest_open(&f->guest, s, relid, n_pages, byte(f) % (N_VPS + 1));
}

/* CLOSECHANNEL, GPADL_TEARDOWN, RELID_RELEASED: which of them, the operand says. */
static void do_close(struct fuzz *f)
{
	struct slot *s = slot(f);
	uint8_t what = byte(f);
	uint32_t close[] = { VB_CTL_CLOSE, 0, s->relid };
	uint32_t teardown[] = { VB_CTL_GPADL_TEARDOWN, 0, s->relid, s->gpadl };
	uint32_t release[] = { VB_CTL_RELID_RELEASED, 0, s->relid };

	if (what & 1)
		bad_guest_words(&f->guest, close, 3);
	if (what & 2)
		bad_guest_words(&f->guest, teardown, 4);
	if (what & 4)
		bad_guest_words(&f->guest, release, 3);
}

static void do_take(struct fuzz *f)
{
	unsigned int n = byte(f);

	while (n-- && bad_guest_take(&f->guest, 0))
		continue;
}

static void do_synic(struct fuzz *f)
{
	uint32_t vp = byte(f) % (N_VPS + 1);
	uint64_t control = byte(f), page = byte(f), at = 1 + 2 * (uint64_t)vp;

	if (page & 0x80)
		at = page;
	vb_host_synic(f->loop.host, vp, control, at * VB_PAGE | (page & 1),
		      (at + 1) * VB_PAGE | (page & 1));
}

/* ---- rings ---- */

static void do_word(struct fuzz *f)
{
	struct slot *s = slot(f);
	uint8_t which = byte(f);
	uint32_t value = number(f, which & 0x40 ? 4 : 2), *words;

	if (!s->n_pages)
		return;
	words = (uint32_t *)(void *)bad_guest_control(&f->guest, s, which & 0x80);
	words[which % 5 == 4 ? 16 : which % 5] = value;
}

static void do_send(struct fuzz *f)
{
	struct slot *s = slot(f);
	uint8_t how = byte(f), payload[256] = { 0 };
	uint32_t len = byte(f);

	bytes(f, payload, len);
	if (s->n_pages)
		bad_guest_send(&f->guest, s, how & 0x0f, how >> 4 & 3, how, how >> 6, payload, len);
}

static void do_data(struct fuzz *f)
{
	struct slot *s = slot(f);
	uint32_t at = number(f, 2), len;
	uint8_t data[256];

	len = bytes(f, data, byte(f));
	if (s->n_pages)
		bad_guest_write(&f->guest, s, at & 1, at & ~1u, data, len);
}

static void do_signal(struct fuzz *f)
{
	uint32_t connection = number(f, 2);

	vb_host_signal(f->loop.host, connection, byte(f));
}

static void do_drain(struct fuzz *f)
{
	struct slot *s = slot(f);
	uint8_t payload[8];
	uint64_t trans_id;
	uint32_t len;

	for (int n = 0; s->n_pages && n < 512; n++)
		if (!bad_guest_receive(&f->guest, s, payload, sizeof(payload), &len, &trans_id))
			break;
}

/* What the host sent comes back, with some bytes changed. */
static void do_answer(struct fuzz *f)
{
	struct slot *s = slot(f);
	uint8_t payload[8192] = { 0 }, changes[2 * 15], n = byte(f);
	uint64_t trans_id;
	uint32_t len, n_changes = bytes(f, changes, 2 * (n % 16u)) / 2;

	if (!s->n_pages ||
	    !bad_guest_receive(&f->guest, s, payload, sizeof(payload), &len, &trans_id))
		return;
	for (uint32_t i = 0; i < n_changes; i++)
		payload[changes[2 * i]] = changes[2 * i + 1];
	bad_guest_send(&f->guest, s, n & 0x80 ? 11 : 6, 0, trans_id, 0, payload, len);
}

/* ---- the user ---- */

static void done(struct vb_hrequest *rq, int status, const char *text)
{
	struct request *r = rq->ctx;

	REQUIRE(status <= 0);
	REQUIRE(!text || strlen(text) < 100000);
	REQUIRE(!r->n_done++);
}

static const char *command_of(const struct vb_hdevice *d, uint8_t which)
{
	const struct vb_command *c = vb_hdevice_config(d)->model->commands;
	size_t n = 0;

	while (c && c[n].name)
		n++;
	return n ? c[which % n].name : "nothing";
}

static void do_command(struct fuzz *f)
{
	static const char *const bus[] = { "rescind", "offer", "mark", "stats",
					   "help",    "set",   "fault" };
	struct request *r = &f->requests[f->n_requests % N_REQUESTS];
	const struct vb_hdevice *d;
	const char *words[12];
	uint8_t which = byte(f);
	size_t n = 0, n_arguments;

	if (f->n_requests++ >= N_REQUESTS)
		return;
	if (which >= f->n_devices) {
		words[n++] = bus[which % 7];
	} else {
		d = f->devices[which];
		words[n++] = vb_hdevice_name(d);
		words[n++] = command_of(d, byte(f));
	}
	for (n_arguments = byte(f) % 8; n_arguments; n_arguments--)
		words[n++] = host_word(byte(f));
	r->rq = (struct vb_hrequest){ .ctx = r, .done = done };
	vb_host_command(f->loop.host, words, n, &r->rq);
}

static void do_fault(struct fuzz *f)
{
	static const char *const specs[] = { "delay=100",	"drop=2",
					     "reorder=2",	"short=1",
					     "status=80004005", "full=2",
					     "rescind=5",	"delay=10,reorder=3,short=2" };
	uint8_t device = byte(f), which = byte(f);
	struct vb_err err;
	char text[128], raw[32] = "";

	bytes(f, (uint8_t *)raw, which & 0x80 ? which & 0x1f : 0);
	snprintf(text, sizeof(text), "%s:%s", vb_hdevice_name(f->devices[device % f->n_devices]),
		 which & 0x80 ? raw : specs[which % 8]);
	vb_host_fault(f->loop.host, text, &err);
}

static void do_rescind(struct fuzz *f)
{
	uint8_t which = byte(f);
	struct vb_hdevice *d = f->devices[(which & 0x7f) % f->n_devices];

	if (which & 0x80)
		vb_host_reoffer(d);
	else
		vb_host_rescind(d);
}

static void do_reset(struct fuzz *f)
{
	vb_host_reset(f->loop.host);
	for (uint32_t vp = 0; vp < N_VPS; vp++)
		vb_host_synic(f->loop.host, vp, 1, (1 + 2 * vp) * VB_PAGE | 1,
			      (2 + 2 * vp) * VB_PAGE | 1);
}

/* ---- the machine's network ---- */

/* A frame for the device, behind the header that an interface puts before it; its own are read. */
static void do_wire(struct fuzz *f)
{
	uint8_t frame[10 + 256] = { 0 }, scrap[16];
	uint32_t len = bytes(f, frame + 10, byte(f));

	while (read(f->wire, scrap, sizeof(scrap)) > 0)
		continue;
	if (write(f->wire, frame, 10 + len) < 0)
		REQUIRE(errno == EAGAIN || errno == EPIPE);
}

/* ---- the program ---- */

static void step(struct fuzz *f)
{
	/* in this order in make-corpus, too, as are the arguments and the words of the bus */
	static void (*const actions[])(struct fuzz * f) = {
		do_run,	  do_contact, do_post,	do_open,    do_close,	do_word,    do_send,
		do_data,  do_signal,  do_take,	do_synic,   do_advance, do_command, do_fault,
		do_drain, do_answer,  do_reset, do_rescind, do_gpadl,	do_body,    do_wire,
	};

	actions[byte(f) % (sizeof(actions) / sizeof(actions[0]))](f);
}

static void add(struct fuzz *f, const struct vb_hdevice_config *cfg)
{
	struct vb_err err;

	REQUIRE(f->n_devices < 32);
	if (!vb_host_add(f->loop.host, cfg, &f->devices[f->n_devices], &err))
		f->n_devices++;
}

static void add_devices(struct fuzz *f)
{
	const struct vb_model *const *models;
	struct vb_hdevice_config cfg;
	size_t n;

	loop_echo_config(&cfg);
	/* the first in the order of the offers, that of GUIDs: programs know its number */
	memset(cfg.interface, 1, sizeof(cfg.interface));
	add(f, &cfg);
	models = vb_models(&n);
	for (size_t i = 0; i < n; i++) {
		cfg = (struct vb_hdevice_config){ .model = models[i] };
		add(f, &cfg);
	}
}

#define IMAGE_LEN (128 << 10)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	(void)argc;
	(void)argv;
	REQUIRE(fd >= 0 && dup2(fd, HOST_IMAGE_FD) == HOST_IMAGE_FD);
	close(fd);
	return 0;
}

/* An image of a disk or a disc, that is whole blocks: its first half has been written. */
static void make_image(void)
{
	uint8_t bytes[IMAGE_LEN / 2];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i >> 9);
	REQUIRE(!ftruncate(HOST_IMAGE_FD, 0) && !ftruncate(HOST_IMAGE_FD, IMAGE_LEN));
	REQUIRE(pwrite(HOST_IMAGE_FD, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loop_options opt = { .n_vps = N_VPS,
				    .memory = MEMORY_PAGES * VB_PAGE,
				    .max_records = 1,
				    .write_disks = size % 2 };
	struct fuzz f = { .data = data, .left = size };
	int ends[2];

	REQUIRE(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends));
	signal(SIGPIPE, SIG_IGN);
	make_image();
	opt.link_fd = ends[0];
	f.wire = ends[1];
	loop_init(&f.loop, &opt);
	f.guest.l = &f.loop;
	add_devices(&f);
	do_reset(&f);
	while (f.left)
		step(&f);
	do_run(&f);
	if (f.loop.link_fd >= 0)
		close(f.loop.link_fd);
	loop_done(&f.loop);
	close(f.wire);
	return 0;
}
