#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest (busybox sh): what tests/bench/replay measures. Each line of output is a figure.
heartbeat=fd149e91-82e0-4a7d-afa6-2a4166cbd7c0
driver=/sys/bus/vmbus/drivers/hv_utils
[ -d "$driver" ] || driver=/sys/bus/vmbus/drivers/hv_util
n=500

# hundredths of a second
now() {
	read -r up _ </proc/uptime
	cents=${up#*.}
	echo $((${up%.*} * 100 + ${cents#0})) # 08 would be octal
}

host heartbeat beat 1000 >/dev/null
echo "beats: $(host heartbeat beat 1000)"

begin=$(now)
i=0
while [ $i -lt $n ]; do
	echo $heartbeat >$driver/unbind || exit
	echo $heartbeat >$driver/bind || exit
	i=$((i + 1))
done
echo "openings: $n in $(($(now) - begin)) hundredths of a second"
