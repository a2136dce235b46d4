#!/bin/sh
# First program of a guest that tests talk to: a shell on the second serial line, which gets its commands from them.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root LVM_SUPPRESS_FD_WARNINGS=1
# On a line that looks like a terminal it would prompt.
PS1='' PS2=''
export PATH HOME LVM_SUPPRESS_FD_WARNINGS PS1 PS2
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mkdir -p /dev/shm /run/lvm /run/lock
mount -t tmpfs tmpfs /dev/shm
ip link set lo up
stty -F /dev/ttyS1 115200 raw -echo
while :; do
    setsid sh -c 'echo "@@ready@@"; exec sh' < /dev/ttyS1 > /dev/ttyS1 2>&1
done
