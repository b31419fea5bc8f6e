# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Frames in all the ways that packets have them: messages in sections of the send buffer, one and
# several, in pages, in both; ranges of the receive buffer. tcpdump watches, too. Then texts that a
# limit hides, in each of these places.
# -> /out/all.pcapng (--payload all), /out/tcpdump.pcap, /out/limit.pcapng, /out/none.pcapng
# shellcheck source=/dev/null
. /lib.sh

HOST=192.0.2.1

is_said() { grep -q "$2" "$1"; } # FILE TEXT

answers() { wait_for 20 ping -c 1 -W 1 $HOST || fail "no answer from $HOST"; }

set_mtu() { # MTU
	ip link set eth0 mtu "$1" || fail "mtu $1"
	answers
}

pings() { # ARGUMENT...
	ping -c 5 -i 0.02 -W 5 "$@" $HOST >/tmp/ping || fail "ping $*: $(cat /tmp/ping)"
}

streams() { # ARGUMENT...
	/bin/stream "$@" >/tmp/stream 2>&1 || fail "stream $*: $(cat /tmp/stream)"
}

# A frame that is found again on both sides.
mark() { # BYTE
	ping -c 1 -W 5 -s 111 -p "$1" $HOST >/tmp/ping || fail "mark: $(cat /tmp/ping)"
}

captures() { # NAME ARGUMENT...
	name=$1
	shift
	vmbusdump -i netvsc -B 16384 -w "/out/$name.pcapng" "$@" 2>"/tmp/$name" &
	capture=$!
	wait_for 120 is_said "/tmp/$name" capturing || fail "$name: no capture: $(cat "/tmp/$name")"
}

captured() { # NAME
	kill -TERM $capture
	wait $capture || fail "$1: $(cat "/tmp/$1")"
	step "$(tail -n 1 "/tmp/$1")"
}

# A word at the beginning, and another one far behind it, there and back: in sections and in pages.
tell() {
	streams words $HOST 7 1000
	streams words $HOST 7 8000
}

echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
ip address add 192.0.2.2/24 dev eth0
ip link set eth0 up
answers
# nothing is put together or taken apart between the bus and tcpdump
ethtool -K eth0 tso off gro off lro off || fail "ethtool"
captures all --payload all
echo root:x:0:0::/:/bin/sh >/etc/passwd
tcpdump -Z root -i eth0 -s 0 -B 16384 -U --immediate-mode -w /out/tcpdump.pcap 2>/tmp/tcpdump &
witness=$!
wait_for 20 is_said /tmp/tcpdump "listening on" || fail "tcpdump: $(cat /tmp/tcpdump)"
mark 7b # {{{{
pings
pings -s 4000
streams echo $HOST 7 100000
streams send $HOST 9 500000
set_mtu 4000 # two do not fit into a section: the second one goes on in pages
streams send $HOST 9 500000
streams receive $HOST 19 200000
set_mtu 9000
pings -s 8000
streams echo $HOST 7 200000
tell
mark 7d # }}}}
wait_for 20 is_said /out/tcpdump.pcap '}}}}}}}}' || fail "tcpdump did not see all"
kill -TERM $witness
wait $witness
captured all
is_said /tmp/tcpdump "^0 packets dropped by kernel" || fail "tcpdump: $(cat /tmp/tcpdump)"
step "$(host netvsc counters)"

captures limit --payload 100
tell
captured limit
captures none --payload none
tell
captured none
echo "result frames captured"
