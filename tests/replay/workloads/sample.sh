# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# A little of one service, for samples/: the service's name is in /service.
# shellcheck source=/dev/null
. /lib.sh

service=$(cat /service)

heartbeat() {
	wait_for 20 host heartbeat beat || fail "no heartbeat"
	host heartbeat beat 3
}

shutdown() {
	wait_for 20 test -n "$(driver_of shutdown)" || fail "no shutdown service"
	sleep 1
	refused "" host shutdown request 64
	host shutdown poweroff
	sleep 60
	fail "a minute later the guest is still there"
}

timesync() {
	wait_for 20 host timesync probe || fail "no time synchronization"
	host timesync sample
	host timesync sync 3600
}

netvsc() {
	echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
	ip link set eth0 up
	ip addr add 192.0.2.2/24 dev eth0
	ping -c 1 192.0.2.1 || fail ping
	expect hello nc 192.0.2.1 7 <<-END
		hello
	END
	head -c 9000 /bin/busybox | nc 192.0.2.1 9
	add_vlan eth0 7 198.51.100.2/24
	ping -c 1 -W 1 198.51.100.1
}

raise_eth0() {
	wait_for 20 test -d /sys/class/net/eth0 || fail "no eth0"
	echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
	ip link set eth0 up
	ip addr add 192.0.2.2/24 dev eth0
	ping -c 1 192.0.2.1 || fail ping
}

netvsc_bulk() {
	raise_eth0
	/bin/stream send 192.0.2.1 9 150000
	/bin/stream receive 192.0.2.1 19 150000
}

netvsc_offload() {
	raise_eth0
	/bin/stream receive 192.0.2.1 19 20000
	# from here on, the driver wants no coalescing
	add_vlan eth0 7 192.0.2.2/24
	ip addr flush dev eth0
	ping -c 1 192.0.2.1 || fail "ping with a tag"
	/bin/stream send 192.0.2.1 9 20000
	/bin/stream datagram 192.0.2.1 7 1000
}

# Its start is seen by unbinding and binding: a capture that waits for hv_vmbus may lose a record where
# there is more than one processor.
netvsc_queues() {
	wait_for 20 test -d /sys/class/net/eth0 || fail "no eth0"
	/bin/vmbusdump -i netvsc -w /out/netvsc-queues.pcapng 2>/tmp/capture &
	capture=$!
	wait_for 120 grep -q capturing /tmp/capture || fail "no capture"
	device=$(basename "$(readlink -f /sys/class/net/eth0/device)")
	echo "$device" >/sys/bus/vmbus/drivers/hv_netvsc/unbind
	echo "$device" >/sys/bus/vmbus/drivers/hv_netvsc/bind
	raise_eth0
	for i in 1 2 3 4; do
		/bin/stream echo 192.0.2.1 7 $((i * 100))
	done
	host netvsc table 0 1
	sleep 1
	kill -INT $capture
	wait $capture || fail "capture: $(cat /tmp/capture)"
}

# Refused by status, late, unplugged, taken back.
netvsc_faults() {
	raise_eth0
	host fault netvsc:status=2
	ping -c 2 -W 1 192.0.2.1
	ping -c 2 -W 1 192.0.2.1
	host fault netvsc:delay=50000
	ping -c 2 -W 1 192.0.2.1
	host fault netvsc:none
	host netvsc link down
	sleep 3
	host netvsc link up
	sleep 3
	host netvsc vf 3
	host netvsc vf none
	ping -c 1 192.0.2.1
	host rescind netvsc
	wait_for 20 test ! -d /sys/class/net/eth0
}

kvp() {
	wait_for 60 host kvp enumerate 2 0 || fail "no key-value exchange"
	host kvp set 0 greeting "hello from the host"
	host kvp set 1 answer 42 u32
	host kvp enumerate 0 all
	host kvp get 0 greeting
	host kvp delete 0 greeting
	refused "" host kvp get 0 greeting
	host kvp get-ip 00:00:00:00:00:99
	host kvp set-ip 00000000-0000-0000-0000-000000000099 "192.0.2.2;2001:db8::2" "255.255.255.0;64" 192.0.2.1 192.0.2.53
}

vss() {
	wait_for 60 host vss backup 0.5 || fail "no backup service"
}

fcopy() {
	wait_for 60 host fcopy copy payload /tmp/dir/copied create-path || fail "no file copy"
	refused "" host fcopy copy payload /tmp/dir/copied
}

run=$(echo "$service" | tr - _)
$run
true
