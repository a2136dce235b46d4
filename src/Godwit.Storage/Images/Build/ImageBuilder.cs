using System.Security.Cryptography;
using Godwit.Domains;
using Godwit.Storage.Images.Library;

namespace Godwit.Storage.Images.Build;

/// <summary>
/// Builds a disk with a Debian on it, without mounting anything on this host: mmdebstrap makes the tree, mke2fs the
/// file system of it, and GRUB's parts are written before the partition.
/// </summary>
public static class ImageBuilder
{
    /// <summary>Changes with what is built of a recipe: what was cached of another one is no longer it.</summary>
    public const string Version = "1";

    private const string GrubDirectory = "/usr/lib/grub/i386-pc";

    /// <summary>What GRUB needs before it can read its configuration, and what that asks for: none is loaded later.</summary>
    private static readonly string[] GrubModules =
        ["biosdisk", "part_msdos", "ext2", "normal", "linux", "search", "search_fs_uuid", "configfile", "serial", "terminal", "echo", "test", "ls", "cat", "reboot", "halt"];

    /// <summary>The programs that this needs, by Debian's packages that have them.</summary>
    public static readonly string[] NeededPackages = ["mmdebstrap", "e2fsprogs", "grub-common", "grub-pc-bin"];

    /// <exception cref="GodwitException">A program is missing, a package does not exist, the storage is full, or the mirror fails.</exception>
    public static async Task<ImageRecord> BuildAsync(
        ImageLibrary.UnfinishedImage image, string name, ImageRecipe recipe, IProgress<StepProgress>? progress, TimeProvider time, CancellationToken ct)
    {
        // What is missing is said before minutes have gone by.
        var (boot, core) = await LoaderAsync(image, ct).ConfigureAwait(false);
        var tree = new RootTree(image.Scratch("tree"));
        await FillTreeAsync(tree, recipe, new BuildProgress(new PartOfProgress(progress, 0, 0.85)), ct).ConfigureAwait(false);

        var rest = new PartOfProgress(progress, 0.85, 1);
        rest.Report("making the file system", 0);
        var filesystem = Guid.NewGuid();
        Finish(tree, recipe.Suite, filesystem);
        using (var disk = new FileStream(image.DiskPath, FileMode.CreateNew, FileAccess.ReadWrite))
            disk.SetLength(recipe.SizeBytes);
        await tree.MakeFilesystemAsync(
            image.DiskPath, BootDisk.PartitionBytes(recipe.SizeBytes), ct, new FilesystemPlace(BootDisk.PartitionOffset, filesystem)).ConfigureAwait(false);
        using (var disk = new FileStream(image.DiskPath, FileMode.Open, FileAccess.ReadWrite))
            BootDisk.WriteHead(disk, boot, core, recipe.SizeBytes);
        Directory.Delete(tree.Directory, recursive: true);

        rest.Report("computing the checksum", 0.6);
        return new ImageRecord
        {
            Name = name,
            Kind = ImageKind.Built,
            SizeBytes = recipe.SizeBytes,
            Sha256 = await ChecksumAsync(image.DiskPath, ct).ConfigureAwait(false),
            Made = time.GetUtcNow(),
            Suite = recipe.Suite,
            Packages = recipe.Packages,
        };
    }

    private static async Task<(byte[] Boot, byte[] Core)> LoaderAsync(ImageLibrary.UnfinishedImage image, CancellationToken ct)
    {
        var boot = Path.Combine(GrubDirectory, "boot.img");
        if (!File.Exists(boot))
        {
            throw new GodwitException(
                ImageErrors.MissingProgram, $"{boot} is needed for this and is not on {Environment.MachineName}.", "Install it there: apt install grub-pc-bin grub-common");
        }
        var core = image.Scratch("core.img");
        // "The partition of the disk that was booted from": whatever other disks the domain has.
        await ImagePrograms.RunAsync(
            "grub-common", ["grub-mkimage", "-O", "i386-pc", "-d", GrubDirectory, "-p", "(,msdos1)/boot/grub", "-o", core, .. GrubModules],
            said => Failed("GRUB's parts cannot be made", said), null, ct).ConfigureAwait(false);
        return (await File.ReadAllBytesAsync(boot, ct).ConfigureAwait(false), await File.ReadAllBytesAsync(core, ct).ConfigureAwait(false));
    }

    private static async Task FillTreeAsync(RootTree tree, ImageRecipe recipe, BuildProgress progress, CancellationToken ct)
    {
        string[] command =
        [
            "mmdebstrap", "--verbose", "--variant=minbase", "--format=directory",
            "--include=" + string.Join(',', ImageRecipe.Always.Concat(recipe.Packages)),
            "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright",
            "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
            // A tree that a power loss tears is thrown away.
            "--dpkgopt=force-unsafe-io",
            recipe.Suite, tree.Directory, .. await PackageSources.ForAsync(recipe.Suite, ct).ConfigureAwait(false),
        ];
        await ImagePrograms.RunAsync("mmdebstrap", command, said => Explain(recipe.Suite, said), progress.Take, ct).ConfigureAwait(false);
    }

    /// <summary>What is the same for all guests of the image; what differs, they get when they are made of it.</summary>
    private static void Finish(RootTree tree, string suite, Guid filesystem)
    {
        tree.Write("/etc/fstab", $"UUID={filesystem} / ext4 defaults,noatime,errors=remount-ro 0 1\n");
        tree.Write("/boot/grub/grub.cfg", GuestResource.Read("grub.cfg").Replace("@FILESYSTEM@", filesystem.ToString(), StringComparison.Ordinal).Replace("@SUITE@", suite, StringComparison.Ordinal));
        tree.Write("/etc/hostname", "image\n");
        tree.Write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
        tree.Write("/etc/machine-id", "");
        tree.Write("/etc/default/locale", "LANG=C.UTF-8\n");
        // Each guest gets keys of its own; who has one of the image's would be all of them.
        foreach (var key in Directory.GetFiles(tree["/etc/ssh"], "ssh_host_*"))
            File.Delete(key);
        tree.MakeDirectories("/root/.ssh", "/etc/systemd/network");
        File.SetUnixFileMode(tree["/root/.ssh"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        tree.Link("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "/usr/lib/systemd/system/systemd-networkd.service");
    }

    private static GodwitException Explain(string suite, string said)
    {
        const string unknown = "Unable to locate package ";
        var complaint = said.Split('\n').LastOrDefault(line => line.StartsWith("E: ", StringComparison.Ordinal) && line.Contains(unknown, StringComparison.Ordinal));
        return complaint is null
            ? Failed("Debian cannot be installed", string.Join(' ', said.Split('\n').Where(line => line.StartsWith("E: ", StringComparison.Ordinal)).DefaultIfEmpty(said).Take(3)))
            : new GodwitException(
                ImageErrors.BadPackage, $"Debian {suite} has no package {complaint[(complaint.IndexOf(unknown, StringComparison.Ordinal) + unknown.Length)..]}.",
                "See packages.debian.org for the names that there are.");
    }

    private static GodwitException Failed(string what, string said) => new(
        ImageErrors.BuildFailed, $"{what}: {(said.Length <= 600 ? said : "…" + said[^600..])}", "See that the storage host reaches its package mirror: apt-get update");

    private static async Task<string> ChecksumAsync(string path, CancellationToken ct)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct).ConfigureAwait(false));
    }
}
