/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: what it means, what is wrong with it, and what the user is told then.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/options_impl.h"
#include "capture/suggest.h"
#include "tests/unit/manual.h"
#include "tests/unit/words.h"

struct parsed {
	struct words words;
	struct vb_options o;
	struct vb_err err;
	int rc;
};

static void parse(struct parsed *p, const char *line)
{
	memset(p, 0, sizeof(*p));
	words_split(&p->words, "vmbusdump", line);
	p->rc = vb_options_parse(p->words.argc, p->words.argv, &p->o, &p->err);
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
	vb_options_done(&p.o);
}

Test(options, live)
{
	struct parsed p;

	expect_good(&p, "-i netvsc,7 -w out -c 10 -s 96 -a duration:1.5 -C 2 -W 3 -B 64 -Z nobody");
	cr_assert_eq(p.o.mode, VB_MODE_LIVE);
	cr_assert_str_eq(p.o.channels, "netvsc,7");
	cr_assert_str_eq(p.o.output, "out");
	cr_assert_str_eq(p.o.user, "nobody");
	cr_assert_eq(p.o.max_records, 10);
	cr_assert_eq(p.o.snaplen, 96);
	cr_assert_eq(p.o.duration_ns, 1500000000);
	cr_assert_eq(p.o.file_bytes, 2000000);
	cr_assert_eq(p.o.n_files, 3);
	cr_assert_eq(p.o.ring_kib, 64);
	cr_assert_not(p.o.prints);
	vb_options_done(&p.o);
}

Test(options, read)
{
	struct parsed p;

	expect_good(&p, "--read - -vv -x -t iso --strict -Y hv_balloon -l");
	cr_assert_eq(p.o.mode, VB_MODE_READ);
	cr_assert_str_eq(p.o.input, "-");
	cr_assert_eq(p.o.verbose, 2);
	cr_assert(p.o.hex && p.o.strict && p.o.prints && p.o.line_buffered);
	cr_assert_eq(p.o.time, VB_TIME_ISO);
	cr_assert_str_eq(p.o.filter, "hv_balloon");
	cr_assert_null(p.o.output);
	vb_options_done(&p.o);
}

Test(options, defaults)
{
	struct parsed p;

	expect_good(&p, "-r f");
	cr_assert_eq(p.o.form, VB_FORM_TEXT);
	cr_assert_eq(p.o.time, VB_TIME_TIME);
	cr_assert_eq(p.o.max_records, 0);
	cr_assert(p.o.prints);
	expect_good(&p, "-i any -s 0");
	cr_assert_eq(p.o.snaplen, 262144);
	cr_assert_gt(p.o.ring_kib, 0);
	cr_assert_eq(p.o.payload, 256);
}

Test(options, payload)
{
	struct parsed p;

	expect_good(&p, "-i any --payload 1500");
	cr_assert_eq(p.o.payload, 1500);
	expect_good(&p, "-i any --payload 0");
	cr_assert_eq(p.o.payload, 0);
	expect_good(&p, "-i any --payload none");
	cr_assert_eq(p.o.payload, 0);
	expect_good(&p, "-i any --payload all");
	cr_assert_eq(p.o.payload, 262144);
}

Test(options, a_copy_is_shown_only_when_asked)
{
	struct parsed p;

	expect_good(&p, "-r f -w g");
	cr_assert_not(p.o.prints);
	expect_good(&p, "-r f -w g -v");
	cr_assert(p.o.prints);
	expect_good(&p, "-r f -w g -T json");
	cr_assert(p.o.prints);
	expect_good(&p, "-r f -T none");
	cr_assert_not(p.o.prints);
}

Test(options, a_table_has_whole_times_unless_told_otherwise)
{
	struct parsed p;

	expect_good(&p, "-r f -T fields -e time");
	cr_assert_eq(p.o.time, VB_TIME_ISO);
	vb_options_done(&p.o);
	expect_good(&p, "-r f -T fields -e time -e number -t epoch");
	cr_assert_eq(p.o.time, VB_TIME_EPOCH);
	cr_assert_eq(p.o.n_fields, 2);
	cr_assert_str_eq(p.o.fields[1], "number");
	vb_options_done(&p.o);
}

