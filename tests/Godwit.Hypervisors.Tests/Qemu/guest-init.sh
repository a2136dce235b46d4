#!/bin/busybox sh
# shellcheck shell=dash
# All of the guest that the tests run: it counts on its console, answers what is typed there, and uses its network and
# disk if it has them.
export PATH=/bin
/bin/busybox mkdir -p /proc /sys /dev /etc/acpi/PWRF /var/run /var/log
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do
    insmod "/modules/$module"
done < /modules/order
echo 3 > /proc/sys/kernel/printk

printf '#!/bin/busybox sh\necho power button\npoweroff -f\n' > /etc/acpi/PWRF/00000080
chmod 755 /etc/acpi/PWRF/00000080
acpid

for word in $(cat /proc/cmdline); do
    case $word in
        address=*)
            ip link set eth0 up
            ip address add "${word#address=}" dev eth0
            ;;
    esac
done

(
    n=0
    while :; do
        echo "tick $n"
        n=$((n + 1))
        usleep 50000
    done
) &
echo "guest is up"
while read -r line; do
    echo "heard $line"
    case $line in
        off) poweroff -f ;;
        restart) reboot -f ;;
        crash) echo c > /proc/sysrq-trigger ;;
        ping*) ping -c 1 -W 2 "${line#ping }" ;;
        write*) echo "${line#write }" | dd of=/dev/vda bs=512 count=1 conv=fsync,sync 2> /dev/null && echo written ;;
        read) dd if=/dev/vda bs=512 count=1 iflag=direct 2> /dev/null | head -1 ;;
        dirty) dd if=/dev/zero of=/big bs=1M count=40 2> /dev/null; while :; do dd if=/dev/urandom of=/big bs=1M count=40 conv=notrunc 2> /dev/null; done & ;;
    esac
done
