/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/memory_use.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "capture/number.h"

/* A line "NAME:   123 kB", in bytes. */
static uint64_t value_of(const char *status, const char *name)
{
	size_t len = strlen(name);
	const char *end;

	for (const char *line = status; line; line = strchr(line, '\n')) {
		uint64_t kib;

		line += *line == '\n';
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, "\t ");
		if (vb_number_scan(line, 10, UINT64_MAX / 1024, &kib, &end))
			return VB_UNKNOWN;
		return strncmp(end, " kB", 3) == 0 ? kib * 1024 : VB_UNKNOWN;
	}
	return VB_UNKNOWN;
}

void vb_memory_use_parse(const char *status, struct vb_memory_use *ret)
{
	bool known;

	ret->peak = value_of(status, "VmHWM");
	ret->guest = value_of(status, "RssShmem");
	known = ret->peak != VB_UNKNOWN && ret->guest != VB_UNKNOWN && ret->guest <= ret->peak;
	ret->own = known ? ret->peak - ret->guest : VB_UNKNOWN;
}

void vb_memory_use(struct vb_memory_use *ret)
{
	char text[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	vb_memory_use_parse(text, ret);
}