Test(options, modes_that_only_tell)
{
	struct parsed p;

	expect_good(&p, "-D");
	cr_assert_eq(p.o.mode, VB_MODE_DEVICES);
	expect_good(&p, "--doctor");
	cr_assert_eq(p.o.mode, VB_MODE_DOCTOR);
	expect_good(&p, "--check file");
	cr_assert_eq(p.o.mode, VB_MODE_CHECK);
	cr_assert_str_eq(p.o.input, "file");
	expect_good(&p, "--list-fields");
	cr_assert_not(p.o.markdown);
	expect_good(&p, "--list-fields=md");
	cr_assert(p.o.markdown);
	expect_good(&p, "--version");
	cr_assert_eq(p.o.mode, VB_MODE_VERSION);
}

/* Who asks for help has often got something else wrong. */
Test(options, help_is_given_whatever_else_is_there)
{
	struct parsed p;

	expect_good(&p, "-r f -i any --help");
	cr_assert_eq(p.o.mode, VB_MODE_HELP);
	expect_good(&p, "-h -W 3 nonsense");
	cr_assert_eq(p.o.mode, VB_MODE_HELP);
}

Test(options, unknown)
{
	expect_error("--verbos -r", "-r needs an argument: FILE|-");
	expect_error("-r f --strikt", "unknown option --strikt: did you mean 'strict'?");
	expect_error("-r f --zzzzzzzzzz", "unknown option --zzzzzzzzzz; --help shows all");
	expect_error("-r f -k", "unknown option -k; --help shows all");
	expect_error("-r f -vk", "unknown option -k; --help shows all");
	expect_error("--list", "--list is ambiguous; --help shows all options");
	expect_error("-r f --strict=yes", "--strict takes no argument");
	expect_error("-r f more", "'more' is not expected here; a filter is given with -Y");
}

Test(options, two_traces)
{
	struct parsed p;

	expect_good(
		&p,
		"--diff f --min any=10 g --ignore a.b --min netvsc=0 --ignore c --from x --all");
	cr_assert_eq(p.o.mode, VB_MODE_DIFF);
	cr_assert_str_eq(p.o.input, "f");
	cr_assert_str_eq(p.o.second, "g");
	cr_assert_str_eq(p.o.from, "x");
	cr_assert_null(p.o.to);
	cr_assert(p.o.all);
	cr_assert_eq(p.o.n_ignore, 2);
	cr_assert_str_eq(p.o.ignore[1], "c");
	cr_assert_eq(p.o.n_mins, 2);
	cr_assert_eq(p.o.mins[0].class, VB_MIN_ANY);
	cr_assert_eq(p.o.mins[0].n, 10);
	cr_assert_eq(p.o.mins[1].class, VB_CLASS_NETWORK);
	vb_options_done(&p.o);
	expect_error("--diff f", "--diff needs two traces: --diff A B");
	expect_error("--diff f g h", "'h' is not expected here; a filter is given with -Y");
	expect_error("--diff f g --min any", "--min any: write CLASS=N, any=N or total=N, for "
					     "example --min netvsc=100");
	expect_error("--diff f g --min x=1", "--min x=1: write CLASS=N, any=N or total=N, for "
					     "example --min netvsc=100");
	expect_error("--diff f g --min any=-1", "--min any=-1: write CLASS=N, any=N or total=N, "
						"for example --min netvsc=100");
}

Test(options, no_mode_or_two)
{
	expect_error("", "nothing to do: -i any captures, -r FILE reads, --help explains");
	expect_error("-v", "nothing to do: -i any captures, -r FILE reads, --help explains");
	expect_error("-r f -i any", "-r and -i exclude each other: give one of them");
	expect_error("-D --doctor", "-D and --doctor exclude each other: give one of them");
}

Test(options, what_does_not_go_together)
{
	expect_error("-r f -s 96", "-s goes with a live capture (-i) only");
	expect_error("-r f -Z nobody", "-Z goes with a live capture (-i) only");
	expect_error("--check f -v", "-v goes with -i, -r or --diff only");
	expect_error("--diff f g -w h", "-w goes with -i or -r only");
	expect_error("-r f --from x", "--from goes with --diff only");
	expect_error("--diff f g -T fields", "--diff has the forms text, json and none");
	expect_error("-i any -C 1", "-C needs -w FILE|- as well");
	expect_error("-i any -w f -W 3", "-W needs -C MB or -G S as well");
	expect_error("-i any -w - -G 3", "-C and -G need a file: name one with -w");
	expect_error("-r f -e time", "-e goes with -T fields only");
	expect_error("-r f -T json -e time", "-e goes with -T fields only");
	expect_error("-r f -T fields",
		     "-T fields needs at least one -e FIELD; --list-fields shows all");
	expect_error("-r f -T none -x", "-x goes with -T text or -T json");
	expect_error("-r f -T json -v", "-v goes with -T text; json has all fields anyway");
	expect_error("-r f -w - -v",
		     "records cannot be shown while the trace goes to standard output");
}

