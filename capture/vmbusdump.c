/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmbusdump: show, save and decode what crosses the VMBus of a Hyper-V guest.
 */
#include <stdlib.h>
#include <unistd.h>

#include "capture/doctor_wireshark.h"
#include "capture/extcap.h"
#include "capture/modes.h"

static enum vb_exit list_devices(struct vb_report *report)
{
	struct vb_err err = { "" };

	if (vb_source_bpf_list(vb_report_device, report, &err) == 0)
		return VB_EXIT_GOOD;
	vb_report_say(report, "%s", err.text);
	return VB_EXIT_CANNOT;
}

static enum vb_exit doctor(struct vb_report *report)
{
	struct vb_wireshark_place where = {
		.root = "",
		.home = getenv("HOME"),
		.superuser = geteuid() == 0,
	};
	int rc = vb_source_bpf_doctor(vb_report_finding, report);

	vb_wireshark_doctor(&where, vb_report_finding, report);
	return rc == 0 ? VB_EXIT_GOOD : VB_EXIT_CANNOT;
}

static enum vb_exit run(const struct vb_options *opt, struct vb_report *report)
{
	switch (opt->mode) {
	case VB_MODE_LIVE:
		return vb_run_live(opt, report);
	case VB_MODE_READ:
		return vb_run_read(opt, report);
	case VB_MODE_CHECK:
		return vb_run_check(opt, report);
	case VB_MODE_DIFF:
		return vb_run_diff(opt, report);
	case VB_MODE_DEVICES:
		return list_devices(report);
	case VB_MODE_FIELDS:
		vb_fields_list(&report->out, opt->markdown);
		return VB_EXIT_GOOD;
	case VB_MODE_DOCTOR:
		return doctor(report);
	case VB_MODE_VERSION:
		vb_report_version(report);
		return VB_EXIT_GOOD;
	case VB_MODE_HELP:
		vb_options_help(&report->out);
		return VB_EXIT_GOOD;
	}
	return VB_EXIT_USAGE;
}

static enum vb_exit run_words(int argc, char **argv, struct vb_report *report)
{
	struct vb_options opt;
	struct vb_err err = { "" };
	enum vb_exit code = VB_EXIT_USAGE;

	if (vb_options_parse(argc, argv, &opt, &err) < 0) {
		vb_report_say(report, "%s", err.text);
	} else {
		vb_report_init(report, report->program, opt.line_buffered);
		code = run(&opt, report);
	}
	vb_options_done(&opt);
	return code;
}

int main(int argc, char **argv)
{
	struct vb_report report;
	enum vb_exit code;

	vb_report_init(&report, "vmbusdump", false);
	code = vb_extcap_called(argc, argv) ? vb_run_extcap(argc, argv, &report) :
					      run_words(argc, argv, &report);
	if (vb_report_flush(&report) < 0 && !vb_report_reader_gone(&report) &&
	    code == VB_EXIT_GOOD) {
		vb_report_say(&report, "cannot write to standard output");
		code = VB_EXIT_DATA;
	}
	vb_report_done(&report);
	return (int)code;
}
