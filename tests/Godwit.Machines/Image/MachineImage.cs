using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Machines.Image;

/// <summary>
/// A Debian as an administrator has it before Godwit comes: systemd, udev, a kernel with all its drivers for servers, sshd, LVM, QEMU. Built once by mmdebstrap, without mounting anything, and kept in the cache of images; machines write to overlays.
/// </summary>
/// <param name="KernelPath">Debian's kernel, as QEMU boots it.</param>
/// <param name="RamdiskPath">Finds the root file system for it.</param>
/// <param name="RootPath">The root file system, without a partition table.</param>
/// <param name="KeyPath">The private key that root of each machine lets in.</param>
public sealed record MachineImage(string KernelPath, string RamdiskPath, string RootPath, string KeyPath)
{
    private const long FilesystemBytes = 4L << 30;

    /// <summary>
    /// The machines have no other network than their own, so what <c>apt install</c> of the package wants has to be here: QEMU and iproute2.
    /// </summary>
    private static readonly string[] s_packages =
    [
        "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "iputils-ping", "procps", "openssh-server", "lvm2", "thin-provisioning-tools",
        "fdisk", "e2fsprogs", "qemu-system-x86", "qemu-utils",
    ];

    /// <summary>Units that an emulated processor spends seconds on, and that no machine here needs.</summary>
    private static readonly string[] s_masked =
    [
        "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer",
        "systemd-tmpfiles-clean.timer", "getty@tty1.service", "getty-static.service", "serial-getty@ttyS0.service", "systemd-pstore.service",
        "systemd-binfmt.service", "systemd-hwdb-update.service", "ldconfig.service", "systemd-update-utmp.service",
        "systemd-update-utmp-runlevel.service", "systemd-firstboot.service", "systemd-machine-id-commit.service", "systemd-random-seed.service",
        "modprobe@configfs.service", "modprobe@drm.service", "modprobe@fuse.service", "modprobe@efi_pstore.service", "sys-fs-fuse-connections.mount",
        "sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "proc-sys-fs-binfmt_misc.automount",
        "qemu-kvm.service", "blk-availability.service", "systemd-logind.service",
    ];

    /// <summary>Parts of the kernel package that no emulated server has the hardware for; they are two thirds of it.</summary>
    private static readonly string[] s_withoutModules =
    [
        "sound", "drivers/gpu", "drivers/media", "drivers/net/ethernet", "drivers/net/wireless", "drivers/infiniband", "drivers/staging",
        "drivers/iio", "drivers/input", "drivers/hid", "drivers/isdn", "drivers/usb", "drivers/bluetooth", "net/bluetooth", "drivers/scsi",
    ];

