# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# In the guest, after lib.sh: what workloads of network and storage have in common. Each line "cost
# CAPTURE MODE-LEN N NS NS NS" is what costs measured; "loss CAPTURE N ..." what the capture said of
# losses.

is_said() { grep -q "$2" "$1"; } # FILE TEXT

measure() { # CAPTURE MODE N LEN
	got=$(/bin/costs "${process:-0}" "$2" "$PEER" "$3" "$4" 2>&1) || fail "$1: $got"
	echo "cost $1 $2-$4 $got"
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
