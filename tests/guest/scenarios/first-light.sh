# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# The life of one channel: handshake, status reports, the balloon inflated and
# deflated by the host, unbind. -> balloon.pcapng, rings.bin
# shellcheck source=/dev/null
. /lab.sh

load_vmbus
watch_gpadls
start_capture capture -i any -w "$out/balloon.pcapng" --signals
load_balloon
# status reports begin after 45 s, QEMU inflates from 50 s on
sleep 52
balloon_to 192
sleep 2
balloon_to 256
sleep 3
# The rings are idle but for one status report per second. The guest frees them
# at unbind, so this is the last moment; whatever it sends in between is
# captured and has to continue where the dump ends.
dump_rings rings.bin
balloon_device >"$driver/unbind" || fail unbind
sleep 1
stop_capture
