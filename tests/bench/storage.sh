# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# In the guest: blocks of a disk without a capture, with ours and with blktrace's.
# shellcheck source=/dev/null
. /lib.sh
# shellcheck source=/dev/null
. /captures.sh

PEER=/dev/sda
N=1000

all() { # CAPTURE
	measure "$1" write $N 4096
	measure "$1" read $N 4096
	measure "$1" read $((N / 4)) 65536
}

# As "with", which asks programs what they lost: this one says it in its summary.
with_blktrace() {
	[ -d /sys/kernel/debug/block ] || mount -t debugfs debugfs /sys/kernel/debug || fail "no debugfs"
	(cd /tmp && exec /bin/blktrace -d $PEER -o trace >/tmp/said 2>&1) &
	process=$!
	sleep 2
	kill -0 $process || fail "blktrace: $(cat /tmp/said)"
	all blktrace
	kill -INT $process
	wait $process || step "blktrace: exit status $?"
	process=
	lost=$(sed -n 's/.*Total.*events (dropped \([0-9]*\)).*/\1/p' /tmp/said)
	echo "loss blktrace ${lost:-unknown} $(grep Total /tmp/said)"
}

wait_for 60 test -b $PEER || fail "no $PEER"
all warm
all without
with headers all capturing vmbusdump -i scsi --payload none
with payload all capturing vmbusdump -i scsi
with_blktrace
