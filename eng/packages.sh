# Debian packages that Godwit's scripts need, by purpose. Sourced, not run.
# shellcheck shell=bash

# purpose  package  why
godwit_packages=$(cat << 'END'
build  gcc               links the programs, compiles the guest writer
build  libc6-dev         C headers and static libraries for that
build  zlib1g-dev        the programs are linked with zlib
lab    qemu-system-x86   runs the guests
lab    qemu-utils        looks at and makes disk images
lab    iproute2          namespaces, links and bridges of the lab
lab    util-linux        unshare and nsenter: hosts of the lab
lab    iputils-ping      ping between hosts of the lab
lab    procps            ps in hosts of the lab
lab    mmdebstrap        builds the Debian image for guests
lab    e2fsprogs         makes and checks file systems of guests
lab    xz-utils          unpacks kernel modules for guests
lab    grub-pc-bin       boot sector and modules of images' disks; it is not installed as this machine's own
lab    grub-common       grub-mkimage, which makes the loader of these
lab    dosfstools        makes cloud-init's disk
lab    mtools            writes it without mounting it
lab    openssh-client    host keys of guests, and the way into them
bench  libvirt-daemon-system      libvirtd, the peer of bench/migrate
bench  libvirt-clients            virsh
bench  libvirt-daemon-driver-qemu libvirt's driver for QEMU
start  hyperfine         times godwit list and virsh list
aoe    iproute2          namespaces and the veth pair of bench/aoe
aoe    vblade            the peer of bench/aoe
aoe    fio               reads by NBD
aoe    nbdkit            what fio reads from for comparison
aoe    libnbd-bin        nbdcopy fills nbdkit's memory
faults iptables         ebtables cuts lines between hosts of the lab
package debhelper       puts the Debian package together, with its maintainer scripts
test   lintian          judges the Debian package
test   fdisk             a second reader for partition tables (sfdisk)
test   openssl           a second maker of password hashes
test   busybox-static    a second reader for the archives that tests write
test   libnbd-bin        a second NBD client (nbdinfo, nbdcopy) to test the server with
test   python3-libnbd    a third (nbdsh), which is told what to ask
test   fio               writes at random and verifies, by NBD
test   vblade            the target that others use, for the initiator
test   aoetools          what others ask targets with (aoeping, aoecfg)
test   openssh-client    reaches the emulated machines of the three-machine test
test   tshark            captures what crosses an interface, and judges its form
END
)

# Installs what is missing for the given purposes, and says what and why. Asks apt nothing when all is there.
need_packages() {
    local missing=() purpose package why line
    while read -r purpose package why; do
        [[ -n $purpose && " $* " == *" $purpose "* ]] || continue
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) == installed ]] && continue
        missing+=("$package")
        line+=$(printf '\n  %-16s %s' "$package" "$why")
    done <<< "$godwit_packages"
    ((${#missing[@]})) || return 0

    echo "Installing from the distribution:$line"
    need_root "installing packages"
    export DEBIAN_FRONTEND=noninteractive
    local log
    log=$(mktemp)
    if ! { apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        echo "The packages could not be installed; see above." >&2
        exit 1
    fi
    rm -f "$log"
}

# need_root WHY
need_root() {
    ((EUID == 0)) && return
    echo "$0: $1 needs root: run it with sudo." >&2
    exit 1
}

need_dotnet() {
    command -v dotnet > /dev/null && return
    echo "$0: the .NET 10 SDK is needed: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
    exit 1
}
