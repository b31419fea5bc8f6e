# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# In the guest: packets without a capture, with ours and with tcpdump's. Each line "cost CAPTURE MODE-LEN
# N NS NS NS" is what costs measured; "loss CAPTURE N ..." what the capture said of losses.
# shellcheck source=/dev/null
. /lib.sh

HOST=192.0.2.1
N=2000

is_said() { grep -q "$2" "$1"; } # FILE TEXT

measure() { # CAPTURE MODE N LEN
	got=$(/bin/costs "${process:-0}" "$2" $HOST "$3" "$4" 2>&1) || fail "$1: $got"
	echo "cost $1 $2-$4 $got"
}

all() { # CAPTURE
	measure "$1" send $N 60
	measure "$1" send $N 1400
	measure "$1" echo $N 60
	measure "$1" stream $N 14600
	measure "$1" chargen $((N / 4)) 14600
}

# As fast as the guest can, until a ring has been full of it several times over.
flood() { # CAPTURE
	/bin/costs 0 send $HOST $((N * 20)) 60 >/dev/null || fail "$1: flood"
	/bin/costs 0 stream $HOST $((N * 4)) 65536 >/dev/null || fail "$1: flood"
}

with() { # NAME WHAT "WHAT IT SAYS WHEN IT IS READY" COMMAND...
	name=$1
	what=$2
	ready=$3
	shift 3
	"$@" -w /tmp/file 2>/tmp/said &
	process=$!
	wait_for 20 is_said /tmp/said "$ready" || fail "$name: $(cat /tmp/said)"
	$what "$name"
	kill -TERM $process
	wait $process || step "$name: exit status $?"
	process=
	said=$(grep -E '[0-9] lost|dropped by kernel' /tmp/said | tail -n 1)
	lost=$(echo "$said" | sed -n 's/.*[^0-9]\([0-9]*\) lost,.*/\1/p; s/^\([0-9]*\) packets dropped.*/\1/p')
	echo "loss $name ${lost:-unknown} $said, $(stat -c %s /tmp/file) bytes"
	rm /tmp/file
}

echo root:x:0:0::/:/bin/sh >/etc/passwd
echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
ip address add 192.0.2.2/24 dev eth0
ip link set eth0 up
wait_for 30 ping -c 1 -W 1 $HOST || fail "no answer from $HOST"
all warm
all without
with headers all capturing vmbusdump -i netvsc --payload none
with payload all capturing vmbusdump -i netvsc
with tcpdump all "listening on" tcpdump -Z root -i eth0 -s 256
with flood flood capturing vmbusdump -i netvsc
