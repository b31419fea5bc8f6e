/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TAP devices of the machine, in a network of their own. Where that, or making one, is not permitted,
 * the error says so.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
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

/* Some interface has the address; asked when there is one at all, as before that Linux lets all be bound to.*/
static bool is_ours(const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	cr_assert_geq(fd, 0);
	inet_pton(AF_INET, address, &in.sin_addr);
	rc = bind(fd, (struct sockaddr *)&in, sizeof(in));
	close(fd);
	return rc == 0;
}

Test(interface, the_kernel_at_the_other_end)
{
	static const char *const want[] = { "192.0.2.1", "198.51.100.1", "203.0.113.1" };
	struct vb_err err = { "" };
	char name[32];
	int fds[4], rc;

	if (!is_alone())
		cr_skip("no network namespaces here");
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "vbtest%d", i);
		fds[i] = vb_interface_open(name, &err);
		if (fds[i] == -ENOTSUP)
			cr_skip("no TAP devices here");
		cr_assert_geq(fds[i], 0, "%s", err.text);
		rc = vb_interface_serve(name, &err);
		if (i == 3) {
			cr_expect_eq(rc, -EADDRINUSE, "%d", rc);
			break;
		}
		cr_assert_eq(rc, 0, "%s", err.text);
		cr_expect(is_ours(want[i]), "%s", want[i]);
	}
	/* one that is gone leaves its address to the next */
	close(fds[1]);
	cr_expect(!is_ours(want[1]));
	cr_expect_eq(vb_interface_serve("vbtest3", &err), 0, "%s", err.text);
	cr_expect(is_ours(want[1]));
}

Test(interface, none_to_serve)
{
	struct vb_err err = { "" };

	if (!is_alone())
		cr_skip("no network namespaces here");
	cr_expect_eq(vb_interface_serve("vbtest9", &err), -ENODEV);
	cr_expect_eq(vb_interface_serve("a-name-of-17-byte", &err), -ENAMETOOLONG);
}
