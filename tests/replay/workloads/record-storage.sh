# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What is recorded of disks for a replay: a file system made and filled, reads beside each other, blocks
# trimmed, errors in reading and writing, a disk that is busy, that grows, and one that comes and goes.
# shellcheck source=/dev/null
. /lib.sh

size_of() { cat "/sys/block/$1/size" 2>/dev/null || echo 0; } # DISK: in 512 bytes
has_grown() { [ "$(size_of sda)" = 196608 ]; }
read_at() { dd if=/dev/sda of=/dev/null bs=64k skip="$1" count=4 iflag=direct 2>/dev/null; } # PLACE

wait_for 60 test -e /sys/block/sda/size || fail "no sda"
wait_for 60 test -e /sys/block/sdb/size || fail "no sdb"
usleep 500000
/bin/mkfs.ext4 -q -F /dev/sda || fail "mkfs"
mkdir -p /mnt
mount -t ext4 /dev/sda /mnt || fail "mount"
cp /bin/busybox /mnt/file || fail "copy"
sync
fstrim /mnt || fail "trim"
umount /mnt || fail "umount"
for place in 16 32 48 64 80 96; do
	read_at $place &
done
wait
host scsi error 1 read 1000 2 3/11/00
! dd if=/dev/sdb of=/dev/null bs=4k skip=125 count=1 2>/dev/null || fail "no error"
host scsi error 1 write 2000 6 3/0c/00
! dd if=/bin/busybox of=/dev/sdb bs=4k seek=250 count=1 conv=fsync 2>/dev/null || fail "no error"
host scsi busy 1 2
dd if=/dev/sdb of=/dev/null bs=4k skip=500 count=1 2>/dev/null || fail "busy for ever"
host scsi resize 0 96
dd if=/dev/sda of=/dev/null bs=4k skip=3000 count=1 2>/dev/null
echo 1 >/sys/block/sda/device/rescan
wait_for 30 has_grown || fail "sda has $(size_of sda) blocks"
host scsi add 2 16
wait_for 30 test -e /sys/block/sdc || fail "no sdc"
usleep 500000
dd if=/dev/sdc of=/dev/null bs=4k skip=100 count=2 2>/dev/null || fail "sdc"
host scsi remove 2
wait_for 30 test ! -e /sys/block/sdc || fail "sdc stays"
read_at 128
echo "recorded scsi"
