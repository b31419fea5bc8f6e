/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/setup/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- where things are ---- */

static bool is_set(const char *value)
{
	return value && *value;
}

int vb_setup_cache(const char *option, char ret_dir[PATH_MAX], struct vb_err *err)
{
	const char *own = getenv("VMBUSREPLAY_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (option || is_set(own))
		n = snprintf(ret_dir, PATH_MAX, "%s", option ? option : own);
	else if (is_set(xdg))
		n = snprintf(ret_dir, PATH_MAX, "%s/vmbusreplay", xdg);
	else if (is_set(home))
		n = snprintf(ret_dir, PATH_MAX, "%s/.cache/vmbusreplay", home);
	else
		return vb_fail(err, -ENOENT,
			       "no place for the cache: name a directory in VMBUSREPLAY_CACHE");
	if (n >= PATH_MAX)
		return vb_fail(err, -ENAMETOOLONG, "the cache directory's name is too long");
	return 0;
}

/* How an item is called, and how it is fetched. */
static const struct {
	const char *kind; /* directory; also the word for setup */
	const char *file; /* in the kernel's, or in kind's */
	bool of_suite;	  /* one for all kernels of a suite */
} items[] = {
	[VB_SETUP_IMAGE] = { "kernel", "vmlinuz", false },
	[VB_SETUP_MODULES] = { "kernel", "ko", false },
	[VB_SETUP_ORDER] = { "kernel", "modules.order", false },
	[VB_SETUP_VERSION] = { "kernel", "version", false },
	[VB_SETUP_DAEMONS] = { "daemons", "root", true },
	[VB_SETUP_BUSYBOX] = { "busybox", "busybox", false },
};

/* Length of the name without the flavour. */
static size_t suite_len(const char *kernel)
{
	static const char flavour[] = "-generic";
	size_t len = strlen(kernel), tail = sizeof(flavour) - 1;

	return len > tail && !strcmp(kernel + len - tail, flavour) ? len - tail : len;
}

int vb_setup_path(const char *cache, enum vb_setup_item item, const char *kernel,
		  char ret_path[PATH_MAX], struct vb_err *err)
{
	const char *kind = items[item].kind, *name = item == VB_SETUP_BUSYBOX ? "" : kernel;
	size_t len = items[item].of_suite ? suite_len(name) : strlen(name);
	int n;

	if (strchr(name, '/') || name[0] == '.')
		return vb_fail(err, -ENOENT,
			       "no kernel has the name '%s'; see: vmbusreplay setup "
			       "table",
			       name);
	n = snprintf(ret_path, PATH_MAX, "%s/%s/%.*s%s%s", cache, kind, (int)len, name,
		     len ? "/" : "", items[item].file);
	if (n >= PATH_MAX)
		return vb_fail(err, -ENAMETOOLONG, "the cache directory's name is too long");
	if (!access(ret_path, R_OK))
		return 0;
	return vb_fail(err, -ENOENT, "%s is not there: run vmbusreplay setup %s%s%.*s", ret_path,
		       kind, len ? " " : "", (int)len, name);
}

/* ---- fetching ---- */

static int explain(int status, struct vb_err *err)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		return vb_fail(err, -EINVAL, "setup does not understand these words");
	if (WIFSIGNALED(status))
		return vb_fail(err, -EINTR, "setup was ended by signal %d", WTERMSIG(status));
	return vb_fail(err, -EIO, "setup failed, for the reason above");
}

int vb_setup_run(const char *cache, const char *const *words, size_t n_words, struct vb_err *err)
{
	const char **argv = calloc(n_words + 7, sizeof(*argv));
	size_t n = 0;
	int status;
	pid_t pid;

	if (!argv)
		return vb_fail(err, -ENOMEM, "out of memory");
	argv[n++] = "sh";
	argv[n++] = "-c";
	argv[n++] = vb_setup_script;
	argv[n++] = "setup";
	argv[n++] = "--cache";
	argv[n++] = cache;
	for (size_t i = 0; i < n_words; i++)
		argv[n++] = words[i];
	pid = fork();
	if (!pid) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	free(argv);
	if (pid < 0)
		return vb_fail(err, -errno, "cannot start a shell: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return vb_fail(err, -errno, "lost the shell: %s", strerror(errno));
	return explain(status, err);
}
