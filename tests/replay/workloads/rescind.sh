# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Devices and drivers go and come while they are in use: a rescind in the middle of beats, 20 times;
# hv_utils unloaded and loaded; and the whole bus, at each of its versions (where hv_vmbus is no part
# of the kernel). Prints "rescinded in use 20 times", "reloaded hv_utils", "connected V".
# shellcheck source=/dev/null
. /lib.sh


# After so many packets, of whoever, in the middle of beats.
in_use() { # PACKETS
	host fault "heartbeat:rescind=$1" || fail fault
	refused "the channel was closed" host heartbeat beat 2000
	wait_for 10 has_none heartbeat || fail "the device stays after its rescind"
	host fault heartbeat:none || fail "no end of the fault"
	host offer heartbeat || fail offer
	wait_for 10 host heartbeat beat || fail "no beats after the return"
}

# A daemon ends with its device.
start_kvp() {
	wait_for 10 test -e /dev/vmbus/hv_kvp || fail "no /dev/vmbus/hv_kvp"
	wait_for 2 dead hv_kvp_daemon && { /usr/sbin/hv_kvp_daemon -n >/dev/null 2>&1 & }
	wait_for 60 host kvp enumerate 2 || fail "no key-value exchange after the return"
}

kvp_in_use() {
	host kvp burst 100000 >/tmp/burst 2>&1 &
	usleep 50000
	host rescind kvp || fail "rescind kvp"
	! wait $! || fail "100000 questions were answered, though the device went"
	grep -q "the channel was closed" /tmp/burst || fail "they ended otherwise: $(cat /tmp/burst)"
	step "$(cat /tmp/burst)"
	wait_for 10 has_none kvp || fail "the device stays after its rescind"
	host offer kvp || fail "offer kvp"
	start_kvp
}

wait_for 20 host heartbeat beat || fail "no heartbeat"
n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	in_use $((n * n))
done
expect "5 of 5 answered" host heartbeat beat 5
echo "rescinded in use $n times"
if [ -z "$(obstacle kvp)" ]; then
	wait_for 60 host kvp enumerate 2 || fail "no key-value exchange"
	kvp_in_use
	kvp_in_use
	echo "rescinded kvp in use"
fi

unload_utils() {
	# an open device file keeps the module
	killall hv_kvp_daemon hv_vss_daemon hv_fcopy_daemon hv_fcopy_uio_daemon 2>/dev/null
	wait_for 10 rmmod hv_utils || fail "hv_utils cannot be unloaded: $(rmmod hv_utils 2>&1)"
	refused "not opened" host heartbeat beat
}

unload_utils
insmod /lib/modules/hv_utils.ko || fail "hv_utils"
wait_for 20 host heartbeat beat || fail "no beats after hv_utils came again"
echo "reloaded hv_utils"

# vmbusdump looks a few times a second whether hv_vmbus is there again.
captured() {
	grep -q "^capture " /etc/vmbus-agent || return 0
	grep "hv_pkt_iter_first.*hv_vmbus" /sys/kernel/debug/kprobes/list | grep -vq GONE || return 1
	usleep 300000
}

connect_at() { # VERSION
	unload_utils
	for m in uio_hv_generic hv_vmbus; do
		[ ! -d /sys/module/$m ] || rmmod $m || fail "$m cannot be unloaded"
	done
	wait_for 10 unconnected || fail "the host saw no unload: $(host version)"
	host version "$1" || fail "version $1"
	insmod /lib/modules/hv_vmbus.ko || fail hv_vmbus
	wait_for 10 captured || fail "vmbusdump does not capture the bus that came again"
	expect "VMBus $1" host version
	said=$(dmesg | sed -n 's/.*hv_vmbus: Vmbus version:\([0-9.]*\).*/\1/p' | tail -n 1)
	[ "$said" = "$1" ] || fail "hv_vmbus says $said, not $1"
	insmod /lib/modules/hv_utils.ko || fail hv_utils
	wait_for 20 host heartbeat beat || fail "$1: no heartbeat"
	expect "20 of 20 answered" host heartbeat beat 20
	expect "framework 3.0, message 3.0" host heartbeat versions
	echo "connected $1"
}

unconnected() { host version | grep -q "not connected"; }

if [ -e /lib/modules/hv_vmbus.ko ]; then
	# 2.4 is the last: Linux does not say that it unloads what is older than 3.0
	for version in 3.0 4.0 4.1 5.0 5.1 5.2 5.3 2.4; do
		connect_at $version
	done
fi
