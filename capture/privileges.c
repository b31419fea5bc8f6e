/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/number.h"

/* (uid_t)-1 means "leave as it is" to the system. */
static bool parse_uid(const char *text, uid_t *ret)
{
	uint64_t value;

	if (vb_number_parse(text, (uid_t)-1 - 1, &value))
		return false;
	*ret = (uid_t)value;
	return true;
}

static bool look_up(const char *user, bool by_uid, struct vb_identity *id)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *p;
	bool found = false;

	while (f && !found && (p = fgetpwent(f)) != NULL) {
		found = by_uid ? p->pw_uid == id->uid : strcmp(p->pw_name, user) == 0;
		if (found)
			*id = (struct vb_identity){ p->pw_uid, p->pw_gid };
	}
	if (f)
		fclose(f);
	return found;
}

int vb_identity_find(const char *user, struct vb_identity *ret, struct vb_err *err)
{
	bool by_uid = parse_uid(user, &ret->uid);

	if (look_up(user, by_uid, ret))
		return 0;
	if (!by_uid)
		return vb_fail(err, -EINVAL,
			       "-Z %s: no such user in /etc/passwd; a user id will do as well",
			       user);
	ret->gid = (gid_t)ret->uid;
	return 0;
}

int vb_privileges_drop(const struct vb_identity *id, struct vb_err *err)
{
	if (setgroups(0, NULL) < 0 || setresgid(id->gid, id->gid, id->gid) < 0 ||
	    setresuid(id->uid, id->uid, id->uid) < 0)
		return vb_fail(err, -errno, "-Z: cannot become user %u: %s", (unsigned int)id->uid,
			       strerror(errno));
	if (getuid() != id->uid || geteuid() != id->uid || getgid() != id->gid ||
	    (id->uid != 0 && setuid(0) == 0))
		return vb_fail(err, -EPERM, "-Z: could not give up root for good");
	return 0;
}
