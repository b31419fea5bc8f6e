/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same command once more, for the inner machine: names of files become those in there.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/give.h"
#include "replay/images.h"
#include "replay/launch.h"

#define MAX_WORDS 128u
#define MAX_GIVEN 8u
#define MAX_FILES (12u + MAX_GIVEN)
#define PROGRAM_MIB                                                                                \
	160u /* what this program takes beyond the guest's memory, and what it leaves in /out */

/* A file for the host to give, and the option's word in there. */
struct given {
	char file[VB_GIVE_TEXT];
	char word[VB_GIVE_TEXT + 24]; /* /in/give0:NAME */
	char name[32];		      /* give0 */
};

struct inside {
	const struct vb_replay_options *o;
	const char *words[MAX_WORDS + 1];
	size_t n;
	struct vb_outer_file files[MAX_FILES + 1];
	struct given given[MAX_GIVEN];
	size_t n_files;
	struct vb_images images;
	char numbers[6][24];
	size_t n_numbers;
	char initrd[40];	/* the initramfs, by its descriptor */
	char guest[PATH_MAX];	/* files of the guest, before they are unpacked */
	char failure[PATH_MAX]; /* the console's log, should the guest fail */
};

static void add(struct inside *in, const char *word)
{
	if (in->n < MAX_WORDS)
		in->words[in->n++] = word;
}

static void add_text(struct inside *in, const char *option, const char *value)
{
	if (!value)
		return;
	add(in, option);
	add(in, value);
}

static void add_number(struct inside *in, const char *option, uint64_t value)
{
	char *text = in->numbers[in->n_numbers++];

	snprintf(text, sizeof(in->numbers[0]), "%" PRIu64, value);
	add_text(in, option, text);
}

static void add_list(struct inside *in, const char *option, const struct vb_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		add_text(in, option, list->words[i]);
}

/* A file, by its name out here; name is that in there. */
static void add_file(struct inside *in, const char *option, const char *path, const char *name)
{
	if (!path)
		return;
	add_text(in, option, name);
	in->files[in->n_files++] = (struct vb_outer_file){
		.path = path,
		.name = strrchr(name, '/') + 1,
		.output = strncmp(name, "/out/", 5) == 0,
	};
}

static int add_given(struct inside *in, struct vb_err *err)
{
	const struct vb_list *list = &in->o->give;

	if (list->n > MAX_GIVEN)
		return vb_fail(err, -EINVAL, "--give: at most %u files", MAX_GIVEN);
	for (size_t i = 0; i < list->n; i++) {
		struct given *g = &in->given[i];
		const char *name;

		if (vb_give_split(list->words[i], g->file, &name))
			return vb_fail(err, -EINVAL, "--give %s: write FILE or FILE:NAME",
				       list->words[i]);
		snprintf(g->name, sizeof(g->name), "give%zu", i);
		snprintf(g->word, sizeof(g->word), "/in/%s:%s", g->name, name);
		add_text(in, "--give", g->word);
		in->files[in->n_files++] =
			(struct vb_outer_file){ .path = g->file, .name = g->name };
	}
	return 0;
}

/* They are drives of the emulated machine, in this order. */
static int add_images(struct inside *in, struct vb_err *err)
{
	struct vb_persona persona = { 0 };
	int rc = in->o->persona ? vb_persona_read(in->o->persona, &persona, err) : 0;

	if (rc == 0)
		rc = vb_images_open(&persona, in->o->write, &in->images, err);
	vb_persona_done(&persona);
	for (size_t i = 0; i < in->images.n; i++)
		add_text(in, "--image", in->images.name[i]);
	if (in->o->write)
		add(in, "--write");
	if (rc == 0 && in->images.n && in->o->counted)
		rc = vb_fail(err, -EINVAL, "--count: not with disk images, which take time");
	return rc == -ENOENT || rc == -EACCES ? -EINVAL : rc;
}

static void add_version(struct inside *in)
{
	uint32_t v = in->o->vmbus_version;
	char *text = in->numbers[in->n_numbers++];

	snprintf(text, sizeof(in->numbers[0]), "%u.%u", v >> 16, v & 0xffff);
	add_text(in, "--vmbus-version", v ? text : NULL);
}

static void add_speed(struct inside *in)
{
	uint64_t milli = in->o->speed_milli;
	char *text = in->numbers[in->n_numbers++];

	if (milli)
		snprintf(text, sizeof(in->numbers[0]), "%" PRIu64 ".%03" PRIu64, milli / 1000,
			 milli % 1000);
	else
		snprintf(text, sizeof(in->numbers[0]), "top");
	add_text(in, "--speed", text);
}

static void add_replay(struct inside *in)
{
	const struct vb_replay_options *o = in->o;

	add_file(in, "--", o->words[0], "/in/trace");
	in->n -= 2; /* the trace is no option: it stands last */
	add_speed(in);
	add_number(in, "--loop", o->n_loops);
	add_text(in, "--channels", o->channels);
	add_text(in, "--service-time", o->service_time);
	add_text(in, "--tolerate", o->tolerate);
	add_text(in, "--trace-name", o->words[0]);
	add_file(in, "--json", o->json, "/out/report.json");
	add_file(in, "--junit", o->junit, "/out/report.xml");
	add(in, "/in/trace");
}

/*
 * Not with images: an emulator that counts skips the time in which the machine waits for one, many
 * seconds of it, and whoever watches over the guest takes that for a guest that hangs.
 */
