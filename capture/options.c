/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vmbusdump's command line means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/options_impl.h"

_Static_assert(VB_OPTION_ROWS <= VB_OPTIONS_MAX, "vb_options.given has a bit per row");

static const char usage[] =
	"vmbusdump shows, saves and decodes the messages that cross Hyper-V's VMBus.\n"
	"\n"
	"Usage:\n"
	"  vmbusdump -i any|CHANNEL[,..] [-w FILE] [options]   capture\n"
	"  vmbusdump -r FILE [-Y EXPR] [options]               read, filter, convert\n"
	"  vmbusdump --diff A B [--from EXPR] [options]        compare two traces\n"
	"  vmbusdump --check FILE | -D | --doctor | --list-fields | --version | --help\n"
	"  vmbusdump --extcap-interfaces | --capture ...       as Wireshark runs it (see the manual)\n";

static const char examples[] =
	"\n"
	"Examples:\n"
	"  vmbusdump -i any                       see what goes on\n"
	"  vmbusdump -i netvsc,scsi -w t.pcapng   save what two kinds of devices do\n"
	"  vmbusdump -i any -w t.pcapng -C 100 -W 10 -Z nobody\n"
	"                                         keep the last gigabyte, unprivileged\n"
	"  vmbusdump -r t.pcapng -Y 'hv_link.latency > 5ms' -v\n"
	"                                         requests that waited long, with all their fields\n"
	"  vmbusdump -r t.pcapng -Y hv_balloon -w balloon.pcapng\n"
	"                                         a copy that holds one protocol\n"
	"  vmbusdump -r t.pcapng --ethernet - | tcpdump -n -r -\n"
	"                                         the frames of network devices, as on an interface\n"
	"  vmbusdump -r t.pcapng -T fields -e time -e hv_record.relid -e hv_balloon.type\n"
	"                                         a table for other tools\n"
	"  vmbusdump --diff guest.pcapng host.pcapng --min any=100\n"
	"                                         did both see the same, and enough of it?\n"
	"\n"
	"Exit status: 0 good; 1 the data is bad or could not be kept; 2 wrong usage;\n"
	"125 this machine cannot do it. All of it: man vmbusdump\n";

static const char *modes_text(unsigned int modes)
{
	if (modes == VB_MODE_LIVE)
		return "a live capture (-i)";
	if (modes == VB_MODE_READ)
		return "-r";
	if (modes == VB_MODE_DIFF)
		return "--diff";
	return modes & VB_MODE_DIFF ? "-i, -r or --diff" : "-i or -r";
}

const struct vb_option_table vb_option_table = {
	.rows = vb_option_rows,
	.n_rows = VB_OPTION_ROWS,
	.always = VB_MODE_VERSION | VB_MODE_HELP,
	.modes_text = modes_text,
};

void vb_options_help(struct vb_buf *out)
{
	vb_buf_str(out, usage);
	vb_option_table_help(&vb_option_table, 0, out);
	vb_buf_str(out, examples);
}

size_t vb_option_by_name(const char *name)
{
	return vb_option_table_find(&vb_option_table, name);
}

static bool is_given(const struct vb_options *o, const char *name)
{
	return o->given >> vb_option_by_name(name) & 1;
}

/* ---- what goes together ---- */

static bool is_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static int check_files(const struct vb_options *o, struct vb_err *err)
{
	bool rotates = o->file_bytes || o->file_seconds;

	if (o->n_files && !rotates)
		return vb_fail(err, -EINVAL, "-W needs -C MB or -G S as well");
	if (rotates && is_stdout(o->output))
		return vb_fail(err, -EINVAL, "-C and -G need a file: name one with -w");
	return 0;
}

