# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# The capture starts when the channel has been in use for a while: it has to
# tell channels and versions it did not see negotiated. -> late.pcapng, rings.bin
# shellcheck source=/dev/null
. /lab.sh

load_vmbus
watch_gpadls
load_balloon
sleep 50
start_capture capture -i any -w "$out/late.pcapng"
sleep 4
balloon_to 224
sleep 2
dump_rings rings.bin
balloon_device >"$driver/unbind" || fail unbind
sleep 1
stop_capture
