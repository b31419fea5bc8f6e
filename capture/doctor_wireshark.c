/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/doctor_wireshark.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PLUGIN "plugins/*/epan/vmbus.so"
#define CAPTURE "extcap/vmbusdump"

/* As a path has it, first the one that is found first when both have a Wireshark. */
static const char *const prefixes[] = { "/usr/local", "/usr" };

/* Below a prefix; the last one holds the capture programs of version 4.6 and later. */
static const char *const folders[] = { "lib/*/wireshark", "lib/wireshark", "lib64/wireshark",
				       "libexec/wireshark" };

static const char *const programs[] = { "bin/wireshark", "bin/tshark" };

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* ---- looking ---- */

/*
 * The first path that fits; "*" is any one name. Not glob(3): what it needs to look up users makes
 * a static program depend on libraries of the machine.
 */
static bool find(const char *pattern, char ret[PATH_MAX])
{
	const char *star = strchr(pattern, '*');
	char path[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	if (!star) {
		snprintf(ret, PATH_MAX, "%s", pattern);
		return access(pattern, R_OK) == 0;
	}
	snprintf(path, sizeof(path), "%.*s", (int)(star - pattern), pattern);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%.*s%s%s", (int)(star - pattern), pattern,
			     e->d_name, star + 1) >= (int)sizeof(path))
			continue;
		found = find(path, ret);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool find_below(const char *root, const char *prefix, const char *name, char ret[PATH_MAX])
{
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s%s/%s", root, prefix, name);
	return find(pattern, ret);
}

/* In the folders of the Wireshark that has this prefix. */
static bool find_part(const char *root, const char *prefix, const char *part, char ret[PATH_MAX])
{
	char name[64];

	for (size_t i = 0; i < N(folders); i++) {
		snprintf(name, sizeof(name), "%s/%s", folders[i], part);
		if (find_below(root, prefix, name, ret))
			return true;
	}
	return false;
}

/* NULL: there is none; ret then is undefined. */
static const char *find_wireshark(const char *root, char ret[PATH_MAX])
{
	for (size_t i = 0; i < N(prefixes); i++)
		for (size_t j = 0; j < N(programs); j++)
			if (find_below(root, prefixes[i], programs[j], ret))
				return prefixes[i];
	return NULL;
}

/* ---- telling ---- */

struct doctor {
	const struct vb_wireshark_place *where;
	const char *prefix; /* of Wireshark */
	void (*found)(void *ctx, const struct vb_finding *f);
	void *ctx;
};

static void tell(const struct doctor *d, bool good, const char *subject, const char *detail,
		 const char *remedy)
{
	d->found(d->ctx, &(struct vb_finding){ .verdict = good ? VB_GOOD : VB_WARN,
					       .subject = subject,
					       .detail = detail,
					       .remedy = good ? "" : remedy });
}

/* Wireshark of root loads nothing from a home, not even root's. */
static void check_plugin(const struct doctor *d)
{
	static const char subject[] = "Wireshark's plugin";
	const struct vb_wireshark_place *w = d->where;
	char path[PATH_MAX];

	if (find_part(w->root, d->prefix, PLUGIN, path))
		tell(d, true, subject, path, "");
	else if (w->home && find_below(w->home, "/.local/lib/wireshark", PLUGIN, path))
		tell(d, !w->superuser, subject, path,
		     "Wireshark run as root ignores plugins in ~/.local: install the plugin into the "
		     "system directory (cmake --install)");
	else
		tell(d, false, subject, "not installed: records are shown as bytes",
		     w->superuser ?
			     "build it where wireshark-dev is installed, then install it "
			     "into the system directory (cmake --install): Wireshark run "
			     "as root ignores plugins in ~/.local" :
			     "build it where wireshark-dev is installed, then cmake --install");
}

static void check_capture(const struct doctor *d)
{
	static const char subject[] = "capture in Wireshark";
	const struct vb_wireshark_place *w = d->where;
	char path[PATH_MAX];

	if (find_part(w->root, d->prefix, CAPTURE, path) ||
	    (w->home && find_below(w->home, "/.local/lib/wireshark", CAPTURE, path)))
		tell(d, true, subject, path, "");
	else
		tell(d, false, subject, "vmbusdump is not among its capture programs (extcap)",
		     "cmake --install, or link vmbusdump into the folder that Wireshark names "
		     "under Help, About, Folders");
}

void vb_wireshark_doctor(const struct vb_wireshark_place *where,
			 void (*found)(void *ctx, const struct vb_finding *f), void *ctx)
{
	struct doctor d = { .where = where, .found = found, .ctx = ctx };
	char path[PATH_MAX];

	d.prefix = find_wireshark(where->root, path);
	if (!d.prefix) {
		tell(&d, true, "Wireshark", "not installed here; it shows traces on any machine",
		     "");
		return;
	}
	tell(&d, true, "Wireshark", path, "");
	check_plugin(&d);
	check_capture(&d);
}
