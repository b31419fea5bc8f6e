# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# At least 100,000 packets of a SCSI controller between two marks: blocks written and read, here and
# there and in a row, one at a time and 32. With more than one processor the capture is one of this
# workload's own, /out/guest.pcapng: begun when hv_vmbus is loaded.
# shellcheck source=/dev/null
. /lib.sh

wait_for 60 test -e /sys/block/sda/size || fail "no sda"
# what looks at a new disk has looked
wait_for 60 test -e /dev/sda || fail "no /dev/sda"
echo 0 >/sys/block/sda/queue/read_ahead_kb
if [ "$(nproc)" -gt 1 ]; then
	# the processor that hears of a completion ends the request: what is compared is the same
	echo 0 >/sys/block/sda/queue/rq_affinity
	/bin/vmbusdump -i any -B 32768 -w /out/guest.pcapng 2>/tmp/capture &
	capture=$!
	wait_for 120 grep -q capturing /tmp/capture || fail "no capture: $(cat /tmp/capture)"
fi
# a job for each processor: the driver sends on a channel of another one than that which asks
jobs=$(nproc)
host mark 1 || fail "mark 1"
for depth in 1 32; do
	for how in randwrite randread write read; do
		/bin/fio --name=$how --filename=/dev/sda --direct=1 --ioengine=libaio --iodepth=$depth \
			--rw=$how --bs=4k --size=$((32 / jobs))m --offset_increment=$((32 / jobs))m \
			--number_ios=$((6400 / jobs)) --io_size=$((26214400 / jobs)) --randseed=4711 \
			--numjobs=$jobs --cpus_allowed=0-$((jobs - 1)) --cpus_allowed_policy=split --thread \
			--group_reporting --verify_state_save=0 --output-format=terse \
			>/tmp/fio 2>&1 || fail "fio $how at depth $depth: $(cat /tmp/fio)"
		step "fio $how at depth $depth: $(cut -d ';' -f 6,8,47,49 /tmp/fio)"
	done
done
host mark 2 || fail "mark 2"
step "counters: $(host scsi stats)"
if [ "$(nproc)" -gt 1 ]; then
	kill -INT $capture
	wait $capture || fail "capture: $(cat /tmp/capture)"
	step "$(tail -n 1 /tmp/capture)"
fi
echo marks
