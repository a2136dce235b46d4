using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>
/// A minimal Debian of this machine's release, made by mmdebstrap, with the article's fix-ups in today's form: fstab
/// by label, one login, on the serial console, and the network described in one file.
/// </summary>
public static class DebianImage
{
    private const long FilesystemBytes = 1L << 30;

    /// <summary>No udev: the ramdisk has loaded the drivers, and nothing here waits for other devices.</summary>
    private static readonly string[] Packages = ["systemd-sysv", "ifupdown", "iproute2", "iputils-ping", "procps"];

    /// <summary>
    /// What a server of one purpose does without. The guest has no session manager either (it would need a message
    /// bus): the power button is heard by busybox.
    /// </summary>
    private static readonly string[] Masked =
    [
        "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer",
        "e2scrub_reap.service", "systemd-tmpfiles-clean.timer", "getty@tty1.service", "getty-static.service", "systemd-logind.service",
        "systemd-pstore.service", "systemd-binfmt.service", "systemd-hwdb-update.service", "ldconfig.service",
        "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-journal-flush.service",
        "systemd-firstboot.service", "systemd-sysusers.service", "systemd-machine-id-commit.service",
        "systemd-random-seed.service", "systemd-modules-load.service", "kmod-static-nodes.service",
        "modprobe@loop.service", "modprobe@dm_mod.service", "modprobe@configfs.service", "modprobe@drm.service", "modprobe@fuse.service", "modprobe@efi_pstore.service",
        "dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
        "sys-fs-fuse-connections.mount", "sys-kernel-config.mount", "proc-sys-fs-binfmt_misc.automount",
        "systemd-ask-password-wall.path", "systemd-ask-password-console.path", "ifupdown-pre.service",
        "systemd-remount-fs.service",
    ];

    public static async Task<GuestImage> GetAsync(
        ImageCache cache, IReadOnlyList<GuestService> services, IProgress<string>? progress, CancellationToken ct)
    {
        var shared = await GuestBase.GetAsync(cache, progress, ct).ConfigureAwait(false);
        string[] recipe =
        [
            "1", Distribution.Current.Codename, .. Packages, .. Masked, GuestResource.Read("power-off.sh"),
            .. services.SelectMany(s => new[] { s.Name, s.Source, Unit(s) }),
        ];
        var entry = await cache.GetAsync("debian", recipe, async (directory, token) =>
        {
            progress?.Report($"building the image: Debian {Distribution.Current.Codename} by mmdebstrap");
            await BuildAsync(directory, shared, services, token).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
        return new GuestImage
        {
            Name = "debian",
            KernelPath = shared.KernelPath,
            RamdiskPath = shared.RamdiskPath,
            BusyboxPath = shared.BusyboxPath,
            RootFilesystemPath = Path.Combine(entry, "root.ext4"),
        };
    }

    private static async Task BuildAsync(
        string directory, GuestBase shared, IReadOnlyList<GuestService> services, CancellationToken ct)
    {
        var tree = new RootTree(Path.Combine(directory, "tree"));
        await ProgramRunner.RunAsync(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory",
                "--include=" + string.Join(',', Packages),
                "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
                "--dpkgopt=path-exclude=/usr/share/locale/*",
                Distribution.Current.Codename, tree.Directory], null, ct).ConfigureAwait(false);
        tree.FixUp();
        foreach (var unit in Masked) tree.Link("/etc/systemd/system/" + unit, "/dev/null");
        tree.CopyProgram(shared.BusyboxPath, "/usr/lib/guest/busybox");
        Enable(tree, "power-button.service",
            """
            [Unit]
            Description=Shutdown by the power button
            DefaultDependencies=no

            [Service]
            ExecStart=/usr/lib/guest/busybox acpid -f

            """);
        tree.Write("/etc/systemd/journald.conf.d/volatile.conf", "[Journal]\nStorage=volatile\n");
        // Not serial-getty@ttyS0: that one waits for udev to announce the device.
        Enable(tree, "console-login.service",
            """
            [Unit]
            Description=Login on the serial console
            DefaultDependencies=no
            After=local-fs.target
            Conflicts=serial-getty@ttyS0.service

            [Service]
            ExecStart=-/sbin/agetty -L 115200 ttyS0 vt100
            Restart=always
            RestartSec=0
            UtmpIdentifier=ttyS0
            TTYPath=/dev/ttyS0
            TTYReset=yes
            TTYVHangup=yes
            IgnoreSIGPIPE=no
            SendSIGHUP=yes

            """);
        tree.Link("/etc/systemd/system/serial-getty@ttyS0.service", "/dev/null");
        foreach (var service in services) Enable(tree, service.Name + ".service", Unit(service));
        await tree.AddServicesAsync(services, ct).ConfigureAwait(false);
        // "Everything is up to date": without it systemd updates its databases at the first boot.
        foreach (var mark in (string[])["/etc/.updated", "/var/.updated"]) tree.Write(mark, "");
        await tree.MakeFilesystemAsync(Path.Combine(directory, "root.ext4"), FilesystemBytes, ct).ConfigureAwait(false);
        Directory.Delete(tree.Directory, recursive: true);
    }

    private static void Enable(RootTree tree, string unit, string content)
    {
        tree.Write("/etc/systemd/system/" + unit, content);
        tree.Link("/etc/systemd/system/multi-user.target.wants/" + unit, "../" + unit);
    }

    private static string Unit(GuestService service) =>
        $"""
        [Unit]
        Description={service.Name}
        ConditionPathExists={service.Condition}

        [Service]
        ExecStart=/usr/sbin/{service.Name}
        Restart=always

        """;
}
