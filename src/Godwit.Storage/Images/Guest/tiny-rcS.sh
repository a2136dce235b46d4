#!/bin/sh
# All that the tiny guest does at boot, called by busybox init before the login appears.
export PATH=/sbin:/usr/sbin:/bin:/usr/bin
mount -t tmpfs -o mode=755 run /run
mkdir -p /dev/pts /run/lock
mount -t devpts devpts /dev/pts
hostname -F /etc/hostname
ifup -a
acpid # the power button, which is how a host asks for a shutdown
