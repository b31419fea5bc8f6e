/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/interface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
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

/* ---- the other end ---- */

/* Networks for documentation: RFC 5737. */
static const char *const addresses[] = { "192.0.2.1", "198.51.100.1", "203.0.113.1" };

#define N_ADDRESSES (sizeof(addresses) / sizeof(*addresses))
#define MASK "255.255.255.0"
#define FORWARD "/proc/sys/net/ipv4/ip_forward"

static struct sockaddr_in inet(const char *text)
{
	struct sockaddr_in ret = { .sin_family = AF_INET };

	inet_pton(AF_INET, text, &ret.sin_addr);
	return ret;
}

static bool is_taken(const struct ifaddrs *all, const struct sockaddr_in *in)
{
	struct sockaddr_in has;

	for (; all; all = all->ifa_next) {
		if (!all->ifa_addr || all->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&has, all->ifa_addr, sizeof(has));
		if (has.sin_addr.s_addr == in->sin_addr.s_addr)
			return true;
	}
	return false;
}

static int free_address(struct sockaddr_in *ret)
{
	struct ifaddrs *all;
	int rc = -EADDRINUSE;

	if (getifaddrs(&all))
		return -errno;
	for (size_t i = 0; i < N_ADDRESSES && rc; i++) {
		*ret = inet(addresses[i]);
		if (!is_taken(all, ret))
			rc = 0;
	}
	freeifaddrs(all);
	return rc;
}

static int set_up(int fd, const char *name)
{
	struct sockaddr_in address, mask = inet(MASK);
	struct ifreq request = { .ifr_flags = 0 };
	int rc = free_address(&address);

	if (rc)
		return rc;
	memcpy(request.ifr_name, name, strlen(name));
	memcpy(&request.ifr_addr, &address, sizeof(address));
	if (ioctl(fd, SIOCSIFADDR, &request))
		return -errno;
	memcpy(&request.ifr_netmask, &mask, sizeof(mask));
	if (ioctl(fd, SIOCSIFNETMASK, &request))
		return -errno;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
}

static int forward(void)
{
	int fd = open(FORWARD, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		rc = -errno;
	close(fd);
	return rc;
}

int vb_interface_serve(const char *name, struct vb_err *err)
{
	int fd, rc;

	if (strlen(name) >= IFNAMSIZ)
		return vb_fail(err, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vb_fail(err, -errno, "no socket: %s", strerror(errno));
	rc = set_up(fd, name);
	close(fd);
	if (!rc)
		rc = forward();
	return rc ? vb_fail(err, rc, "cannot set it up: %s", strerror(-rc)) : 0;
}
