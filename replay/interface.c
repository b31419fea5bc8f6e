/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/interface.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/net/tun"

static int attach(int fd, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int head_len = 10; /* struct virtio_net_hdr; another program may have left it longer */

	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENAMETOOLONG;
	memcpy(request.ifr_name, name, strlen(name));
	/* 0: what is read from it is complete */
	if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETVNETHDRSZ, &head_len) ||
	    ioctl(fd, TUNSETOFFLOAD, 0))
		return -errno;
	return 0;
}

/* No permission, or no TAP devices at all: that is not the user's mistake. */
static int refusal(int rc)
{
	bool is_refusal = rc == -EPERM || rc == -EACCES || rc == -ENOENT || rc == -ENODEV ||
			  rc == -ENXIO;

	return is_refusal ? -ENOTSUP : rc;
}

int vb_interface_open(const char *name, struct vb_err *err)
{
	int fd = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd < 0) {
		rc = -errno;
		return vb_fail(err, refusal(rc), DEVICE ": %s", strerror(-rc));
	}
	rc = attach(fd, name);
	if (!rc)
		return fd;
	close(fd);
	return vb_fail(err, refusal(rc), "%s", strerror(-rc));
}
