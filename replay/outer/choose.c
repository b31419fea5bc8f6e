/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the machine is emulated. */
#include <errno.h>
#include <limits.h>

#include "dissectors/sinks.h"
#include "replay/outer/command.h"
#include "replay/vmm/vm.h"

int vb_outer_choose(enum vb_accel accel, bool *ret_emulated, struct vb_err *err)
{
	char path[PATH_MAX];
	struct vb_err why = { "" };
	int ret = accel == VB_ACCEL_EMULATED ? -ENOTSUP : vb_vm_possible(&why);

	*ret_emulated = ret != 0;
	if (!ret)
		return 0;
	if (accel == VB_ACCEL_KVM)
		return vb_fail(err, -ENOTSUP, "%s", why.text);
	if (!vb_outer_find_emulator(path, sizeof(path), err))
		return 0;
	if (accel == VB_ACCEL_EMULATED)
		return -ENOTSUP;
	return vb_fail(err, -ENOTSUP, "%s; to emulate a machine instead, install qemu-system-x86",
		       why.text);
}
