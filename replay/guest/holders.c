/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a daemon has registered with its driver: only then the driver gives it work. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "replay/guest/agent.h"

/* Sleeping, as /proc/PID/stat has it: the letter behind the name in parentheses. */
static bool sleeps(const char *pid)
{
	char path[PATH_MAX], text[256] = "";
	const char *name_end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	name_end = strrchr(text, ')');
	return name_end && strncmp(name_end, ") S", 3) == 0;
}

static bool has_open(const char *pid, const char *file)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, file) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

bool vb_agent_is_served(const char *device)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir)))
		found = isdigit((unsigned char)e->d_name[0]) && sleeps(e->d_name) &&
			has_open(e->d_name, device);
	if (dir)
		closedir(dir);
	return found;
}
