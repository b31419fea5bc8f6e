/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmbus-agent: /init of a guest of vmbusreplay; and, by other names, what asks it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "replay/guest/agent.h"

static void say_hello(void)
{
	uint32_t version = VB_AGENT_VERSION;
	struct utsname name;

	if (uname(&name) < 0)
		name.release[0] = '\0';
	vb_port_send(VB_AGENT_HELLO, &version, sizeof(version), name.release, strlen(name.release));
}

/* Does not return: the end of the first process would be a panic of the kernel. */
static _Noreturn void end(const struct vb_agent *a, int32_t status)
{
	vb_port_send(VB_AGENT_DONE, &status, sizeof(status), NULL, 0);
	sync();
	reboot(a->end == VB_END_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}

static _Noreturn void run(struct vb_agent *a)
{
	int rc, status;

	rc = vb_port_open();
	if (rc == 0) {
		say_hello();
		vb_agent_mounts();
		rc = vb_agent_pump_open(a);
	}
	if (rc == 0)
		rc = vb_agent_requests_open(a);
	if (rc < 0) {
		dprintf(STDERR_FILENO, "vmbus-agent: %s\n", strerror(-rc));
		end(a, 1);
	}
	status = vb_agent_steps(a);
	if (a->end == VB_END_POWEROFF || a->end == VB_END_REBOOT)
		vb_port_send_text(VB_AGENT_PHASE, a->end == VB_END_REBOOT ? "asked to reboot" :
									    "asked to power off");
	vb_port_send_text(VB_AGENT_PHASE, "save");
	vb_agent_send_files();
	end(a, status);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	struct vb_agent a = { 0 };

	if (getpid() != 1)
		return vb_agent_client(name, argc, argv);
	a.signal_fd = a.timer_fd = a.listen_fd = a.frames_fd = -1;
	a.workload.out = a.capture.out = a.loader.out = a.doer.out = -1;
	run(&a);
}
