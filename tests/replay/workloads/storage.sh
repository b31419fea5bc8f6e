# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Disks of a SCSI controller: what the driver finds, blocks written and read back, a file system made,
# filled, trimmed, checked and resized, errors injected and recovered from, disks that come and go.
# shellcheck source=/dev/null
. /lib.sh

disk=/sys/block/sda
size_of() { cat "/sys/block/$1/size" 2>/dev/null || echo 0; } # DISK: in 512 bytes
rescan() { echo 1 >"/sys/block/$1/device/rescan"; }
has_size() { rescan "$1"; [ "$(size_of "$1")" = "$2" ]; } # DISK SIZE

wait_for 60 test -e $disk/size || fail "no sda: $(dmesg | tail -n 20)"
wait_for 60 test -e /sys/block/sdb/size || fail "no sdb"
step "vendor $(cat $disk/device/vendor) model $(cat $disk/device/model) rev $(cat $disk/device/rev)"
[ "$(size_of sda)" = 131072 ] || fail "sda has $(size_of sda) blocks"
[ ! -e /sys/block/sdc ] || fail "there is a third disk: $(ls /sys/block)"

step "write and read"
head -c 4194304 /dev/urandom >/tmp/data
dd if=/tmp/data of=/dev/sda bs=64k seek=16 2>/dev/null || fail "cannot write"
sync
echo 3 >/proc/sys/vm/drop_caches
dd if=/dev/sda of=/tmp/back bs=64k skip=16 count=64 2>/dev/null || fail "cannot read"
cmp /tmp/data /tmp/back || fail "it reads otherwise than it was written"

step "a file system"
/bin/mkfs.ext4 -q -F /dev/sda || fail "mkfs"
mkdir -p /mnt
mount -t ext4 /dev/sda /mnt || fail "mount: $(dmesg | tail -n 3)"
for i in 1 2 3 4; do
	cp /tmp/data "/mnt/file$i" || fail "copy"
done
sync
rm /mnt/file1 /mnt/file2
fstrim -v /mnt || fail "trim"
umount /mnt || fail "umount"
/bin/e2fsck -f -n /dev/sda >/tmp/fsck || fail "fsck: $(cat /tmp/fsck)"

step "resize"
expect "" host scsi resize 0 96
wait_for 30 has_size sda 196608 || fail "sda has $(size_of sda) blocks"
/bin/resize2fs /dev/sda >/tmp/resize 2>&1 || fail "resize2fs: $(cat /tmp/resize)"
mount -t ext4 /dev/sda /mnt || fail "mount"
cmp /tmp/data /mnt/file3 || fail "file3 differs"
df /mnt | tail -n 1
umount /mnt

step "errors"
# what reads a page tries twice
expect "" host scsi error 1 read 100 2 3/11/00
echo 3 >/proc/sys/vm/drop_caches
! dd if=/dev/sdb of=/dev/null bs=4k skip=12 count=1 2>/dev/null || fail "a medium error went unseen"
dd if=/dev/sdb of=/dev/null bs=4k skip=12 count=1 2>/dev/null || fail "the error stays"
dmesg | grep -i 'medium error' | tail -n 1

step "disks come and go"
expect "" host scsi add 2 16
wait_for 30 test -e /sys/block/sdc || fail "no sdc"
expect "" host scsi remove 2
wait_for 30 test ! -e /sys/block/sdc || fail "sdc stays"
step "counters: $(host scsi stats)"
echo "result storage works"
