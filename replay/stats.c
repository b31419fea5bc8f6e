/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dissectors/sinks.h"

/* The unit is part of the name: _ns, _bytes, or a number of things. Names are permanent. */
static const struct figure {
	const char *name;
	const char *title; /* for people; NULL: not told */
	size_t at;	   /* in struct vb_session_result: a uint64_t */
} figures[] = {
#define AT(member) offsetof(struct vb_session_result, member)
	{ "boot_ns", NULL, AT(boot_ns) },
	{ "duration_ns", NULL, AT(duration_ns) },
	{ "control_in", "control messages in", AT(host.messages_in) },
	{ "control_out", "out", AT(host.messages_out) },
	{ "packets_in", "packets in", AT(host.packets_in) },
	{ "packets_out", "out", AT(host.packets_out) },
	{ "signals_in", NULL, AT(host.signals_in) },
	{ "interrupts_out", NULL, AT(host.interrupts_out) },
	{ "slot_waits", NULL, AT(host.slot_waits) },
	{ "ring_full", NULL, AT(host.ring_full) },
	{ "faults", NULL, AT(host.faults) },
	{ "broken_channels", NULL, AT(host.broken) },
	{ "exits", NULL, AT(vm.exits) },
	{ "hypercalls", NULL, AT(vm.hypercalls) },
	{ "io_exits", NULL, AT(vm.io_exits) },
	{ "cpu_ns", NULL, AT(vm.host_cpu_ns) },
	{ "cpu_control_ns", NULL, AT(vm.control_cpu_ns) },
	{ "cpu_packets_ns", NULL, AT(vm.packets_cpu_ns) },
	{ "memory_peak_bytes", NULL, AT(memory.peak) },
	{ "memory_guest_bytes", NULL, AT(memory.guest) },
	{ "memory_own_bytes", NULL, AT(memory.own) },
	{ "host_records", NULL, AT(n_records) },
	{ "guest_files", NULL, AT(n_files) },
#undef AT
};

#define N_FIGURES (sizeof(figures) / sizeof(figures[0]))

static uint64_t value_of(const struct figure *f, const struct vb_session_result *r)
{
	return *(const uint64_t *)((const char *)r + f->at);
}

void vb_stats_text(const struct vb_session_result *r, struct vb_buf *out)
{
	const char *separator = "";

	for (size_t i = 0; i < N_FIGURES; i++) {
		if (!figures[i].title)
			continue;
		vb_buf_fmt(out, "%s%" PRIu64 " %s", separator, value_of(&figures[i], r),
			   figures[i].title);
		separator = ", ";
	}
}

void vb_stats_json(const struct vb_session_result *r, struct vb_buf *out)
{
	vb_buf_str(out, "{\"kernel\":");
	vb_buf_json(out, r->release);
	for (size_t i = 0; i < N_FIGURES; i++) {
		uint64_t value = value_of(&figures[i], r);

		vb_buf_fmt(out, ",\"%s\":", figures[i].name);
		if (value == VB_UNKNOWN)
			vb_buf_str(out, "null");
		else
			vb_buf_fmt(out, "%" PRIu64, value);
	}
	vb_buf_str(out, "}\n");
}

int vb_stats_write(const struct vb_session_result *r, const char *path, struct vb_err *err)
{
	struct vb_buf text = { 0 };
	FILE *f = fopen(path, "we");
	int rc = f ? 0 : -errno;

	vb_stats_json(r, &text);
	if (rc == 0 && text.failed)
		rc = -ENOMEM;
	if (rc == 0 && fwrite(text.data, 1, text.len, f) != text.len)
		rc = -EIO;
	if (f && fclose(f) != 0 && rc == 0)
		rc = -errno;
	vb_buf_done(&text);
	return rc < 0 ? vb_fail(err, rc, "--stats: cannot write %s: %s", path, strerror(-rc)) : 0;
}