static bool is_deterministic(const struct inside *in)
{
	const struct vb_replay_options *o = in->o;

	if (in->images.n)
		return false;
	return o->counted || (!o->real_time && o->n_vcpus == 1 && o->n_cpus == 1);
}

static int compose(struct inside *in, const char *kernel, struct vb_err *err)
{
	const struct vb_replay_options *o = in->o;
	int rc;

	add(in, "vmbusreplay");
	add(in, o->mode == VB_REPLAY_RUN ? "run" : "guest");
	add_text(in, "--accel", "kvm");
	add_file(in, "--kernel", kernel, "/in/kernel");
	add_file(in, "--initrd", in->initrd, "/in/initrd");
	add_file(in, "--files", in->guest, "/out/guest");
	add_file(in, "--failure-log", in->failure, "/out/failure");
	add_file(in, "--persona", o->persona, "/in/persona");
	add_file(in, "--host-log", o->host_log, "/out/host.pcapng");
	add_number(in, "--payload", o->payload);
	add_file(in, "--stats", o->stats, "/out/stats.json");
	add_file(in, "--console", o->console, "/out/console");
	add_text(in, "--console-name", o->console ? o->console : o->failure_log);
	add_text(in, "--append", o->append);
	if (o->mode == VB_REPLAY_GUEST) /* else the trace says which */
		add_text(in, "--devices", o->devices);
	add_number(in, "--vcpus", o->n_vcpus);
	add_number(in, "--memory", o->memory_mib);
	add_version(in);
	add_list(in, "--fault", &o->faults);
	if (o->async_signals)
		add(in, "--async-signals");
	rc = add_given(in, err);
	if (rc == 0)
		rc = add_images(in, err);
	if (o->deadline_ns)
		add_number(in, "--deadline", o->deadline_ns / 1000000000);
	if (!is_deterministic(in))
		add(in, "--time");
	if (o->quiet)
		add(in, "--quiet");
	/* whether the workload waits, and that a capture is expected, is in the initramfs */
	if (o->mode == VB_REPLAY_RUN)
		add_replay(in);
	return rc;
}

static int make_temporary(char path[PATH_MAX], struct vb_err *err)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(path, PATH_MAX, "%s/vmbusreplay-XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkstemp(path);
	if (fd < 0)
		return vb_fail(err, -errno, "cannot create %s: %s", path, strerror(errno));
	close(fd);
	return 0;
}

static bool is_empty(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || st.st_size == 0;
}

/* The log that the inner program left, to its place. */
static int keep_failure_log(const struct inside *in)
{
	char bytes[16384];
	FILE *from, *to;
	size_t n;

	if (is_empty(in->failure))
		return 0;
	from = fopen(in->failure, "re");
	to = fopen(in->o->failure_log, "we");
	while (from && to && (n = fread(bytes, 1, sizeof(bytes), from)) > 0)
		fwrite(bytes, 1, n, to);
	if (from)
		fclose(from);
	return to ? fclose(to) : -1;
}

/* What the guest sent, to where the user wants it. */
static int unpack(struct vb_launch *l, const struct inside *in, struct vb_err *err)
{
	struct vb_guest_files files = {
		.capture = l->opt->capture,
		.out_dir = l->opt->out_dir,
		.max_bytes = UINT64_MAX,
	};
	int rc = is_empty(in->guest) ? 0 : vb_guest_files_unpack(&files, in->guest, err);

	vb_guest_files_done(&files);
	l->result.has_capture = files.has_capture;
	l->result.n_files = files.n_files;
	l->result.n_dropped = files.n_dropped;
	return rc;
}

static int run(struct vb_launch *l, struct inside *in, const char *cache, struct vb_err *err)
{
	const struct vb_replay_options *o = l->opt;
	struct vb_outer_options outer = {
		.cache = cache,
		.argv = in->words,
		.files = in->files,
		.drives = in->images.drive,
		.n_drives = in->images.n,
		.memory_mib = (uint32_t)o->memory_mib + PROGRAM_MIB,
		.deterministic = is_deterministic(in),
		.n_cpus = (uint32_t)o->n_cpus,
		.log_dir = o->log_dir,
	};
	struct vb_err unpack_err = { "" };
	int rc = vb_outer_run(&outer, &l->status, err), unpacked;

	keep_failure_log(in);
	unpacked = unpack(l, in, &unpack_err);
	if (rc == 0 && l->status == 0 && unpacked < 0)
		rc = vb_fail(err, unpacked, "%s", unpack_err.text);
	return rc;
}

int vb_launch_inside(struct vb_launch *l, const char *cache, const char *kernel, int initrd_fd,
		     struct vb_err *err)
{
	struct inside *in = calloc(1, sizeof(*in));
	int rc;

	if (!in)
		return vb_fail(err, -ENOMEM, "not enough memory");
	in->o = l->opt;
	snprintf(in->initrd, sizeof(in->initrd), "/proc/self/fd/%d", initrd_fd);
	rc = make_temporary(in->guest, err);
	if (rc == 0)
		rc = make_temporary(in->failure, err);
	if (rc == 0)
		rc = compose(in, kernel, err);
	if (rc == 0)
		rc = run(l, in, cache, err);
	if (in->guest[0])
		unlink(in->guest);
	if (in->failure[0])
		unlink(in->failure);
	vb_images_done(&in->images);
	free(in);
	return rc;
}
