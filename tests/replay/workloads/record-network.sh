# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What is recorded of a network device for a replay: pings, fragments, UDP, TCP both ways with large
# sends and coalescing, frames with a tag, the cable pulled and plugged, a table of queues, a virtual
# function that does not come; and once more after the adapter was taken away and came back.
# shellcheck source=/dev/null
. /lib.sh

HOST=192.0.2.1

answers() { ping -c 1 -W 2 $HOST; }

ip link set eth0 up || fail "eth0 does not come up"
ip address add 192.0.2.2/24 dev eth0
wait_for 20 answers || fail "no answer"
ping -c 2 -s 4000 $HOST >/dev/null || fail "ping in fragments"
expect "9000 bytes" /bin/stream datagram $HOST 7 9000
expect "300000 bytes" /bin/stream send $HOST 9 300000
expect "300000 bytes" /bin/stream receive $HOST 19 300000
expect "50000 bytes" /bin/stream echo $HOST 7 50000
add_vlan eth0 7 198.51.100.2/24
ping -c 2 -W 1 198.51.100.1 >/dev/null || true # nobody has that address
host netvsc table 0 || fail "table"
host netvsc vf 7 || fail "vf"
host netvsc vf none || fail "vf none"
host netvsc link down || fail "link down"
wait_for 10 grep -q 0 /sys/class/net/eth0/carrier || fail "the carrier is still there"
host netvsc link up || fail "link up"
wait_for 10 grep -q 1 /sys/class/net/eth0/carrier || fail "the carrier is still gone"
wait_for 20 answers || fail "no answer after the cable was pulled"
host rescind netvsc || fail "rescind"
wait_for 20 test ! -d /sys/class/net/eth0 || fail "the adapter stays after its rescind"
host offer netvsc || fail "offer"
wait_for 20 test -d /sys/class/net/eth0 || fail "the adapter does not come back"
ip link set eth0 up || fail "eth0 does not come up again"
ip address add 192.0.2.2/24 dev eth0
wait_for 20 answers || fail "no answer after the rescind"
ping -c 5 -W 1 $HOST >/dev/null || fail "ping after the rescind"
echo "recorded netvsc"
