#!/bin/sh
# What makes one machine different from the others of its image, from the words of the kernel's command line:
#   machine.address=10.9.0.11/24   in the guests' network, on eth0
#   machine.bridge=xenbr0          eth0 is a port of that bridge, which has the address
#   machine.hosts=storage:10.9.0.10,resource-1:10.9.0.11   all of the site
# The name comes by systemd.hostname, which systemd reads itself. eth1 is the storage network: it needs no address.
# By ip(8) alone: ifupdown's scripts would cost an emulated processor ten seconds.
address='' bridge='' hosts=''
for word in $(cat /proc/cmdline); do
    case $word in
        machine.address=*) address=${word#machine.address=} ;;
        machine.bridge=*) bridge=${word#machine.bridge=} ;;
        machine.hosts=*) hosts=${word#machine.hosts=} ;;
    esac
done
{
    echo "127.0.0.1 localhost"
    IFS=,
    for host in $hosts; do echo "${host#*:} ${host%%:*}"; done
} > /etc/hosts
hostname > /etc/hostname
ip -batch - << END
link set lo up
${bridge:+link add $bridge address $(cat /sys/class/net/eth0/address) type bridge stp_state 0 forward_delay 0
link set eth0 master $bridge}
link set eth0 up
${bridge:+link set $bridge up}
address add $address dev ${bridge:-eth0}
link set eth1 mtu 9000 up
END
