/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vmbusreplay's command line means.
 */
#include "replay/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/suggest.h"

_Static_assert(VB_REPLAY_OPTION_ROWS <= VB_OPTIONS_MAX, "given has a bit per row");

static const struct {
	const char *name;
	enum vb_replay_mode mode;
	size_t min_words, max_words;
	const char *usage, *help;
} commands[] = {
	{ "setup", VB_REPLAY_SETUP, 0, SIZE_MAX, "vmbusreplay setup [--cache DIR] [WHAT...]",
	  "fetch kernels and what else a guest needs; nothing else uses the network" },
	{ "guest", VB_REPLAY_GUEST, 0, 0, "vmbusreplay guest [options]",
	  "boot a kernel as a guest of a software VMBus host" },
	{ "plan", VB_REPLAY_PLAN, 1, 1, "vmbusreplay plan TRACE",
	  "show what a trace asks for, and what of it can be replayed" },
	{ "run", VB_REPLAY_RUN, 1, 1, "vmbusreplay run TRACE [options]",
	  "replay a trace against the drivers of a guest, and report" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static const char introduction[] =
	"vmbusreplay is a software VMBus host: it boots an unmodified kernel that believes to be on\n"
	"Hyper-V, and replays recorded traffic against the kernel's real drivers.\n"
	"\n"
	"Usage:\n";

static const char examples[] =
	"\n"
	"Examples:\n"
	"  vmbusreplay setup                      once: fetch a kernel, busybox and the daemons\n"
	"  vmbusreplay guest --workload x.sh --capture g.pcapng --host-log h.pcapng\n"
	"                                         run a script in a guest, record both ends\n"
	"  vmbusreplay guest --kernel arch/x86/boot/bzImage --modules . --workload x.sh\n"
	"                                         the same with a kernel just built\n"
	"  vmbusreplay run g.pcapng --junit report.xml\n"
	"                                         replay it, for CI\n"
	"\n"
	"Exit status: 0 good; 1 the guest failed, or what was replayed differs; 2 wrong usage;\n"
	"125 this machine cannot do it. All of it: man vmbusreplay\n";

static const char *modes_text(unsigned int modes)
{
	if (modes == VB_REPLAY_RUN)
		return "run";
	if (modes == VB_REPLAY_GUEST)
		return "guest";
	return modes & VB_REPLAY_SETUP ? "setup, guest, run or --doctor" : "guest or run";
}

const struct vb_option_table vb_replay_table = {
	.rows = vb_replay_rows,
	.n_rows = VB_REPLAY_OPTION_ROWS,
	.always = VB_REPLAY_VERSION | VB_REPLAY_HELP | VB_REPLAY_TOLERATED,
	.modes_text = modes_text,
};

/* ---- help ---- */

static size_t command_of(enum vb_replay_mode mode)
{
	size_t i = 0;

	while (i < N_COMMANDS && commands[i].mode != mode)
		i++;
	return i;
}

void vb_replay_options_help(enum vb_replay_mode command, struct vb_buf *out)
{
	size_t at = command_of(command);

	if (at < N_COMMANDS) {
		vb_buf_fmt(out, "Usage: %s\n\nTo %s.\n", commands[at].usage, commands[at].help);
		vb_option_table_help(&vb_replay_table, command, out);
		return;
	}
	vb_buf_str(out, introduction);
	for (size_t i = 0; i < N_COMMANDS; i++)
		vb_buf_fmt(out, "  %s\n", commands[i].usage);
	vb_buf_str(out, "  vmbusreplay --doctor | --version | --help | COMMAND --help\n\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		vb_buf_fmt(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	vb_buf_str(out, examples);
}

/* ---- reading ---- */

static int unknown_command(const char *word, struct vb_err *err)
{
	char near[VB_SUGGEST_TEXT];
	struct vb_suggest s;

	vb_suggest_init(&s, word, strlen(word));
	for (size_t i = 0; i < N_COMMANDS; i++)
		vb_suggest_offer(&s, commands[i].name);
	vb_suggest_text(&s, near, sizeof(near));
	return vb_fail(err, -EINVAL, "unknown command %s%s", word,
		       near[0] ? near : "; --help shows all");
}

static int find_command(const char *word, enum vb_replay_mode *ret, struct vb_err *err)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i].name, word) == 0) {
			*ret = commands[i].mode;
			return 0;
		}
	}
	return unknown_command(word, err);
}

