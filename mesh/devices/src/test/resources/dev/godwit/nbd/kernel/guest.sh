#!/bin/sh
# The first process of a guest: makes a small Linux of it and runs what the test wants. Lines that
# begin with ">> " are for the test.
PATH=/bin
export PATH

# Does what nothing works without.
need() {
  if ! "$@"; then
    echo "the guest cannot start, this failed: $*"
    poweroff -f
  fi
}

need mount -t proc proc /proc
need mount -t sysfs sys /sys
grep -q ' /dev ' /proc/mounts || need mount -t devtmpfs dev /dev
need mount -t tmpfs tmp /tmp
for module in $(cat /modules/list); do
  case $module in
    nbd.ko) need insmod "/modules/$module" nbds_max=4 ;;
    *) need insmod "/modules/$module" ;;
  esac
done
need ip link set lo up
need ip addr add 10.0.2.15/24 dev eth0
need ip link set eth0 up
. /variables
. /test.sh
echo ">> off"
poweroff -f