    /// <summary>Builds the image, or finds it in the cache.</summary>
    public static async Task<MachineImage> GetAsync(IProgress<string>? progress = null, CancellationToken ct = default)
    {
        var cache = new ImageCache();
        var shared = await GuestBase.GetAsync(cache, progress, ct).ConfigureAwait(false);
        string[] recipe =
        [
            "1", Distribution.Current.Codename, shared.BusyboxPath, .. s_packages, .. s_masked, .. s_withoutModules, Script("machine-identity.sh"),
            Identity, SshSettings,
        ];
        var entry = await cache.GetAsync("machine", recipe, async (directory, token) =>
        {
            progress?.Report($"building the image of a machine: Debian {Distribution.Current.Codename} by mmdebstrap");
            await BuildAsync(directory, shared, progress, token).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
        return new MachineImage(
            Path.Combine(entry, "vmlinuz"), Path.Combine(entry, "ramdisk"), Path.Combine(entry, "root.ext4"), Path.Combine(entry, "key"));
    }

    private const string Identity =
        """
        [Unit]
        Description=Network of this machine, from the kernel's command line
        DefaultDependencies=no
        After=systemd-remount-fs.service
        Before=network.target
        Wants=network.target

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/usr/lib/machine/machine-identity.sh

        """;

    /// <summary>Root, by its key alone; one kind of host key is enough, and PAM would cost each connection a second.</summary>
    private const string SshSettings =
        """
        PermitRootLogin prohibit-password
        UsePAM no
        UseDNS no
        HostKey /etc/ssh/ssh_host_ed25519_key
        MaxSessions 50

        """;

    private static async Task BuildAsync(string directory, GuestBase shared, IProgress<string>? progress, CancellationToken ct)
    {
        var tree = new RootTree(Path.Combine(directory, "tree"));
        await ProgramRunner.RunAsync(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory", "--include=" + string.Join(',', s_packages),
                "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
                Distribution.Current.Codename, tree.Directory], null, ct).ConfigureAwait(false);
        progress?.Report("its kernel and its file system");
        tree.FixUp();
        foreach (var unit in s_masked) tree.Link("/etc/systemd/system/" + unit, "/dev/null");
        tree.Write("/usr/lib/machine/machine-identity.sh", Script("machine-identity.sh"), executable: true);
        tree.Write("/etc/systemd/system/machine-identity.service", Identity);
        tree.Link("/etc/systemd/system/sysinit.target.wants/machine-identity.service", "../machine-identity.service");
        await LetInAsync(directory, tree, ct).ConfigureAwait(false);
        await AddKernelAsync(directory, tree, shared, ct).ConfigureAwait(false);
        // "Everything is up to date": without it systemd updates its databases at the first boot.
        foreach (var mark in (string[])["/etc/.updated", "/var/.updated"]) tree.Write(mark, "");
        tree.Write("/etc/machine-id", "");
        await tree.MakeFilesystemAsync(Path.Combine(directory, "root.ext4"), FilesystemBytes, ct).ConfigureAwait(false);
        Directory.Delete(tree.Directory, recursive: true);
    }

    /// <summary>A key pair for this machine's root, and the keys of sshd.</summary>
    private static async Task LetInAsync(string directory, RootTree tree, CancellationToken ct)
    {
        var key = Path.Combine(directory, "key");
        await ProgramRunner.RunAsync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "machines", "-f", key], null, ct).ConfigureAwait(false);
        tree.Write("/root/.ssh/authorized_keys", await File.ReadAllTextAsync(key + ".pub", ct).ConfigureAwait(false));
        foreach (var old in Directory.GetFiles(tree["/etc/ssh"], "ssh_host_*")) File.Delete(old);
        await ProgramRunner.RunAsync(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", tree["/etc/ssh/ssh_host_ed25519_key"]], null, ct).ConfigureAwait(false);
        tree.Write("/etc/ssh/sshd_config.d/machine.conf", SshSettings);
    }

    /// <summary>The kernel, and the modules that belong to it, as its package would install them.</summary>
    private static async Task AddKernelAsync(string directory, RootTree tree, GuestBase shared, CancellationToken ct)
    {
        var unpacked = Path.Combine(directory, "unpacked");
        var package = await DebianPackages.FirstDependencyAsync("linux-image-amd64", ct).ConfigureAwait(false);
        await DebianPackages.UnpackAsync(package, unpacked, ct).ConfigureAwait(false);
        File.Move(Directory.GetFiles(Path.Combine(unpacked, "boot"), "vmlinuz-*").Single(), Path.Combine(directory, "vmlinuz"));
        var modules = Directory.GetDirectories(Path.Combine(unpacked, "lib", "modules")).Single();
        await GuestBase.WriteRamdiskAsync(Path.Combine(directory, "ramdisk"), shared.BusyboxPath, modules, ct).ConfigureAwait(false);
        foreach (var part in s_withoutModules)
            if (Directory.Exists(Path.Combine(modules, "kernel", part))) Directory.Delete(Path.Combine(modules, "kernel", part), recursive: true);
        var version = Path.GetFileName(modules);
        tree.MakeDirectories("/usr/lib/modules");
        await ProgramRunner.RunAsync(["mv", modules, tree["/usr/lib/modules/" + version]], null, ct).ConfigureAwait(false);
        await ProgramRunner.RunAsync(["chroot", tree.Directory, "depmod", version], null, ct).ConfigureAwait(false);
        Directory.Delete(unpacked, recursive: true);
    }

    private static string Script(string name)
    {
        using var stream = typeof(MachineImage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
