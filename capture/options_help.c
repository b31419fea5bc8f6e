/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/options_impl.h"

#define COLUMN 34 /* where the help text begins */
#define WIDTH 96

static const char usage[] =
	"vmbusdump shows, saves and decodes the messages that cross Hyper-V's VMBus.\n"
	"\n"
	"Usage:\n"
	"  vmbusdump -i any|CHANNEL[,..] [-w FILE] [options]   capture\n"
	"  vmbusdump -r FILE [-Y EXPR] [options]               read, filter, convert\n"
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
	"  vmbusdump -r t.pcapng -T fields -e time -e hv_record.relid -e hv_balloon.type\n"
	"                                         a table for other tools\n"
	"\n"
	"Exit status: 0 good; 1 the data is bad or could not be kept; 2 wrong usage;\n"
	"125 this machine cannot do it. All of it: man vmbusdump\n";

/* "  -i, --interface any|CHANNEL[,..]" */
static void add_names(struct vb_buf *out, const struct vb_option_row *row)
{
	if (row->letter)
		vb_buf_fmt(out, "  -%c, --%s", row->letter, row->name);
	else
		vb_buf_fmt(out, "      --%s", row->name);
	if (row->argument && row->argument[0] == '[')
		vb_buf_fmt(out, "[=%s", row->argument + 1);
	else if (row->argument)
		vb_buf_fmt(out, " %s", row->argument);
}

static size_t column(const struct vb_buf *out, size_t line)
{
	return out->len - line;
}

static void pad_to(struct vb_buf *out, size_t line, size_t to)
{
	while (column(out, line) < to && !out->failed)
		vb_buf_add(out, " ", 1);
}

/* Words, broken before the margin. */
static void add_words(struct vb_buf *out, size_t line, const char *text)
{
	while (*text != '\0') {
		const char *end = text;

		while (*end != '\0' && *end != ' ')
			end++;
		if (column(out, line) + 1 + (size_t)(end - text) > WIDTH) {
			vb_buf_str(out, "\n");
			line = out->len;
			pad_to(out, line, COLUMN);
		} else if (column(out, line) > COLUMN) {
			vb_buf_str(out, " ");
		}
		vb_buf_add(out, text, (size_t)(end - text));
		text = *end == ' ' ? end + 1 : end;
	}
	vb_buf_str(out, "\n");
}

void vb_options_help(struct vb_buf *out)
{
	vb_buf_str(out, usage);
	for (size_t i = 0; i < VB_OPTION_ROWS; i++) {
		const struct vb_option_row *row = &vb_option_rows[i];
		size_t line;

		if (row->group)
			vb_buf_fmt(out, "\n%s:\n", row->group);
		line = out->len;
		add_names(out, row);
		if (column(out, line) + 1 >= COLUMN) {
			vb_buf_str(out, "\n");
			line = out->len;
		}
		pad_to(out, line, COLUMN);
		add_words(out, line, row->help);
	}
	vb_buf_str(out, examples);
}
