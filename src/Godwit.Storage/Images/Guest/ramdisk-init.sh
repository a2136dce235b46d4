#!/bin/busybox sh
# shellcheck shell=dash
# First program of a guest: loads the drivers that its disk and network need, mounts the root file system that the
# kernel's command line names (root=/dev/... or root=LABEL=...), and hands over to it. Words of the command line that
# the kernel does not know, such as a run level, come as arguments and are passed on.
bb=/bin/busybox
$bb mkdir -p /proc /sys /dev /root
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs dev /dev

# Those of another engine find no device and say so.
while read -r module; do
    $bb insmod "/modules/$module" 2> /dev/null
done < /modules/order

root='' mode=rw init=/sbin/init
for word in $($bb cat /proc/cmdline); do
    case $word in
        root=*) root=${word#root=} ;;
        ro) mode=ro ;;
        init=*) init=${word#init=} ;;
    esac
done

# A disk may take a moment to appear.
tries=0
while [ $tries -lt 100 ]; do
    case $root in
        LABEL=* | UUID=*) device=$($bb findfs "$root" 2> /dev/null) || device='' ;;
        *) device=$root ;;
    esac
    [ -b "$device" ] && break
    $bb usleep 50000
    tries=$((tries + 1))
done

# noinit_itable: a file system that was grown is not filled with zeros behind the guest's back.
if ! $bb mount -t ext4 -o "$mode,noinit_itable" "$device" /root; then
    echo "cannot mount root=$root; block devices: $(cd /sys/block && echo *)"
    exec $bb sh
fi
for place in proc sys dev; do
    $bb mkdir -p "/root/$place"
    $bb mount --move "/$place" "/root/$place"
done
exec $bb switch_root /root "$init" "$@"
