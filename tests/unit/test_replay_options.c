/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of vmbusreplay. What it says of mistakes is in tests/golden/replay-options.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay/options.h"
#include "tests/unit/manual.h"
#include "tests/unit/words.h"

struct parsed {
	struct words words;
	struct vb_replay_options o;
	struct vb_err err;
	int rc;
};

static void parse(struct parsed *p, const char *line)
{
	memset(p, 0, sizeof(*p));
	words_split(&p->words, "vmbusreplay", line);
	p->rc = vb_replay_options_parse(p->words.argc, p->words.argv, &p->o, &p->err);
}

static void expect_good(struct parsed *p, const char *line)
{
	parse(p, line);
	cr_assert_eq(p->rc, 0, "%s: %s", line, p->err.text);
}

static void expect_error(const char *line, const char *text)
{
	struct parsed p;

	parse(&p, line);
	cr_assert_eq(p.rc, -EINVAL, "%s was taken", line);
	cr_assert_str_eq(p.err.text, text);
	vb_replay_options_done(&p.o);
}

Test(replay_options, a_guest_by_default)
{
	struct parsed p;

	expect_good(&p, "guest");
	cr_assert_eq(p.o.mode, VB_REPLAY_GUEST);
	cr_assert_str_eq(p.o.kernel, "bookworm");
	cr_assert_eq(p.o.memory_mib, 512);
	cr_assert_eq(p.o.n_vcpus, 1);
	cr_assert_eq(p.o.accel, VB_ACCEL_AUTO);
	cr_assert_eq(p.o.vmbus_version, 0);
	cr_assert_not(p.o.real_time);
	cr_assert_not(p.o.counted);
	vb_replay_options_done(&p.o);
}

Test(replay_options, all_of_a_guest)
{
	struct parsed p;

	expect_good(&p,
		    "guest --kernel bzImage --modules . --vcpus 2 --memory 256 --accel emulated "
		    "--vmbus-version 4.1 --fault kvp:drop=3 --fault vss:delay=5 --deadline 60 "
		    "--add tool:/bin/tool --time -q");
	cr_assert_str_eq(p.o.kernel, "bzImage");
	cr_assert_eq(p.o.n_vcpus, 2);
	cr_assert_eq(p.o.accel, VB_ACCEL_EMULATED);
	cr_assert_eq(p.o.vmbus_version, 0x40001);
	cr_assert_eq(p.o.faults.n, 2);
	cr_assert_str_eq(p.o.faults.words[1], "vss:delay=5");
	cr_assert_eq(p.o.deadline_ns, 60000000000);
	cr_assert_eq(p.o.add.n, 1);
	cr_assert(p.o.real_time);
	cr_assert(p.o.quiet);
	vb_replay_options_done(&p.o);
}

Test(replay_options, traces_and_words)
{
	struct parsed p;

	expect_good(&p, "run --speed 2.5 trace.pcapng --loop 3");
	cr_assert_eq(p.o.mode, VB_REPLAY_RUN);
	cr_assert_eq(p.o.n_words, 1);
	cr_assert_str_eq(p.o.words[0], "trace.pcapng");
	cr_assert_eq(p.o.speed_milli, 2500);
	cr_assert_eq(p.o.n_loops, 3);
	vb_replay_options_done(&p.o);
	expect_good(&p, "run t --speed top");
	cr_assert_eq(p.o.speed_milli, 0);
	vb_replay_options_done(&p.o);
	expect_good(&p, "setup kernel trixie");
	cr_assert_eq(p.o.n_words, 2);
	vb_replay_options_done(&p.o);
}

/* A trace says itself which devices there are, and what they are like. */
Test(replay_options, devices_are_no_business_of_a_replay)
{
	struct parsed p;

	expect_good(&p, "guest --devices kvp --persona p");
	vb_replay_options_done(&p.o);
	expect_error("run t --devices kvp", "--devices goes with guest only");
	expect_error("run t --persona p", "--persona goes with guest only");
}

