using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Aoe.Guests;

/// <summary>
/// A Debian with the distribution's driver for AoE, aoetools, LVM and fio, on Debian's kernel; its first program is a shell that tests
/// talk to. Built once, and kept in the cache of images.
/// </summary>
/// <param name="RootPath">The root file system; guests write to snapshots of it.</param>
public sealed record AoeGuestImage(string KernelPath, string RamdiskPath, string RootPath)
{
    private const long FilesystemBytes = 2L << 30;
    private static readonly string[] s_packages = ["aoetools", "e2fsprogs", "fdisk", "fio", "iproute2", "kmod", "lvm2", "thin-provisioning-tools", "util-linux"];
    private static readonly string[] s_modules = ["aoe", "dm_mod", "dm_thin_pool", "dm_snapshot"];

    public static async Task<AoeGuestImage> GetAsync(IProgress<string>? progress = null, CancellationToken ct = default)
    {
        var cache = new ImageCache();
        var shared = await GuestBase.GetAsync(cache, progress, ct).ConfigureAwait(false);
        string[] recipe = ["1", Distribution.Current.Codename, shared.KernelPath, .. s_packages, .. s_modules, Shell()];
        var entry = await cache.GetAsync("aoe-guest", recipe, async (directory, token) =>
        {
            progress?.Report($"building the image of a guest with the kernel's AoE driver: Debian {Distribution.Current.Codename} by mmdebstrap");
            await BuildAsync(directory, token).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
        return new AoeGuestImage(shared.KernelPath, shared.RamdiskPath, Path.Combine(entry, "root.ext4"));
    }

    private static async Task BuildAsync(string directory, CancellationToken ct)
    {
        var tree = new RootTree(Path.Combine(directory, "tree"));
        await ProgramRunner.RunAsync(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory", "--include=" + string.Join(',', s_packages),
                "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
                Distribution.Current.Codename, tree.Directory], null, ct).ConfigureAwait(false);
        tree.FixUp();
        tree.Write("/sbin/guest-shell", Shell(), executable: true);
        // No udev is there to make the nodes.
        tree.Write("/etc/lvm/lvmlocal.conf", "activation { udev_sync = 0 udev_rules = 0 }\ndevices { obtain_device_list_from_udev = 0 use_devicesfile = 0 }\n");
        await AddModulesAsync(directory, tree, ct).ConfigureAwait(false);
        await tree.MakeFilesystemAsync(Path.Combine(directory, "root.ext4"), FilesystemBytes, ct).ConfigureAwait(false);
        Directory.Delete(tree.Directory, recursive: true);
    }

    // Under /modules, in the order in which they can be loaded.
    private static async Task AddModulesAsync(string directory, RootTree tree, CancellationToken ct)
    {
        var unpacked = Path.Combine(directory, "unpacked");
        await DebianPackages.UnpackAsync(await DebianPackages.FirstDependencyAsync("linux-image-amd64", ct).ConfigureAwait(false), unpacked, ct)
            .ConfigureAwait(false);
        var modules = Directory.GetDirectories(Path.Combine(unpacked, "lib", "modules")).Single();
        foreach (var compressed in Directory.EnumerateFiles(modules, "*.ko.xz", SearchOption.AllDirectories))
            await ProgramRunner.RunAsync(["xz", "-d", compressed], null, ct).ConfigureAwait(false);
        foreach (var wanted in s_modules)
        {
            var ordered = KernelModules.InLoadOrder(modules, [wanted]);
            foreach (var module in ordered)
            {
                tree.MakeDirectories("/modules");
                File.Copy(module, tree["/modules/" + Path.GetFileName(module)], overwrite: true);
            }
            tree.Write($"/modules/{wanted}.order", string.Concat(ordered.Select(m => $"/modules/{Path.GetFileName(m)}\n")));
        }
        Directory.Delete(unpacked, recursive: true);
    }

    private static string Shell()
    {
        using var stream = typeof(AoeGuestImage).Assembly.GetManifestResourceStream("guest-shell.sh")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
