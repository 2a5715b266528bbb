#!/bin/sh
# The first process of a guest: uses /dev/nbd0 with Debian's nbd-client, as an administrator would.
# Lines that begin with ">> " are for the test.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

say() {
  echo ">> $*"
}

# Runs a program quietly, and says how it went.
try() {
  name=$1
  shift
  if output=$("$@" 2>&1); then
    say "$name ok"
  else
    say "$name failed: $output"
  fi
}

mount -t proc proc /proc
mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
try module busybox insmod "/usr/lib/uml/modules/$(uname -r)/kernel/drivers/block/nbd.ko" nbds_max=4
busybox ip link set lo up
busybox ip addr add 10.99.0.2/24 dev vec0
busybox ip link set vec0 up

try connect nbd-client 10.99.0.1 "$PORT" /dev/nbd0 -N disk -C "$CONNECTIONS" -b 512
say "size $(cat /sys/block/nbd0/size)"
say "read $(head -c 16 /dev/nbd0)"
try dd dd if=/dev/zero of=/dev/nbd0 bs=1M count=4 oflag=direct status=none
try ext4 mkfs.ext4 -q /dev/nbd0
mkdir -p "$FOLDER/mounted"
try mount mount -t ext4 /dev/nbd0 "$FOLDER/mounted"
echo "written in the guest" >"$FOLDER/mounted/hello"
dd if=/dev/urandom of="$FOLDER/mounted/random" bs=1M count=8 status=none
say "sum $(sha256sum <"$FOLDER/mounted/random" | cut -c 1-64)"
try umount umount "$FOLDER/mounted"
try fsck e2fsck -fn /dev/nbd0
try mount-again mount -t ext4 -o ro /dev/nbd0 "$FOLDER/mounted"
say "sum $(sha256sum <"$FOLDER/mounted/random" | cut -c 1-64)"
try umount-again umount "$FOLDER/mounted"
try copy sh -c "cat /dev/nbd0 >$FOLDER/copy"
try blkdiscard busybox blkdiscard /dev/nbd0
say "after-discard $(head -c 1048576 /dev/nbd0 | tr -d '\000' | wc -c)"
try mkswap mkswap /dev/nbd0
try swapon busybox swapon /dev/nbd0
say "swap $(busybox awk 'NR == 2 { print $1, $3 }' /proc/swaps)"
try swapoff busybox swapoff /dev/nbd0
dd if="$FOLDER/source" of=/dev/nbd0 bs=1M conv=fsync status=none
try disconnect nbd-client -d /dev/nbd0
say "size $(cat /sys/block/nbd0/size)"
say off
busybox poweroff -f
