/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/libpcap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_S 1000000000u
#define SNAPLEN 262144 /* no record has more */
#define BUFFER_LEN 262144u
#define FILE_HEADER_LEN 24u
#define FRAME_HEADER_LEN 16u

/* Nothing is captured with it: it is what libpcap knows link type and kind of times by. */
static pcap_t *open_dead(void)
{
	return pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
						    PCAP_TSTAMP_PRECISION_NANO);
}

/* With this precision tv_usec holds ns. */
static struct pcap_pkthdr header_of(const struct vb_pcap_frame *frame)
{
	return (struct pcap_pkthdr){
		.ts = { .tv_sec = (time_t)(frame->time_ns / NS_PER_S),
			.tv_usec = (suseconds_t)(frame->time_ns % NS_PER_S) },
		.caplen = frame->cap_len,
		.len = frame->wire_len,
	};
}

const char *vb_pcap_version(void)
{
	return pcap_lib_version();
}

/* ---- expressions ---- */

struct vb_pcap_filter {
	struct bpf_program program;
};

/* Places of what Linux knows about a packet on a live interface (linux/filter.h: SKF_AD_OFF). */
#define BESIDE_THE_PACKET 0xfffff000u

static bool asks_for_more_than_bytes(const struct bpf_program *p)
{
	for (u_int i = 0; i < p->bf_len; i++)
		if (BPF_CLASS(p->bf_insns[i].code) == BPF_LD &&
		    BPF_MODE(p->bf_insns[i].code) == BPF_ABS &&
		    p->bf_insns[i].k >= BESIDE_THE_PACKET)
			return true;
	return false;
}

