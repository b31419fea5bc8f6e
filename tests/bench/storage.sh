# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# In the guest: blocks of a disk without a capture, with ours, bpftrace's counts and blktrace's.
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

mount_debugfs() {
	[ -d /sys/kernel/debug/block ] || mount -t debugfs debugfs /sys/kernel/debug || fail "no debugfs"
}

# As "with", which asks programs what they lost: this one says it in its summary. It looks at a
# buffer when that is full: of the usual size, it would do so once for all of this.
with_blktrace() {
	mount_debugfs
	(cd /tmp && exec /bin/blktrace -b 16 -n 32 -d $PEER -o trace >/tmp/said 2>&1) &
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

# It counts at the very places where ours takes packets.
COUNTS='kfunc:hv_ringbuffer_write { @begun = count(); }
kretfunc:hv_ringbuffer_write { @written = count(); }
kretfunc:hv_pkt_iter_first { @read = count(); }'
with_bpftrace() {
	mount_debugfs
	/bin/bpftrace -e "BEGIN { printf(\"ready\\n\"); } $COUNTS" >/tmp/said 2>&1 &
	process=$!
	wait_for 60 is_said /tmp/said ready || fail "bpftrace: $(cat /tmp/said)"
	all bpftrace
	kill -INT $process
	wait $process || step "bpftrace: exit status $?"
	process=
	for counter in begun written read; do
		counted=$(sed -n "s/^@$counter: //p" /tmp/said)
		[ "${counted:-0}" -ge $((N * 9 / 4)) ] || fail "bpftrace: $(cat /tmp/said)"
	done
	echo "loss bpftrace 0 $(grep '^@' /tmp/said | tr '\n' ' ')"
}

wait_for 60 test -b $PEER || fail "no $PEER"
all warm
all without
with headers all capturing vmbusdump -i scsi --payload none
with payload all capturing vmbusdump -i scsi
with_bpftrace
with_blktrace
