#!/bin/sh
# First process of a lab host: furnishes the host's own view of the machine, then keeps godwitd running as systemd
# would with Restart=always. Being process 1 it inherits what godwitd leaves behind when it ends (QEMU and godwit-aoe
# live on), and the shell collects those of them that end while it waits.
#
# host-init.sh HOST LAB-DIRECTORY GODWITD|- OWN:SEEN...
set -eu
host=$1 lab=$2 godwitd=$3
shift 3

echo "$host" > /proc/sys/kernel/hostname
mount -t sysfs sysfs /sys # that of this network namespace
for pair; do
    mount --bind "$lab/$host/${pair%%:*}" "${pair#*:}"
done
mount --bind "$lab/hosts" /etc/hosts
: > "$lab/$host/ready"

set +e
while :; do
    if [ "$godwitd" = - ]; then
        sleep 3600
    else
        "$godwitd" --config /etc/godwit/godwitd.toml >> /var/log/godwit/godwitd.log 2>&1
        echo "$(date -u +%FT%TZ) godwitd ended with $?; started again" >> /var/log/godwit/godwitd.log
        sleep 0.5
    fi
done
