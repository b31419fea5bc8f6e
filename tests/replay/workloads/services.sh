# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# Every integration service does its work, on the unmodified drivers and the real daemons. Prints a
# line "result SERVICE VERDICT" for each. -> /out/copied (10 MB that the host sent)
# shellcheck source=/dev/null
. /lib.sh

say_result() { echo "result $1 $2"; }

heartbeat() {
	wait_for 20 host heartbeat beat || fail "no heartbeat"
	before=$(host heartbeat status)
	sleep 7
	after=$(host heartbeat status)
	step "beats before and after 7 s: $before / $after"
	[ "$before" != "$after" ] || fail "no beat came on its own in 7 s"
	expect "20 of 20 answered" host heartbeat beat 20
}

# The guest's clock follows the host's, an hour ahead and back.
timesync() {
	wait_for 20 host timesync probe || fail "no time synchronization"
	t0=$(date +%s)
	host timesync sync 3600 || fail "sync"
	wait_for 5 clock_is $((t0 + 3600)) || fail "the clock shows $(date +%s), not $((t0 + 3600))"
	step "the clock followed by an hour: $t0 -> $(date +%s)"
	host timesync sync 0 || fail "sync back"
	wait_for 5 clock_is "$t0" || fail "the clock shows $(date +%s), not $t0"
	expect "" host timesync sample
}

clock_is() { # SECONDS
	d=$(($(date +%s) - $1))
	[ $d -ge -2 ] && [ $d -le 20 ]
}

# All pools. Linux answers GET with an empty value, whatever it is (the kernel takes the daemon's
# answer for that of an enumeration), so values are looked for there.
kvp() {
	wait_for 60 host kvp enumerate 2 || fail "no key-value exchange"
	for pool in 0 1 2 3; do
		expect success host kvp set $pool key "value of $pool"
		expect "" host kvp get $pool key
		[ $pool = 2 ] || expect "value of $pool" host kvp enumerate $pool all
		expect success host kvp set $pool key "another value"
		[ $pool = 2 ] || expect "another value" host kvp enumerate $pool all
		expect success host kvp set $pool second 4711 u32
		expect success host kvp delete $pool key
		refused "" host kvp get $pool key
		refused "" host kvp delete $pool key
		grep -qa second /var/lib/hyperv/.kvp_pool_$pool || fail "the daemon's pool $pool lacks the key"
		! grep -qa "another value" /var/lib/hyperv/.kvp_pool_$pool || fail "pool $pool still has a deleted key"
	done
	expect "$(uname -r)" host kvp enumerate 2 all
	refused "" host kvp get-ip 00:00:00:00:00:99
	refused "" host kvp set-ip 00000000-0000-0000-0000-000000000099 192.0.2.2 255.255.255.0 192.0.2.1 192.0.2.53
}

# A file system of a block device stands still between freeze and thaw.
vss() {
	wait_for 60 host vss check || fail "no backup service"
	[ -b /dev/ram0 ] || { modprobe brd rd_nr=1 rd_size=16384 || insmod /lib/modules/brd.ko rd_nr=1 rd_size=16384; } ||
		fail "no RAM disk"
	mke2fs -F /dev/ram0 >/dev/null 2>&1 || fail mke2fs
	mkdir -p /mnt/disk
	mount -t ext4 /dev/ram0 /mnt/disk || fail mount
	host vss freeze || fail freeze
	(echo written >/mnt/disk/file && sync && echo yes >/tmp/written) &
	sleep 2
	[ ! -e /tmp/written ] || fail "a frozen file system was written to"
	host vss thaw || fail thaw
	wait_for 10 test -e /tmp/written || fail "thawed, but nothing can be written"
	step "a write waited from freeze to thaw"
	expect "" host vss backup 1
	umount /mnt/disk
}

fcopy() {
	wait_for 60 host fcopy copy payload /out/copied overwrite create-path || fail "no file copy"
	[ "$(stat -c %s /out/copied)" = "$(cat /payload.size)" ] || fail "the file has another size"
	[ "$(md5sum </out/copied)" = "$(cat /payload.md5)" ] || fail "the file has other bytes"
	step "$(stat -c %s /out/copied) bytes arrived"
	refused "" host fcopy copy payload /out/copied
}

shutdown() {
	wait_for 20 test -n "$(driver_of shutdown)" || fail "no shutdown service"
	# Flags that mean nothing: the driver answers with a failure and does nothing.
	refused "" host shutdown request 64
}

for service in heartbeat timesync kvp vss fcopy shutdown; do
	why=$(obstacle $service)
	case $why in
	'' | bypassed)
		$service
		say_result $service "${why:-works}"
		;;
	*) say_result $service "$why" ;;
	esac
done