static int check_words(const struct vb_replay_options *o, struct vb_err *err)
{
	size_t at = command_of(o->mode);
	size_t min = at < N_COMMANDS ? commands[at].min_words : 0;
	size_t max = at < N_COMMANDS ? commands[at].max_words : 0;

	if (o->n_words < min)
		return vb_fail(err, -EINVAL, "a trace is missing: %s", commands[at].usage);
	if (o->n_words > max)
		return vb_fail(err, -EINVAL, "'%s' is not expected here", o->words[max]);
	return 0;
}

static int check_add(const struct vb_replay_options *o, struct vb_err *err)
{
	for (size_t i = 0; i < o->add.n; i++) {
		const char *colon = strrchr(o->add.words[i], ':');

		if (!colon || colon == o->add.words[i] || colon[1] != '/')
			return vb_fail(err, -EINVAL,
				       "--add %s: write FILE:PATH, for example tool:/bin/tool",
				       o->add.words[i]);
	}
	return 0;
}

static int check_time(const struct vb_replay_options *o, struct vb_err *err)
{
	if (o->counted && o->real_time)
		return vb_fail(err, -EINVAL, "--count and --time exclude each other");
	if (o->counted && o->n_cpus > 1)
		return vb_fail(err, -EINVAL,
			       "--count: the emulator counts for one processor, not %u",
			       (unsigned int)o->n_cpus);
	return 0;
}

static int check(const struct vb_replay_options *o, const struct vb_option_words *w,
		 struct vb_err *err)
{
	int rc = vb_option_table_check(&vb_replay_table, w, err);

	if (rc == 0)
		rc = check_words(o, err);
	if (rc == 0)
		rc = check_add(o, err);
	if (rc == 0)
		rc = check_time(o, err);
	if (rc == 0 && o->service_time && strcmp(o->service_time, "recorded") != 0 &&
	    strcmp(o->service_time, "none") != 0)
		rc = vb_fail(err, -EINVAL, "--service-time %s: give recorded or none",
			     o->service_time);
	return rc;
}

static void set_defaults(struct vb_replay_options *o)
{
	*o = (struct vb_replay_options){
		.kernel = "bookworm",
		.memory_mib = 512,
		.n_vcpus = 1,
		.payload = VB_PAYLOAD_DEFAULT,
		.n_cpus = 1,
		.devices = "heartbeat,shutdown,timesync,kvp,vss,fcopy",
		.failure_log = "vmbusreplay-console.log",
		.speed_milli = 1000,
		.n_loops = 1,
	};
}

int vb_replay_options_parse(int argc, char *const argv[], struct vb_replay_options *ret,
			    struct vb_err *err)
{
	struct vb_replay_options *o = ret;
	bool named = argc > 1 && argv[1][0] != '-';
	struct vb_option_words w;
	int rc;

	set_defaults(o);
	rc = named ? find_command(argv[1], &o->command, err) : 0;
	if (rc < 0)
		return rc;
	argc -= named;
	argv += named;
	rc = vb_option_table_parse(&vb_replay_table, argc, argv, o->command, o, &w, err);
	o->mode = (enum vb_replay_mode)w.mode;
	o->given = w.given;
	if (rc < 0 || (w.mode & vb_replay_table.always))
		return rc;
	if (!o->mode)
		return vb_fail(err, -EINVAL,
			       "nothing to do: setup, guest, plan or run; --help explains");
	o->words = (const char *const *)argv + w.rest;
	o->n_words = (size_t)(argc - w.rest);
	return check(o, &w, err);
}

void vb_replay_options_done(struct vb_replay_options *o)
{
	free(o->faults.words);
	free(o->add.words);
	free(o->give.words);
	free(o->images.words);
	o->faults = o->add = o->give = (struct vb_list){ 0 };
}
