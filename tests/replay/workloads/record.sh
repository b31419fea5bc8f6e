# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What is recorded for a replay: every service at work, then an orderly end that the host asks for.
# The guest's state at the end is that of the beginning, so that the trace can be played in a loop.
# shellcheck source=/dev/null
. /lib.sh

heartbeat() {
	wait_for 20 host heartbeat beat || fail "no heartbeat"
	expect "10 of 10" host heartbeat beat 10
}

timesync() {
	wait_for 20 host timesync probe || fail "no time synchronization"
	host timesync sample || fail "sample"
}

kvp() {
	wait_for 60 host kvp enumerate 2 || fail "no key-value exchange"
	for pool in 0 1; do
		host kvp set $pool key "value of $pool" || fail "set"
		host kvp get $pool key || fail "get"
		host kvp set $pool second 4711 u32 || fail "set a number"
		host kvp enumerate $pool all || fail "enumerate $pool"
		host kvp delete $pool key || fail "delete"
		host kvp delete $pool second || fail "delete"
		refused "" host kvp get $pool key
	done
	host kvp enumerate 2 all || fail "enumerate 2"
	host kvp get-ip "$(cat /sys/class/net/lo/address)" || step "get-ip: no such adapter"
}

vss() {
	wait_for 60 host vss check || fail "no backup service"
	host vss freeze || fail freeze
	host vss thaw || fail thaw
}

fcopy() {
	wait_for 60 host fcopy copy payload /tmp/copied overwrite || fail "no file copy"
	refused "" host fcopy copy payload /tmp/copied
}

shutdown() {
	wait_for 20 test -n "$(driver_of shutdown)" || fail "no shutdown service"
	# flags that mean nothing: answered with a failure
	refused "" host shutdown request 64
}

for service in heartbeat timesync kvp vss fcopy shutdown; do
	why=$(obstacle $service)
	case $why in
	'')
		$service
		echo "recorded $service"
		;;
	*) step "$service: $why" ;;
	esac
done
host shutdown poweroff
sleep 60
fail "a minute later the guest is still there"
