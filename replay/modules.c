/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_MODULE (64u << 20)
#define MAX_DEPTH 16u
#define MAX_NAME 64u

/* ---- which files there are ---- */

static const struct {
	const char *end;
	const char *program; /* what expands it */
} forms[] = { { ".ko", NULL }, { ".ko.xz", "xz" }, { ".ko.zst", "zstd" }, { ".ko.gz", "gzip" } };

#define N_FORMS (sizeof(forms) / sizeof(*forms))

/* The form of a file name; N_FORMS: it is no module. ret_name: its name, as the kernel writes it. */
static size_t form_of(const char *path, char ret_name[MAX_NAME])
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base);

	for (size_t i = 0; i < N_FORMS; i++) {
		size_t end = strlen(forms[i].end);

		if (len <= end || len - end >= MAX_NAME ||
		    strcmp(base + len - end, forms[i].end) != 0)
			continue;
		memcpy(ret_name, base, len - end);
		ret_name[len - end] = '\0';
		for (char *p = ret_name; *p; p++)
			*p = *p == '-' ? '_' : *p;
		return i;
	}
	return N_FORMS;
}

static int keep_path(struct vb_module_dir *d, const char *path, struct vb_err *err)
{
	char **bigger = reallocarray(d->paths, d->n + 1, sizeof(*bigger));

	if (bigger) {
		d->paths = bigger;
		bigger[d->n] = strdup(path);
	}
	if (!bigger || !bigger[d->n])
		return vb_fail(err, -ENOMEM, "not enough memory");
	d->n++;
	return 0;
}

int vb_module_dir_scan(const char *dir, struct vb_module_dir *ret, struct vb_err *err)
{
	char *copy = strdup(dir), *roots[] = { copy, NULL };
	FTS *fts = copy ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
	char name[MAX_NAME];
	FTSENT *e;
	int rc = 0;

	*ret = (struct vb_module_dir){ 0 };
	if (!fts || access(dir, R_OK | X_OK) < 0)
		rc = vb_fail(err, -errno, "cannot read the modules in %s: %s", dir,
			     strerror(errno));
	while (rc == 0 && (e = fts_read(fts)))
		if (e->fts_info == FTS_F && form_of(e->fts_path, name) < N_FORMS)
			rc = keep_path(ret, e->fts_path, err);
	if (fts)
		fts_close(fts);
	free(copy);
	if (rc < 0)
		vb_module_dir_done(ret);
	return rc;
}

void vb_module_dir_done(struct vb_module_dir *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->paths[i]);
	free(d->paths);
	*d = (struct vb_module_dir){ 0 };
}

/* ---- their bytes ---- */

static int read_all(int fd, struct vb_module *m)
{
	size_t cap = 0;

	for (;;) {
		ssize_t n;

		if (cap - m->len < 65536) {
			uint8_t *bigger = realloc(m->bytes, cap = cap * 2 + 131072);

			if (!bigger)
				return -ENOMEM;
			m->bytes = bigger;
		}
		n = read(fd, m->bytes + m->len, cap - m->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		m->len += (size_t)n;
		if (m->len > MAX_MODULE)
			return -EFBIG;
	}
}

/* Read what a program makes of the file. */
static int read_expanded(const char *program, const char *path, struct vb_module *m)
{
	int fds[2], status, rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execlp(program, program, "-dc", path, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	rc = pid < 0 ? -errno : read_all(fds[0], m);
	close(fds[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && rc == 0 && status != 0)
		rc = -EIO;
	return rc;
}

static int read_module(const char *path, const char *program, struct vb_module *m,
		       struct vb_err *err)
{
	int fd, rc;

	if (program) {
		rc = read_expanded(program, path, m);
		return rc < 0 ? vb_fail(err, rc, "cannot expand %s with %s", path, program) : 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -errno : read_all(fd, m);
	if (fd >= 0)
		close(fd);
	return rc < 0 ? vb_fail(err, rc, "cannot read %s: %s", path, strerror(-rc)) : 0;
}

const char *vb_module_depends(const uint8_t *bytes, size_t len)
{
	static const char key[] = "depends=";
	const uint8_t *at = bytes, *end = bytes + len;

	/* Strings of .modinfo follow each other, each with its NUL; the first begins the section. */
	while ((at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1))) {
		const uint8_t *value = at + sizeof(key) - 1;

		if (at > bytes && at[-1] == '\0' && memchr(value, '\0', (size_t)(end - value)))
			return (const char *)value;
		at = value;
	}
	return NULL;
}

/* ---- the order ---- */

static bool is_there(const struct vb_module_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->modules[i].name, name) == 0)
			return true;
	return false;
}

/* The file of a module and its form; NULL: none. */
static const char *find_file(const struct vb_module_dir *dir, const char *name, size_t *ret_form)
{
	char found[MAX_NAME];

	for (size_t i = 0; i < dir->n; i++) {
		*ret_form = form_of(dir->paths[i], found);
		if (*ret_form < N_FORMS && strcmp(found, name) == 0)
			return dir->paths[i];
	}
	return NULL;
}

static int keep_module(struct vb_module_list *list, const struct vb_module *m)
{
	struct vb_module *bigger = reallocarray(list->modules, list->n + 1, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	list->modules = bigger;
	bigger[list->n++] = *m;
	return 0;
}

static int add(struct vb_module_list *list, const struct vb_module_dir *dir, const char *name,
	       unsigned int depth, struct vb_err *err);

static int add_depends(struct vb_module_list *list, const struct vb_module_dir *dir,
		       const struct vb_module *m, unsigned int depth, struct vb_err *err)
{
	const char *p = vb_module_depends(m->bytes, m->len);
	char name[MAX_NAME];
	int rc = 0;

	while (rc == 0 && p && *p) {
		size_t len = strcspn(p, ",");

		if (len >= sizeof(name))
			return vb_fail(err, -EINVAL, "module %s names no module", m->name);
		memcpy(name, p, len);
		name[len] = '\0';
		if (len > 0)
			rc = add(list, dir, name, depth + 1, err);
		p += len + (p[len] == ',');
	}
	return rc;
}

static int add(struct vb_module_list *list, const struct vb_module_dir *dir, const char *name,
	       unsigned int depth, struct vb_err *err)
{
	struct vb_module m = { .name = strdup(name) };
	const char *path;
	size_t form;
	int rc = 0;

	if (!m.name)
		return vb_fail(err, -ENOMEM, "not enough memory");
	for (char *p = m.name; *p; p++)
		*p = *p == '-' ? '_' : *p;
	path = is_there(list, m.name) ? NULL : find_file(dir, m.name, &form);
	if (path && depth > MAX_DEPTH)
		rc = vb_fail(err, -ELOOP, "modules depend on each other: %s", name);
	if (path && rc == 0)
		rc = read_module(path, forms[form].program, &m, err);
	if (path && rc == 0)
		rc = add_depends(list, dir, &m, depth, err);
	if (path && rc == 0)
		rc = keep_module(list, &m);
	if (path && rc == 0)
		return 0;
	free(m.name);
	free(m.bytes);
	return rc;
}

int vb_module_list_add(struct vb_module_list *list, const struct vb_module_dir *dir,
		       const char *name, struct vb_err *err)
{
	return add(list, dir, name, 0, err);
}

void vb_module_list_done(struct vb_module_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->modules[i].name);
		free(list->modules[i].bytes);
	}
	free(list->modules);
	*list = (struct vb_module_list){ 0 };
}
