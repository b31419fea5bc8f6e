# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# The capture tool stands still while the channel is opened and closed again and
# again, with the smallest buffer: records get lost and must be reported lost.
# -> stalled.pcapng
# Arguments: rounds (40), buffer in KiB (4).
# shellcheck source=/dev/null
. /lab.sh

rounds=${1:-40}
load_vmbus
start_capture capture -i any -w "$out/stalled.pcapng" -B "${2:-4}"
load_balloon
device=$(balloon_device)
[ -z "$capture" ] || kill -STOP "$capture"
n=0
while [ $n -lt "$rounds" ]; do
	echo "$device" >"$driver/unbind" || fail "unbind $n"
	echo "$device" >"$driver/bind" || fail "bind $n"
	n=$((n + 1))
done
step "$n rounds"
[ -z "$capture" ] || kill -CONT "$capture"
# first what the buffer holds, then one more round: records that stand behind a
# loss; what is lost after the last record has its place at the end
sleep 2
echo "$device" >$driver/unbind || fail "last unbind"
echo "$device" >$driver/bind || fail "last bind"
sleep 2
stop_capture 1
