# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Disks and discs that are images, write-protected disks, paths, disks of IDE and Fibre Channel; what
# takes long, finds the unit busy, or gets no answer until the bus is reset. Disks are found by their
# products; /disc.md5, /disk.md5 and /file.md5 are those of the images and of the file in them.
# shellcheck source=/dev/null
. /lib.sh

disks_of() { grep -lx "$1 *" /sys/block/sd*/device/model 2>/dev/null | cut -d / -f 4; } # PRODUCT
count_of() { disks_of "$1" | wc -l; }
has_disks() { [ "$(count_of "$1")" = "$2" ]; } # PRODUCT COUNT
# so many bytes from the beginning of a disk, not out of the guest's memory
sum_of() { dd if="/dev/$1" iflag=direct bs=64k 2>/dev/null | md5sum; } # DISK
read_from() { dd if="/dev/$1" of=/dev/null iflag=direct bs=4k count=1 skip="${2:-0}" 2>/dev/null; } # DISK [PAGE]
counter_of() { host "$1" stats | sed "s/.*$2 \([0-9]*\).*/\1/"; } # DEVICE COUNTER
has_counter() { [ "$(counter_of "$1" "$2")" = "$3" ]; } # DEVICE COUNTER VALUE

# A page written and read back.
works() { # DISK
	head -c 4096 /dev/urandom >/tmp/page
	dd if=/tmp/page of="/dev/$1" oflag=direct bs=4k seek=9 2>/dev/null || fail "$1: cannot write"
	dd if="/dev/$1" iflag=direct bs=4k skip=9 count=1 2>/dev/null | cmp - /tmp/page || fail "$1 reads otherwise"
}

# The guest has to be told to reset the bus, and has its answers then.
reset_works() { # DISK
	step "commands without an answer"
	# the driver goes on waiting when this time has passed; it has six times as long for all tries, and
	# the reset takes 10 s of it
	echo 6 >"/sys/block/$1/device/timeout"
	expect "" host scsi drop 1
	read_from "$1" &
	reader=$!
	wait_for 10 has_counter scsi waiting 1 || fail "nothing waits: $(host scsi stats)"
	sleep 8
	has_counter scsi resets 0 || fail "the guest has reset the bus"
	kill -0 $reader || fail "the reader has ended"
	/bin/reset "/dev/$1" || fail "cannot reset"
	wait $reader || fail "it cannot be read: $(dmesg | tail -n 3)"
	step "$(host scsi stats)"
	has_counter scsi resets 1 && has_counter scsi aborted 1 || fail "no reset"
	works "$1"
	echo "result reset works"
}

wait_for 60 has_disks image 1 || fail "no image: $(dmesg | tail -n 5)"
image=$(disks_of image)

step "a disk that is an image"
sum_of "$image" | cmp - /disk.md5 || fail "the image differs"
mkdir -p /mnt
mount -t ext4 "/dev/$image" /mnt || fail "mount: $(dmesg | tail -n 3)"
md5sum </mnt/file | cmp - /file.md5 || fail "the file in the image differs"
echo changed >/mnt/new
umount /mnt
dd if="/dev/$image" bs=4k count=1 2>/dev/null | cmp -s - /image.begin && fail "nothing was written"
echo "result image works"
if [ -e /only-image ]; then
	reset_works "$image"
	exit 0
fi
for want in "paths 4" "ide 1" "fc 2"; do
	# shellcheck disable=SC2086
	wait_for 60 has_disks $want || fail "$want: $(cat /sys/block/sd*/device/model)"
done

step "a disk of the IDE controller that is write-protected"
ide=$(disks_of ide)
expect 1 cat "/sys/block/$ide/ro"
refused "Read-only" dd if=/dev/zero of="/dev/$ide" bs=4k count=1
sum_of "$ide" | cmp - /ide.md5 || fail "its image differs"
echo "result ide works"

step "a disc"
wait_for 60 test -b /dev/sr0 || fail "no sr0"
dd if=/dev/sr0 bs=64k 2>/dev/null | md5sum | cmp - /disc.md5 || fail "the disc differs"
mount -t ext4 -o ro,noload /dev/sr0 /mnt || fail "mount: $(dmesg | tail -n 3)"
md5sum </mnt/file | cmp - /file.md5 || fail "the file on the disc differs"
expect "the guest keeps it in" host scsi eject
umount /mnt
expect "" host scsi eject
! dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>/tmp/said || fail "an empty drive reads"
cat /tmp/said
refused "empty" host scsi eject
expect "" host scsi insert
dd if=/dev/sr0 bs=64k 2>/dev/null | md5sum | cmp - /disc.md5 || fail "the disc that came back differs"
expect "" host scsi eject force
echo "result disc works"

step "two paths to two disks"
pages=0
for disk in $(disks_of paths); do
	pages=$((pages + 1))
	printf '%4096d' $pages | dd of="/dev/$disk" oflag=direct bs=4k seek=$pages 2>/dev/null || fail "$disk: cannot write"
done
for disk in $(disks_of paths); do
	dd if="/dev/$disk" iflag=direct bs=4k count=5 2>/dev/null | md5sum
done | sort | uniq -c >/tmp/sums
cat /tmp/sums
[ "$(awk '$1 == 2' /tmp/sums | wc -l)" = 2 ] || fail "the paths lead elsewhere"
echo "result paths works"

step "Fibre Channel"
for disk in $(disks_of fc); do
	works "$disk"
done
grep -h . /sys/class/fc_host/host*/port_name /sys/class/fc_host/host*/node_name
grep -qx 0xc003ff0011223344 /sys/class/fc_host/host*/port_name || fail "the port has another name"
echo "result fc works"

step "commands that take 20 ms"
expect "" host scsi latency 20000
for page in 1 2 3 4 5; do
	read_from "$image" $page || fail "cannot read"
done
expect "" host scsi latency 0
echo "result latency works"

step "a unit that is busy"
expect "" host scsi busy 0 3
read_from "$image" 6 || fail "cannot read"
echo "result busy works"

echo "result disks works"
