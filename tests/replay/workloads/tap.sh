# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Two network devices on TAP interfaces of the machine around the guest: its kernel answers, and takes
# what one device sends on to the other.
# shellcheck source=/dev/null
. /lib.sh

PORT=7000

# A network of its own: else Linux keeps for itself what is for its own address.
unshare -n sleep 100000 &
other=$!
there() { nsenter -t "$other" -n "$@"; }

adapter() { # N
	basename "$(ls -d /sys/bus/vmbus/devices/*/net/eth"$1")"
}

here() { "$@"; }

# nc that listens ends with its input as well, so that never ends.
listen() { # SIDE
	tail -f /dev/null | "$1" nc -l -p $PORT >/tmp/got
}

listens() { # SIDE
	"$1" netstat -ltn | grep -q :$PORT
}

# Send the file from one side to the other, and look what came.
carry() { # WHAT FROM TO ADDRESS
	listen "$3" &
	wait_for 10 listens "$3" || fail "$1: nobody listens"
	"$2" nc -w 20 "$4" $PORT </tmp/sent || fail "$1"
	wait_for 20 cmp /tmp/sent /tmp/got || fail "$1: $(wc -c </tmp/got) bytes came, not the ones that were sent"
	step "works: $1: $(wc -c </tmp/got) bytes"
}

for n in 0 1; do
	wait_for 30 adapter $n || fail "no eth$n"
done
ip link set eth1 netns $other || fail "eth1 does not move"
ip address add 192.0.2.2/24 dev eth0
ip link set eth0 up
ip route add default via 192.0.2.1
there ip address add 198.51.100.2/24 dev eth1
there ip link set eth1 up
there ip link set lo up
there ip route add default via 198.51.100.1

wait_for 30 ping -c 1 -W 1 192.0.2.1 || fail "the kernel at the other end does not answer"
step "works: ping"
wait_for 30 ping -c 1 -W 1 198.51.100.2 || fail "no way to the other device"
ping -c 3 -s 6000 -W 5 198.51.100.2 >/tmp/ping || fail "fragments: $(cat /tmp/ping)"
step "works: ping in fragments through both"
head -c 1000000 /dev/urandom >/tmp/sent
carry "TCP from the first to the second" here there 198.51.100.2
carry "TCP from the second to the first" there here 192.0.2.2
# nc writes little at a time, so that Linux seldom makes a large send of it
listen there &
wait_for 10 listens there || fail "nobody listens"
/bin/stream send 198.51.100.2 $PORT 1000000 >/tmp/stream 2>&1 || fail "stream: $(cat /tmp/stream)"
wait_for 20 sh -c '[ "$(wc -c </tmp/got)" = 1000000 ]' || fail "large sends: $(wc -c </tmp/got) bytes came"
step "works: large sends"
step "counters: $(host netvsc counters)"
kill $other
echo "result tap works"
