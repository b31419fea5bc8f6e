# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What may go wrong on a channel goes wrong: the guest survives each, the host says what became of its
# message, and afterwards all is well. Prints "survived DEVICE:FAULT" for each.
# shellcheck source=/dev/null
. /lib.sh

n_faults() { host stats | sed -n 's/^faults //p'; }

again() { # SERVICE
	host rescind "$1" || fail "rescind $1"
	offer "$1"
}

offer() { # SERVICE
	wait_for 10 has_none "$1" || fail "$1: the device stays after its rescind"
	host offer "$1" || fail "offer $1"
	wait_for 10 has_device "$1" || fail "$1: no device after the offer"
}

begin() { # SPEC
	before=$(n_faults)
	host fault "$1" || fail "fault $1"
}

end() { # SPEC
	[ "$(n_faults)" -gt "$before" ] || fail "$1: the host counts no fault"
	host fault "${1%%:*}:none" || fail "the fault does not end"
	expect "5 of 5 answered" host heartbeat beat 5
	echo "survived $1"
}

longest() { sed -n 's/.* max \([0-9]*\) ns.*/\1/p'; }

# The slowest of four beats took that long at least.
slow() { # NS
	got=$(host heartbeat beat 4) || fail "beats: $got"
	step "$got"
	[ "$(echo "$got" | longest)" -ge "$1" ] || fail "no answer took $1 ns"
}

# No beats on their own, and a short patience.
wait_for 20 host heartbeat beat || fail "no heartbeat"
host set heartbeat period=0 timeout=3 || fail set
again heartbeat
wait_for 20 host heartbeat beat || fail "no heartbeat after its return"

begin heartbeat:delay=300000
slow 300000000
end heartbeat:delay=300000

begin heartbeat:drop=2
refused "did not answer in time" host heartbeat beat 4
end heartbeat:drop=2

# One message at a time: the one that is to be overtaken waits in vain, and goes out late.
begin heartbeat:reorder=2
slow 20000000
end heartbeat:reorder=2

begin heartbeat:short=1
refused "" host heartbeat beat
end heartbeat:short=1

# hv_utils sends back what it got.
begin heartbeat:status=80004005
refused 0x80004005 host heartbeat beat
end heartbeat:status=80004005

begin heartbeat:full=700
again heartbeat
wait_for 20 host heartbeat beat || fail "no heartbeat after the ring was full"
host stats | grep "waits for room" | grep -qv " 0$" || fail "nothing waited for room"
end heartbeat:full=700

begin heartbeat:rescind=7
refused "the channel was closed" host heartbeat beat 100
offer heartbeat
wait_for 20 host heartbeat beat || fail "no heartbeat after its return"
end heartbeat:rescind=7

if [ -z "$(obstacle kvp)" ]; then
	host set kvp timeout=3 || fail set
	again kvp
	# the daemon ends with its device
	wait_for 10 test -e /dev/vmbus/hv_kvp || fail "no /dev/vmbus/hv_kvp"
	wait_for 2 dead hv_kvp_daemon && { /usr/sbin/hv_kvp_daemon -n >/dev/null 2>&1 & }
	wait_for 60 host kvp enumerate 2 || fail "no key-value exchange"
	begin kvp:delay=200000
	expect OSName host kvp enumerate 2 all
	end kvp:delay=200000
	begin kvp:drop=2
	refused "did not answer in time" host kvp enumerate 2 all
	end kvp:drop=2
	begin kvp:short=1
	host kvp enumerate 2 all && fail "half of a question was answered"
	end kvp:short=1
	begin kvp:status=80004005
	host kvp enumerate 2 || step "kvp takes a status in a question for one"
	end kvp:status=80004005
	wait_for 60 host kvp enumerate 2 || fail "no key-value exchange after the faults"
fi