Test(options, arguments)
{
	expect_error("-r f -c 0", "-c 0: give a whole number from 1 to 18446744073709551615");
	expect_error("-r f -c -1", "-c -1: give a whole number from 1 to 18446744073709551615");
	expect_error("-r f -c 18446744073709551616",
		     "-c 18446744073709551616: give a whole number from 1 to 18446744073709551615");
	expect_error("-i any -s 1k", "-s 1k: give a whole number from 0 to 262144");
	expect_error("-i any --payload some",
		     "--payload some: give a number of bytes up to 262144, none or all");
	expect_error("-i any --payload 262145",
		     "--payload 262145: give a number of bytes up to 262144, none or all");
	expect_error("-r f --payload none", "--payload goes with a live capture (-i) only");
	expect_error("-i any -s 262145", "-s 262145: give a whole number from 0 to 262144");
	expect_error("-i any -a 60", "-a 60: write duration:SECONDS, for example -a duration:60");
	expect_error("-i any -a duration:0",
		     "-a duration:0: write duration:SECONDS, for example -a duration:60");
	expect_error("-i any -a duration:1h",
		     "-a duration:1h: write duration:SECONDS, for example -a duration:60");
	expect_error("-r f -t utc", "-t utc: formats are time, date, iso, epoch, delta, relative, "
				    "mono or none");
	expect_error("-r f -T xml", "-T xml: forms are text, json, fields or none");
	expect_error("--list-fields=html", "--list-fields=html: the only other form is md");
}

Test(options, help_names_every_option)
{
	struct vb_buf help = { 0 };
	char name[64];

	vb_options_help(&help);
	cr_assert_not(help.failed);
	for (size_t i = 0; i < VB_OPTION_ROWS; i++) {
		snprintf(name, sizeof(name), "--%s", vb_option_rows[i].name);
		cr_assert_not_null(strstr(help.data, name), "%s", name);
	}
	for (char *line = strtok(help.data, "\n"); line; line = strtok(NULL, "\n"))
		cr_assert_leq(strlen(line), 100, "%s", line);
	vb_buf_done(&help);
}

Test(options, letters_and_names_are_taken_once)
{
	for (size_t i = 0; i < VB_OPTION_ROWS; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct vb_option_row *a = &vb_option_rows[i];
			const struct vb_option_row *b = &vb_option_rows[j];

			cr_assert_str_neq(a->name, b->name);
			cr_assert(!a->letter || a->letter != b->letter, "-%c", a->letter);
		}
	}
}

Test(options, the_manual_page_has_every_option)
{
	manual_has_options("capture/vmbusdump.1", vb_option_rows, VB_OPTION_ROWS);
}

Test(suggest, distance)
{
	cr_assert_eq(vb_edit_distance("", 0, "", 0, 9), 0);
	cr_assert_eq(vb_edit_distance("kitten", 6, "sitting", 7, 9), 3);
	cr_assert_eq(vb_edit_distance("flaw", 4, "lawn", 4, 9), 2);
	cr_assert_eq(vb_edit_distance("abc", 3, "", 0, 9), 3);
	cr_assert_eq(vb_edit_distance("kitten", 6, "sitting", 7, 2), 2, "not more than the limit");
}

Test(suggest, nearest_first)
{
	struct vb_suggest s;
	char text[VB_SUGGEST_TEXT];

	vb_suggest_init(&s, "hv_baloon.status", 16);
	vb_suggest_text(&s, text, sizeof(text));
	cr_assert_str_eq(text, "");
	vb_suggest_offer(&s, "hv_balloon.states");
	vb_suggest_offer(&s, "hv_balloon.status");
	vb_suggest_offer(&s, "vmbus.offer");
	vb_suggest_offer(&s, "hv_balloon.status");
	vb_suggest_text(&s, text, sizeof(text));
	cr_assert_str_eq(text, ": did you mean 'hv_balloon.status' or 'hv_balloon.states'?");
}

Test(suggest, the_last_part_of_a_path_is_near)
{
	struct vb_suggest s;
	char text[VB_SUGGEST_TEXT];

	vb_suggest_init(&s, "available", 9);
	vb_suggest_offer(&s, "hv_balloon.status.available");
	vb_suggest_offer(&s, "hv_balloon.status.unavailable");
	vb_suggest_text(&s, text, sizeof(text));
	cr_assert_str_eq(text, ": did you mean 'hv_balloon.status.available'?");
}