static int check_outputs(const struct vb_options *o, struct vb_err *err)
{
	if (is_stdout(o->output) && is_stdout(o->ethernet))
		return vb_fail(err, -EINVAL, "-w and --ethernet cannot both go to standard output");
	if (o->output && o->ethernet && strcmp(o->output, o->ethernet) == 0)
		return vb_fail(err, -EINVAL, "-w and --ethernet need two files");
	if (o->prints && is_stdout(o->output))
		return vb_fail(err, -EINVAL,
			       "records cannot be shown while the trace goes to standard output");
	if (o->prints && is_stdout(o->ethernet))
		return vb_fail(err, -EINVAL,
			       "records cannot be shown while frames go to standard output");
	return 0;
}

static int check_forms(const struct vb_options *o, struct vb_err *err)
{
	if (o->form == VB_FORM_FIELDS && o->mode == VB_MODE_DIFF)
		return vb_fail(err, -EINVAL, "--diff has the forms text, json and none");
	if (o->form == VB_FORM_FIELDS && o->n_fields == 0)
		return vb_fail(err, -EINVAL,
			       "-T fields needs at least one -e FIELD; --list-fields shows all");
	if (o->form != VB_FORM_FIELDS && o->n_fields > 0)
		return vb_fail(err, -EINVAL, "-e goes with -T fields only");
	if (o->hex && (o->form == VB_FORM_FIELDS || o->form == VB_FORM_NONE))
		return vb_fail(err, -EINVAL, "-x goes with -T text or -T json");
	if (o->verbose && o->form != VB_FORM_TEXT)
		return vb_fail(err, -EINVAL, "-v goes with -T text; json has all fields anyway");
	return check_outputs(o, err);
}

void vb_options_default(struct vb_options *ret)
{
	*ret = (struct vb_options){ .snaplen = VB_SNAPLEN_MAX,
				    .payload = VB_PAYLOAD_DEFAULT,
				    .ring_kib = VB_RING_KIB_DEFAULT };
}

/* --diff A B: the second file is the only word that may stand alone. */
static int take_rest(int argc, char *const argv[], int rest, struct vb_options *o,
		     struct vb_err *err)
{
	if (o->mode == VB_MODE_DIFF && rest == argc)
		return vb_fail(err, -EINVAL, "--diff needs two traces: --diff A B");
	if (o->mode == VB_MODE_DIFF)
		o->second = argv[rest++];
	if (rest < argc)
		return vb_fail(err, -EINVAL, "'%s' is not expected here; a filter is given with -Y",
			       argv[rest]);
	return 0;
}

int vb_options_parse(int argc, char *const argv[], struct vb_options *ret, struct vb_err *err)
{
	struct vb_options *o = ret;
	struct vb_option_words w;
	bool shows;
	int rc;

	vb_options_default(o);
	rc = vb_option_table_parse(&vb_option_table, argc, argv, 0, o, &w, err);
	o->mode = (enum vb_mode)w.mode;
	o->given = w.given;
	if (rc < 0 || (w.mode & vb_option_table.always))
		return rc;
	rc = take_rest(argc, argv, w.rest, o, err);
	if (rc < 0)
		return rc;
	if (!o->mode)
		return vb_fail(err, -EINVAL,
			       "nothing to do: -i any captures, -r FILE reads, --help explains");
	/* A file that is written is shown only to those who ask. */
	shows = is_given(o, "output") || o->verbose || o->hex || is_given(o, "time");
	o->prints = o->form != VB_FORM_NONE && (shows || !(o->output || o->ethernet));
	/* A table is read by programs: the whole time, unless told otherwise. */
	if (o->form == VB_FORM_FIELDS && !is_given(o, "time"))
		o->time = VB_TIME_ISO;
	rc = vb_option_table_check(&vb_option_table, &w, err);
	if (rc == 0)
		rc = check_files(o, err);
	return rc < 0 ? rc : check_forms(o, err);
}

void vb_options_done(struct vb_options *o)
{
	free(o->fields);
	free(o->ignore);
	free(o->mins);
	o->fields = o->ignore = NULL;
	o->mins = NULL;
}
