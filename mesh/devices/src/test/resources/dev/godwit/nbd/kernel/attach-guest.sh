#!/bin/sh
# The first process of a guest: runs a Java program of ours with an NBD module in the kernel. Lines
# that begin with ">> " are for the test.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

mount -t proc proc /proc
mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
busybox insmod "/usr/lib/uml/modules/$(uname -r)/kernel/drivers/block/nbd.ko" nbds_max=4
busybox ip link set lo up
busybox ip addr add 10.99.0.2/24 dev vec0
busybox ip link set vec0 up
"$JAVA" "@$FOLDER/arguments"
echo ">> java ended with $?"
echo ">> off"
busybox poweroff -f
