# Runs a Java program of ours in a guest.
need mount -t ext4 -o ro /dev/nvme0n2 /java
"$JAVA" @/arguments
echo ">> java ended with $?"
