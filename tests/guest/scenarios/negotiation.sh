# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# Connect and disconnect, five times: the capture starts before hv_vmbus is loaded
# and ends after it is gone. hv_balloon stays out: it would keep hv_vmbus loaded.
# -> negotiation.pcapng
# Arguments: more for vmbusdump.
# shellcheck source=/dev/null
. /lab.sh

start_capture capture -i any -w "$out/negotiation.pcapng" "$@"
for _ in 1 2 3 4 5; do
	load_vmbus
	device=$(balloon_device)
	# long enough for the capture to find the module, and for its users to be gone
	sleep 1
	wait_for 10 rmmod hv_vmbus || fail "rmmod hv_vmbus"
	step "hv_vmbus is gone"
done
sleep 1
stop_capture

# Once more for one device by its GUID: with it goes what was to be captured.
# -> vanished.pcapng
/bin/vmbusdump -i "$device" -w $out/vanished.pcapng 2>$out/vanished.err 7>&- &
capture=$!
wait_for 120 grep -q capturing $out/vanished.err || fail "vmbusdump does not capture"
load_vmbus
sleep 5
rmmod hv_vmbus || fail "rmmod hv_vmbus, again"
status=0
wait "$capture" || status=$?
[ $status = 1 ] || fail "with its device gone, vmbusdump ended with status $status"
step "vmbusdump ended with its device"
