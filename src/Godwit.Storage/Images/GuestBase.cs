using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>
/// What all images share: Debian's kernel, a ramdisk for it and a static busybox, taken from their packages without
/// installing any of them on this machine.
/// </summary>
internal sealed record GuestBase(string KernelPath, string RamdiskPath, string BusyboxPath)
{
    public static async Task<GuestBase> GetAsync(ImageCache cache, IProgress<string>? progress, CancellationToken ct)
    {
        string[] recipe =
            ["1", Distribution.Current.Codename, GuestResource.Read("ramdisk-init.sh"), .. KernelModules.Wanted];
        var entry = await cache.GetAsync("kernel", recipe, async (directory, token) =>
        {
            progress?.Report("fetching Debian's kernel and busybox (not installed on this machine)");
            await BuildAsync(directory, token).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
        return new(Path.Combine(entry, "vmlinuz"), Path.Combine(entry, "ramdisk"), Path.Combine(entry, "busybox"));
    }

    private static async Task BuildAsync(string directory, CancellationToken ct)
    {
        var unpacked = Path.Combine(directory, "unpacked");
        await DebianPackages.UnpackAsync("busybox-static", unpacked, ct).ConfigureAwait(false);
        var kernel = await DebianPackages.FirstDependencyAsync("linux-image-amd64", ct).ConfigureAwait(false);
        await DebianPackages.UnpackAsync(kernel, unpacked, ct).ConfigureAwait(false);

        var busybox = Path.Combine(directory, "busybox");
        File.Move(Path.Combine(unpacked, "bin", "busybox"), busybox);
        File.Move(Directory.GetFiles(Path.Combine(unpacked, "boot"), "vmlinuz-*").Single(),
            Path.Combine(directory, "vmlinuz"));
        var modules = Directory.GetDirectories(Path.Combine(unpacked, "lib", "modules")).Single();
        await WriteRamdiskAsync(Path.Combine(directory, "ramdisk"), busybox, modules, ct).ConfigureAwait(false);
        Directory.Delete(unpacked, recursive: true);
    }

    /// <summary>Not compressed: unpacking takes an emulated processor longer than reading four more megabytes.</summary>
    /// <param name="path">The file to be.</param>
    /// <param name="busybox">A static one.</param>
    /// <param name="modules">A kernel package's <c>lib/modules/VERSION</c>; its files are unpacked where they are compressed.</param>
    /// <param name="ct">Ends the making.</param>
    internal static async Task WriteRamdiskAsync(string path, string busybox, string modules, CancellationToken ct)
    {
        // Debian 13 and later compress them, which neither busybox's insmod nor our reader takes.
        foreach (var compressed in Directory.EnumerateFiles(modules, "*.ko.xz", SearchOption.AllDirectories))
            await ProgramRunner.RunAsync(["xz", "-d", compressed], null, ct).ConfigureAwait(false);
        await using var file = File.Create(path);
        var archive = new CpioWriter(file);
        foreach (var name in (string[])["bin", "dev", "modules"]) archive.AddDirectory(name);
        archive.AddCharacterDevice("dev/console", 5, 1); // The kernel opens it before anything is mounted.
        archive.AddFile("bin/busybox", File.ReadAllBytes(busybox), executable: true);
        archive.AddFile("init", System.Text.Encoding.UTF8.GetBytes(GuestResource.Read("ramdisk-init.sh")), true);
        var ordered = KernelModules.InLoadOrder(modules, KernelModules.Wanted);
        if (!ordered.Any(m => m.EndsWith("/ext4.ko", StringComparison.Ordinal)))
            throw new GodwitException("image-kernel", $"the kernel package has no module ext4 under {modules}");
        foreach (var module in ordered) archive.AddFile("modules/" + Path.GetFileName(module), File.ReadAllBytes(module));
        var order = string.Concat(ordered.Select(m => Path.GetFileName(m) + "\n"));
        archive.AddFile("modules/order", System.Text.Encoding.UTF8.GetBytes(order));
        archive.End();
    }
}
