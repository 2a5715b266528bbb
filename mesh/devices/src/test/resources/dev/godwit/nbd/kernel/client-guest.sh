# Uses /dev/nbd0 with Debian's nbd-client, as an administrator would, again and again: PORTS has for
# each time a server's port and the number of connections, with a colon between them.

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

mkdir /tmp/mounted
for one in $PORTS; do
  try connect nbd-client "$HOST" "${one%:*}" /dev/nbd0 -N disk -C "${one#*:}" -b 512
  say "size $(cat /sys/block/nbd0/size)"
  say "read $(head -c 16 /dev/nbd0)"
  try dd dd if=/dev/zero of=/dev/nbd0 bs=1M count=4 oflag=direct status=none
  try ext4 mkfs.ext4 -q /dev/nbd0
  try mount mount -t ext4 /dev/nbd0 /tmp/mounted
  echo "written in the guest" >/tmp/mounted/hello
  dd if=/dev/urandom of=/tmp/mounted/random bs=1M count=8 status=none
  say "sum $(sha256sum </tmp/mounted/random | cut -c 1-64)"
  try umount umount /tmp/mounted
  try fsck e2fsck -fn /dev/nbd0
  try mount-again mount -t ext4 -o ro /dev/nbd0 /tmp/mounted
  say "sum $(sha256sum </tmp/mounted/random | cut -c 1-64)"
  try umount-again umount /tmp/mounted
  cat /dev/nbd0 >/tmp/copy
  say "copy $(wc -c </tmp/copy)"
  try find sh -c 'tr -d "\000" </tmp/copy | grep -q "written in the guest"'
  rm /tmp/copy
  try blkdiscard blkdiscard /dev/nbd0
  say "after-discard $(head -c 1048576 /dev/nbd0 | tr -d '\000' | wc -c)"
  try mkswap mkswap /dev/nbd0
  try swapon swapon /dev/nbd0
  say "swap $(awk 'NR == 2 { print $1, $3 }' /proc/swaps)"
  try swapoff swapoff /dev/nbd0
  dd if=/source of=/dev/nbd0 bs=1M conv=fsync status=none
  try disconnect nbd-client -d /dev/nbd0
  say "size $(cat /sys/block/nbd0/size)"
done
