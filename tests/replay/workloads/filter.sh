# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Several captures at once, which differ in their --frames, over datagrams beside much other traffic.
# -> /out/NAME.pcapng, /out/NAME.said
# shellcheck source=/dev/null
. /lib.sh

HOST=192.0.2.1
LONG="udp port 7 and not host 10.0.0.1"
for i in 2 3 4 5 6 7 8 9; do
	for j in 1 2 3 4 5 6 7 8 9; do
		LONG="$LONG and not (net 10.$i.$j.0/24 and portrange $i-8$j)"
	done
done

is_said() { grep -q "$2" "$1"; } # FILE TEXT

pids=
captures() { # NAME ARGUMENT...
	name=$1
	shift
	vmbusdump -i netvsc -B 16384 -w "/out/$name.pcapng" "$@" 2>"/out/$name.said" &
	pids="$pids $!"
	wait_for 120 is_said "/out/$name.said" capturing || fail "$name: no capture: $(cat "/out/$name.said")"
	step "$name: $(grep capturing "/out/$name.said")"
}

streams() { # ARGUMENT...
	/bin/stream "$@" >/tmp/stream 2>&1 || fail "stream $*: $(cat /tmp/stream)"
}

echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
ip address add 192.0.2.2/24 dev eth0
ip link set eth0 up
wait_for 20 ping -c 1 -W 1 $HOST || fail "no answer from $HOST"

captures all
captures udp --frames 'udp port 7'
captures nothing --frames 'udp port 8'
captures far --payload 40 --frames 'udp port 7 and udp[12] >= 0'
captures large --frames 'tcp and greater 2000'
captures long --frames "$LONG"
captures strict --strict --frames 'udp port 7'

for i in 1 2 3 4 5; do
	streams datagram $HOST 7 "${i}00"
	ping -c 5 -i 0.02 -s "${i}00" -W 5 $HOST >/tmp/ping || fail "ping: $(cat /tmp/ping)"
	streams send $HOST 9 300000
	streams words $HOST 7 1000
	streams receive $HOST 19 100000
	streams echo $HOST 7 50000
done
sleep 1
# shellcheck disable=SC2086
kill -TERM $pids
for pid in $pids; do
	wait "$pid" || fail "a capture: $(tail -n 3 /out/*.said)"
done
for said in /out/*.said; do
	step "$(basename "$said" .said): $(grep received "$said")"
done
echo "result filter captured"
