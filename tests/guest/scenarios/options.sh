# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What a user asks of a capture besides the traffic: what can be captured, when to stop, in how many
# files, as which user; and what happens when the disk is full or killing is sudden.
# -> *.pcapng, options.log
# shellcheck source=tests/guest/lab.sh
. /lab.sh

dump=/bin/vmbusdump
log=$out/options.log

# expect STATUS ARG...: vmbusdump ends with that status; what it printed is in the log
expect() {
	want=$1
	shift
	echo "\$ vmbusdump $*" >>$log
	got=0
	$dump "$@" >>$log 2>&1 7>&- || got=$?
	[ $got = "$want" ] || { cat $log; fail "vmbusdump $* ended with status $got"; }
}

# Open and close the channel N times: about 11 records each.
traffic() { # N
	n=0
	while [ $n -lt "$1" ]; do
		echo "$device" >$driver/unbind || fail "unbind $n"
		echo "$device" >$driver/bind || fail "bind $n"
		n=$((n + 1))
	done
}

load_vmbus
load_balloon
device=$(balloon_device)

expect 0 --doctor
expect 0 -D
expect 2 -i nonsense -a duration:1
expect 2 -i 77 -a duration:1
expect 0 -i balloon -a duration:2 -w $out/duration.pcapng

step "a number of records"
start_capture count -i any -c 5 -w $out/count.pcapng
traffic 2
wait "$capture" || fail "-c ended with status $?"

step "files by time, then by size"
start_capture seconds -i any -G 2 -w $out/seconds.pcapng
traffic 2
sleep 3
traffic 2
stop_capture
start_capture megabytes -i any -C 1 -W 2 -w $out/megabytes.pcapng
traffic 750
stop_capture

step "as nobody"
start_capture nobody -i any -Z 65534 -w $out/nobody.pcapng
grep -q '^Uid:.65534.65534.65534.65534' "/proc/$capture/status" || fail "still privileged"
grep -q '^CapEff:.0*$' "/proc/$capture/status" || fail "still has capabilities"
traffic 2
stop_capture

step "asked by Wireshark"
expect 0 --extcap-interfaces
grep -q "value=vmbus:$device}" $log || fail "the device is no interface"
expect 0 --extcap-interface "vmbus:$device" --extcap-config
mkfifo /tmp/fifo
cat /tmp/fifo >$out/extcap.pcapng &
reader=$!
$dump --extcap-interface "vmbus:$device" --capture --fifo /tmp/fifo --signals \
	2>$out/extcap.err 7>&- &
capture=$!
wait_for 30 test -s $out/extcap.pcapng || fail "nothing comes out of the pipe"
traffic 2
sleep 1
kill -TERM "$capture"
wait "$capture" || fail "for Wireshark, it ended with status $?"
wait "$reader"
[ ! -s $out/extcap.err ] || { cat $out/extcap.err; fail "Wireshark would show this as an error"; }

step "killed"
start_capture killed -i any -w $out/killed.pcapng
traffic 2
# records are handed to the file within a second
sleep 2
kill -9 "$capture"

step "a full disk"
mkdir /tmp/small
mount -t tmpfs -o size=16k small /tmp/small
start_capture full -i any -w /tmp/small/full.pcapng
traffic 60
sleep 2
status=0
wait "$capture" || status=$?
[ $status = 1 ] || fail "on a full disk, status $status"
cp /tmp/small/full.pcapng $out/
cat $out/full.err >>$log
mount -o remount,ro /tmp/small
expect 1 -i any -w /tmp/small/more.pcapng
