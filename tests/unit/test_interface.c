/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TAP devices of the machine, in a network of their own. Where that, or making one, is not permitted,
 * the error says so.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "replay/interface.h"

/* Nobody else sees what happens there. */
static bool is_alone(void)
{
	return !unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

Test(interface, a_device_is_made_and_goes_again)
{
	struct vb_err err = { "" };
	int fd;

	if (!is_alone())
		cr_skip("no network namespaces here");
	fd = vb_interface_open("vbtest0", &err);
	if (fd < 0) {
		cr_expect_eq(fd, -ENOTSUP, "%s", err.text);
		return;
	}
	cr_expect_neq(if_nametoindex("vbtest0"), 0);
	cr_expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	cr_expect_eq(if_nametoindex("vbtest0"), 0);
}

Test(interface, names_that_cannot_be)
{
	struct vb_err err = { "" };
	int rc;

	if (!is_alone())
		cr_skip("no network namespaces here");
	rc = vb_interface_open("a-name-of-17-byte", &err);
	cr_expect(rc == -ENAMETOOLONG || rc == -ENOTSUP, "%d", rc);
	cr_expect_neq(err.text[0], '\0');
	rc = vb_interface_open("lo", &err);
	cr_expect(rc == -EINVAL || rc == -ENOTSUP, "it is another kind: %d", rc);
}
