/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reset DISK: has the kernel reset the host that the disk is at, as sg_reset -H of sg3_utils does. */
#include <fcntl.h>
#include <scsi/scsi_ioctl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	int what = SG_SCSI_RESET_HOST;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd < 0 || ioctl(fd, SG_SCSI_RESET, &what)) {
		perror("reset");
		return 1;
	}
	return 0;
}
