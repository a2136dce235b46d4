using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>A guest of nothing but busybox, on Debian's kernel: up in seconds even without hardware help.</summary>
public static class TinyImage
{
    private const long FilesystemBytes = 64L << 20;

    public static async Task<GuestImage> GetAsync(
        ImageCache cache, IReadOnlyList<GuestService> services, IProgress<string>? progress, CancellationToken ct)
    {
        var shared = await GuestBase.GetAsync(cache, progress, ct).ConfigureAwait(false);
        string[] recipe =
        [
            "2", shared.RamdiskPath, Script(services), ConsoleLogin, GuestResource.Read("power-off.sh"),
            .. services.SelectMany(s => new[] { s.Name, s.Source }),
        ];
        var entry = await cache.GetAsync("tiny", recipe, async (directory, token) =>
        {
            progress?.Report("building the tiny image");
            await BuildAsync(directory, shared, services, token).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
        return new GuestImage
        {
            Name = "tiny",
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
        tree.MakeDirectories("/dev", "/proc", "/sys", "/run", "/tmp", "/root", "/var/lib", "/var/log");
        tree.Link("/var/run", "/run");
        tree.CopyProgram(shared.BusyboxPath, "/bin/busybox");
        var applets = await ProgramRunner.RunAsync([shared.BusyboxPath, "--list-full"], null, ct).ConfigureAwait(false);
        foreach (var applet in applets.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (applet != "bin/busybox") tree.Link(applet, "/bin/busybox");
        tree.Write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        tree.Write("/etc/group", "root:x:0:\n");
        tree.Write("/etc/shadow", "root:*:19000:0:99999:7:::\n");
        File.SetUnixFileMode(tree["/etc/shadow"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        tree.Write("/etc/inittab",
            """
            ::sysinit:/etc/init.d/rcS
            ::respawn:/sbin/console-login
            ::ctrlaltdel:/sbin/reboot
            ::shutdown:/bin/sync
            ::shutdown:/bin/umount -a -r

            """);
        tree.FixUp();
        tree.Write("/sbin/console-login", ConsoleLogin, executable: true);
        tree.Write("/etc/init.d/rcS", Script(services), executable: true);
        await tree.AddServicesAsync(services, ct).ConfigureAwait(false);
        await tree.MakeFilesystemAsync(Path.Combine(directory, "root.ext4"), FilesystemBytes, ct).ConfigureAwait(false);
        Directory.Delete(tree.Directory, recursive: true);
    }

    /// <summary>Which console there is depends on the engine: ttyS0, or hvc0 under Xen.</summary>
    private const string ConsoleLogin =
        """
        #!/bin/sh
        read -r consoles < /sys/class/tty/console/active
        exec getty -L 115200 "${consoles##* }" vt100

        """;

    private static string Script(IEnumerable<GuestService> services) =>
        GuestResource.Read("tiny-rcS.sh")
        + string.Concat(services.Select(s => $"[ ! -e {s.Condition} ] || {s.Name} > /dev/null 2>&1 &\n"));
}