static int compile(pcap_t *pcap, const char *text, struct bpf_program *ret, struct vb_err *err)
{
	if (pcap_compile(pcap, ret, text, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return vb_fail(err, -EINVAL, "--frames '%s': %s", text, pcap_geterr(pcap));
	if (!asks_for_more_than_bytes(ret))
		return 0;
	pcap_freecode(ret);
	return vb_fail(err, -EINVAL,
		       "--frames '%s': only a live interface knows that; directions are to be "
		       "had with -Y 'hv_record.direction == 1' (to the host) or 2",
		       text);
}

int vb_pcap_filter_compile(const char *text, struct vb_pcap_filter **ret, struct vb_err *err)
{
	struct vb_pcap_filter *f = calloc(1, sizeof(*f));
	pcap_t *pcap = open_dead();
	int rc = 0;

	if (!f || !pcap)
		rc = vb_fail(err, -ENOMEM, "not enough memory");
	else
		rc = compile(pcap, text, &f->program, err);
	if (pcap)
		pcap_close(pcap);
	if (rc < 0)
		free(f);
	else
		*ret = f;
	return rc;
}

bool vb_pcap_filter_match(const struct vb_pcap_filter *f, const struct vb_pcap_frame *frame)
{
	struct pcap_pkthdr h = header_of(frame);

	return pcap_offline_filter(&f->program, &h, frame->data) != 0;
}

size_t vb_pcap_filter_program(const struct vb_pcap_filter *f, struct vb_classic *ret, size_t max)
{
	const struct bpf_insn *from = f->program.bf_insns;

	for (size_t i = 0; i < f->program.bf_len && i < max; i++)
		ret[i] = (struct vb_classic){ from[i].code, from[i].jt, from[i].jf, from[i].k };
	return f->program.bf_len;
}

void vb_pcap_filter_free(struct vb_pcap_filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->program);
	free(f);
}

/* ---- files ---- */

struct vb_pcap_file {
	pcap_t *pcap;
	pcap_dumper_t *dumper;
	FILE *stream; /* of dumper */
	char *name;
	bool regular;
	off_t start;		/* where the file's header stands */
	uint64_t kept, written; /* bytes: handed to the kernel, and all */
	int failed;		/* 0, or the negative errno of the first failure; stays */
	struct vb_err failure;
	char buffer[BUFFER_LEN]; /* of stream */
};

static int say_failure(const struct vb_pcap_file *f, struct vb_err *err)
{
	return vb_fail(err, f->failed, "%s", f->failure.text);
}

/* Leave what was handed on before: that ends with a whole frame. */
static int write_failed(struct vb_pcap_file *f, int code)
{
	f->failed = code < 0 ? code : -EIO;
	__fpurge(f->stream);
	if (f->regular && f->kept && ftruncate(fileno(f->stream), f->start + (off_t)f->kept) == 0)
		return vb_fail(&f->failure, f->failed,
			       "cannot write %s: %s; its first %" PRIu64
			       " bytes are kept and readable; %s",
			       f->name, strerror(-f->failed), f->kept, vb_write_remedy(f->failed));
	return vb_fail(&f->failure, f->failed, "cannot write %s: %s; %s", f->name,
		       strerror(-f->failed), vb_write_remedy(f->failed));
}

int vb_pcap_file_flush(struct vb_pcap_file *f, struct vb_err *err)
{
	errno = 0;
	if (!f->failed && pcap_dump_flush(f->dumper) < 0)
		write_failed(f, -errno);
	if (f->failed)
		return say_failure(f, err);
	f->kept = f->written;
	return 0;
}

int vb_pcap_file_write(struct vb_pcap_file *f, const struct vb_pcap_frame *frame,
		       struct vb_err *err)
{
	struct pcap_pkthdr h = header_of(frame);
	uint64_t len = FRAME_HEADER_LEN + (uint64_t)frame->cap_len;
	int rc = 0;

	/* so that what is handed on ends with a whole frame */
	if (f->failed || f->written - f->kept + len > BUFFER_LEN)
		rc = vb_pcap_file_flush(f, err);
	if (rc < 0)
		return rc;
	errno = 0;
	pcap_dump((u_char *)f->dumper, &h, frame->data);
	if (ferror(f->stream)) {
		write_failed(f, -errno);
		return say_failure(f, err);
	}
	f->written += len;
	return 0;
}

/* As with traces, only the owner may look. */
static FILE *open_stream(const char *path)
{
	bool is_stdout = strcmp(path, "-") == 0;
	int fd = is_stdout ? dup(STDOUT_FILENO) :
			     open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
	int code = errno;

	if (fd >= 0 && !stream)
		close(fd);
	errno = code;
	return stream;
}

static int open_file(struct vb_pcap_file *f, const char *path, struct vb_err *err)
{
	struct stat st;
	int rc;

	f->name = strdup(strcmp(path, "-") ? path : "standard output");
	f->pcap = open_dead();
	if (!f->name || !f->pcap)
		return vb_fail(err, -ENOMEM, "not enough memory to write %s", path);
	f->stream = open_stream(path);
	if (!f->stream || fstat(fileno(f->stream), &st) < 0) {
		rc = -errno;
		return vb_fail(err, rc, "cannot create %s: %s", f->name, strerror(-rc));
	}
	f->regular = S_ISREG(st.st_mode);
	setvbuf(f->stream, f->buffer, _IOFBF, sizeof(f->buffer));
	f->dumper = pcap_dump_fopen(f->pcap, f->stream);
	if (!f->dumper) {
		f->stream = NULL; /* libpcap has closed it */
		return vb_fail(err, -EIO, "cannot write %s: %s", f->name, pcap_geterr(f->pcap));
	}
	/* The header goes out at once: the file is a good one from its first moment. */
	f->written = FILE_HEADER_LEN;
	rc = vb_pcap_file_flush(f, err);
	if (rc == 0 && f->regular)
		f->start = lseek(fileno(f->stream), 0, SEEK_CUR) - (off_t)FILE_HEADER_LEN;
	return rc;
}

int vb_pcap_file_open(const char *path, struct vb_pcap_file **ret, struct vb_err *err)
{
	struct vb_pcap_file *f = calloc(1, sizeof(*f));
	struct vb_err ignored;
	int rc = f ? open_file(f, path, err) : vb_fail(err, -ENOMEM, "not enough memory");

	if (rc < 0)
		vb_pcap_file_close(f, &ignored);
	else
		*ret = f;
	return rc;
}

/* Some file systems tell only when a descriptor is closed that they could not keep what they took. */
static int close_copy(struct vb_pcap_file *f, struct vb_err *err)
{
	int fd = dup(fileno(f->stream));

	if (fd < 0 || close(fd) == 0 || errno == EINTR)
		return 0;
	write_failed(f, -errno);
	return say_failure(f, err);
}

int vb_pcap_file_close(struct vb_pcap_file *f, struct vb_err *err)
{
	int rc = 0;

	if (!f)
		return 0;
	if (f->dumper)
		rc = vb_pcap_file_flush(f, err);
	if (f->dumper && rc == 0)
		rc = close_copy(f, err);
	if (f->dumper)
		pcap_dump_close(f->dumper);
	else if (f->stream)
		fclose(f->stream);
	if (f->pcap)
		pcap_close(f->pcap);
	free(f->name);
	free(f);
	return rc;
}
