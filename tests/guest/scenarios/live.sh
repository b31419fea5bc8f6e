# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# A capture that nobody keeps in the guest: it leaves through the port of "lab run --stream" while
# the balloon shakes hands, is inflated and deflated.
# shellcheck source=/dev/null
. /lab.sh

[ -n "$stream" ] || fail "no stream: this is for lab run --stream"
load_vmbus
stdout=$stream
start_capture capture -i any -w -
load_balloon
# QEMU inflates from 50 s on
sleep 52
balloon_to 192
sleep 1
balloon_to 256
sleep 1
stop_capture
