/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <bpf/libbpf.h>

#include "capture/live.h"

/* libbpf_version_string() has the digits behind a "v". */
const char *vb_source_bpf_version(void)
{
	return libbpf_version_string();
}
