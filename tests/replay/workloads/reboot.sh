# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The host asks the guest to reboot; the driver has it done in order.
# shellcheck source=/dev/null
. /lib.sh

wait_for 20 test -n "$(driver_of shutdown)" || fail "no shutdown service"
wait_for 20 host shutdown reboot || fail "not asked"
sleep 60
fail "a minute later the guest is still there"
