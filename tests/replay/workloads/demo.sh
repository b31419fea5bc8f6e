# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# A conversation worth recording: what a host and a guest say to each other in a few seconds.
# shellcheck source=/dev/null
. /lib.sh

wait_for 60 host kvp enumerate 2 0 || fail "no key-value exchange"
echo "The guest's clock, told by the host:"
host timesync sync
echo "Three heartbeats:"
host heartbeat beat 3
echo "The host writes a key and reads it back, through hv_kvp_daemon:"
host kvp set 0 greeting "hello from the host"
host kvp enumerate 0 all
echo "File systems frozen for half a second, through hv_vss_daemon:"
host vss backup 0.5
