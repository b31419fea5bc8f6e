# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# At least 100,000 packets of the network device between two marks. With more than one processor the
# capture is one of this workload's own, /out/guest.pcapng: begun when hv_vmbus is loaded.
# shellcheck source=/dev/null
. /lib.sh

wait_for 30 test -d /sys/class/net/eth0 || fail "no eth0"
# what the kernel says to its neighbours on its own may fall on either side of a mark
echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
ip link set eth0 up || fail "eth0 does not come up"
ip address add 192.0.2.2/24 dev eth0
wait_for 30 ping -c 1 -W 1 192.0.2.1 || fail "no answer"
if [ "$(nproc)" -gt 1 ]; then
	/bin/vmbusdump -i any -B 32768 -w /out/guest.pcapng 2>/tmp/capture &
	capture=$!
	wait_for 120 grep -q capturing /tmp/capture || fail "no capture: $(cat /tmp/capture)"
fi
host mark 1 || fail "mark 1"
# Each frame has its completion. How many acknowledge alone depends on what runs beside what.
frames=0
while [ $frames -lt 51000 ]; do
	expect "4000 rounds" /bin/packets 192.0.2.1 7 4000 8
	# "sent FRAMES sent_bytes BYTES received FRAMES ..."
	# shellcheck disable=SC2046
	set -- $(host netvsc counters)
	frames=$(($2 + $6))
done
expect "4000000 bytes" /bin/stream send 192.0.2.1 9 4000000
expect "4000000 bytes" /bin/stream receive 192.0.2.1 19 4000000
host mark 2 || fail "mark 2"
step "counters: $(host netvsc counters)"
if [ "$(nproc)" -gt 1 ]; then
	kill -INT $capture
	wait $capture || fail "capture: $(cat /tmp/capture)"
	step "$(tail -n 1 /tmp/capture)"
fi
echo marks
