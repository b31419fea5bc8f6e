/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --version; apart from the other reports, since it alone needs the libraries' names.
 */
#include "capture/libpcap.h"
#include "capture/live.h"
#include "capture/report.h"

void vb_report_version(struct vb_report *r)
{
	vb_buf_fmt(&r->out, "vmbusdump %s\nJSON schema %d\n", VB_TOOLS_VERSION, VB_JSON_SCHEMA);
	vb_buf_fmt(&r->out, "libbpf %s\n%s\n", vb_source_bpf_version(), vb_pcap_version());
}
