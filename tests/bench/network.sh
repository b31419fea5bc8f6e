# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# In the guest: packets without a capture, with ours and with tcpdump's.
# shellcheck source=/dev/null
. /lib.sh
# shellcheck source=/dev/null
. /captures.sh

PEER=192.0.2.1
N=2000

all() { # CAPTURE
	measure "$1" send $N 60
	measure "$1" send $N 1400
	measure "$1" echo $N 60
	measure "$1" stream $N 14600
	measure "$1" chargen $((N / 4)) 14600
}

# As fast as the guest can, until a ring has been full of it several times over.
flood() { # CAPTURE
	/bin/costs 0 send $PEER $((N * 20)) 60 >/dev/null || fail "$1: flood"
	/bin/costs 0 stream $PEER $((N * 4)) 65536 >/dev/null || fail "$1: flood"
}

echo root:x:0:0::/:/bin/sh >/etc/passwd
echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
ip address add 192.0.2.2/24 dev eth0
ip link set eth0 up
wait_for 30 ping -c 1 -W 1 $PEER || fail "no answer from $PEER"
all warm
all without
with headers all capturing vmbusdump -i netvsc --payload none
with payload all capturing vmbusdump -i netvsc
with tcpdump all "listening on" tcpdump -Z root -i eth0 -s 256
with flood flood capturing vmbusdump -i netvsc