Test(replay_options, help_wins)
{
	struct parsed p;

	expect_good(&p, "guest --memory 256 --help");
	cr_assert_eq(p.o.mode, VB_REPLAY_HELP);
	cr_assert_eq(p.o.command, VB_REPLAY_GUEST);
	vb_replay_options_done(&p.o);
	expect_good(&p, "--help");
	cr_assert_eq(p.o.mode, VB_REPLAY_HELP);
	cr_assert_eq(p.o.command, 0);
	vb_replay_options_done(&p.o);
}

Test(replay_options, mistakes)
{
	expect_error("", "nothing to do: setup, guest, plan or run; --help explains");
	expect_error("gest", "unknown command gest: did you mean 'guest'?");
	expect_error("guest x.sh", "'x.sh' is not expected here");
	expect_error("run", "a trace is missing: vmbusreplay run TRACE [options]");
	expect_error("plan a b", "'b' is not expected here");
	expect_error("guest --speed 2", "--speed goes with run only");
	expect_error("setup --kernel x", "--kernel goes with guest or run only");
	expect_error("guest --doctor", "--doctor is not expected here");
	expect_error("guest --count --time", "--count and --time exclude each other");
	expect_error("run x --count --cpus 2",
		     "--count: the emulator counts for one processor, not 2");
	expect_error("guest --vcpus 9", "--vcpus 9: give a whole number from 1 to 8");
	expect_error("guest --memory lots", "--memory lots: give a whole number from 128 to 3072");
	expect_error("guest --accel tcg", "--accel tcg: give auto, kvm or emulated");
	expect_error("guest --vmbus-version 5.4",
		     "--vmbus-version 5.4: versions are 2.4, 3.0, 4.0, "
		     "4.1, 5.0, 5.1, 5.2, 5.3 and 6.0");
	expect_error("guest --modules .", "--modules needs --kernel IMG|NAME as well");
	expect_error("guest --add x", "--add x: write FILE:PATH, for example tool:/bin/tool");
	expect_error("guest --add x:y", "--add x:y: write FILE:PATH, for example tool:/bin/tool");
	expect_error("run t --speed 0", "--speed 0: give top, or a factor such as 1, 2.5 or 0.1");
	expect_error("run t --speed 1x", "--speed 1x: give top, or a factor such as 1, 2.5 or 0.1");
	expect_error("run t --service-time x", "--service-time x: give recorded or none");
	expect_error("guest --kernal x", "unknown option --kernal: did you mean 'kernel'?");
}

Test(replay_options, letters_and_names_are_taken_once)
{
	for (size_t i = 0; i < VB_REPLAY_OPTION_ROWS; i++) {
		cr_assert_not_null(vb_replay_rows[i].name, "the table has fewer rows than it says");
		for (size_t j = 0; j < i; j++) {
			const struct vb_option_row *a = &vb_replay_rows[i], *b = &vb_replay_rows[j];

			cr_assert_str_neq(a->name, b->name);
			cr_assert(!a->letter || a->letter != b->letter, "-%c", a->letter);
		}
	}
}

Test(replay_options, each_command_explains_its_options)
{
	static const enum vb_replay_mode commands[] = { VB_REPLAY_SETUP, VB_REPLAY_GUEST,
							VB_REPLAY_PLAN, VB_REPLAY_RUN };
	char name[64];

	for (size_t c = 0; c < sizeof(commands) / sizeof(*commands); c++) {
		struct vb_buf help = { 0 };

		vb_replay_options_help(commands[c], &help);
		for (size_t i = 0; i < VB_REPLAY_OPTION_ROWS; i++) {
			const struct vb_option_row *row = &vb_replay_rows[i];

			snprintf(name, sizeof(name), "--%s ", row->name);
			if (row->argument)
				cr_assert_eq(strstr(help.data, name) != NULL,
					     (row->modes & commands[c]) != 0, "%s", name);
		}
		for (char *line = strtok(help.data, "\n"); line; line = strtok(NULL, "\n"))
			cr_assert_leq(strlen(line), 100, "%s", line);
		vb_buf_done(&help);
	}
}

Test(replay_options, the_manual_page_has_every_option)
{
	manual_has_options("replay/vmbusreplay.1", vb_replay_rows, VB_REPLAY_OPTION_ROWS);
}
