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

raise_disk() {
	wait_for 60 test -e /sys/block/sda/size || fail "no sda"
	wait_for 60 test -b /dev/sda || fail "no /dev/sda"
}

# Start-up, blocks written, flushed and read, a DVD drive with and without a disc.
scsi() {
	raise_disk
	wait_for 60 test -e /sys/block/sr0/size || fail "no sr0"
	awk 'BEGIN { for (i = 0; i < 512; i++) printf "block %3d of text\n", i }' >/tmp/text
	dd if=/tmp/text of=/dev/sda bs=4k count=2
	sync
	echo 3 >/proc/sys/vm/drop_caches
	dd if=/dev/sda of=/tmp/back bs=4k count=2
	cmp -n 8192 /tmp/text /tmp/back || fail "read otherwise than written"
	! dd if=/dev/sr0 of=/dev/null bs=2k count=1 || fail "a disc in an empty drive"
}

# Blocks that cannot be read, or written; a disk that is busy; one that comes and goes.
scsi_errors() {
	raise_disk
	host scsi error 0 read 1000 2 3/11/00
	! dd if=/dev/sda of=/dev/null bs=4k skip=125 count=1 || fail "no error"
	host scsi error 0 write 2000 6 3/0c/00
	! dd if=/dev/zero of=/dev/sda bs=4k seek=250 count=1 conv=fsync || fail "no error"
	host scsi busy 0 2
	dd if=/dev/sda of=/dev/null bs=4k skip=500 count=1
	host scsi add 1 16
	wait_for 30 test -e /sys/block/sdb || fail "no sdb"
	host scsi remove 1
	wait_for 30 test ! -e /sys/block/sdb || fail "sdb stays"
}

# Blocks that nobody needs any more, and a disk that grows.
scsi_trim() {
	raise_disk
	dd if=/bin/busybox of=/dev/sda bs=64k count=4 conv=fsync
	blkdiscard -o 65536 -l 131072 /dev/sda || fail "blkdiscard"
	host scsi resize 0 96
	echo 1 >/sys/block/sda/device/rescan
	wait_for 30 test "$(cat /sys/block/sda/size)" = 196608 || fail "sda has not grown"
}

# Names of the ports are asked for, then it is as SCSI.
fc() {
	raise_disk
	dd if=/dev/sda of=/dev/null bs=4k count=1
	cat /sys/class/fc_host/host*/port_name
}

run=$(echo "$service" | tr - _)
$run
true
