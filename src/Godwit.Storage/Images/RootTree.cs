using System.Globalization;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>Where a file system lies in a disk.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Uuid">What it is to be known by.</param>
internal sealed record FilesystemPlace(long Offset, Guid Uuid);

/// <summary>A root file system in the making, as a directory; its files belong to root, since root builds it.</summary>
internal sealed class RootTree(string directory)
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public string Directory { get; } = directory;

    public string this[string path] => Path.Combine(Directory, path.TrimStart('/'));

    public void MakeDirectories(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths) System.IO.Directory.CreateDirectory(this[path]);
    }

    public void Write(string path, string content, bool executable = false)
    {
        Prepare(path);
        File.WriteAllText(this[path], content);
        if (executable) File.SetUnixFileMode(this[path], Executable);
    }

    public void CopyProgram(string source, string path)
    {
        Prepare(path);
        File.Copy(source, this[path]);
        File.SetUnixFileMode(this[path], Executable);
    }

    public void Link(string path, string target)
    {
        Prepare(path);
        File.CreateSymbolicLink(this[path], target);
    }

    /// <summary>The article's fix-ups that are the same for every image.</summary>
    public void FixUp()
    {
        Write("/etc/fstab", "LABEL=root / ext4 defaults,noatime,noinit_itable 0 0\n");
        Write("/etc/hostname", "guest\n");
        Write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
        // No drop-ins: the one interface is described here alone.
        Write("/etc/network/interfaces", "auto lo\niface lo inet loopback\n");
        Write("/etc/acpi/PWRF/00000080", GuestResource.Read("power-off.sh"), executable: true);
    }

    public async Task AddServicesAsync(IEnumerable<GuestService> services, CancellationToken ct)
    {
        foreach (var service in services)
        {
            Prepare("/usr/sbin/" + service.Name);
            await ProgramRunner.RunAsync(
                ["gcc", "-static", "-O2", "-s", "-x", "c", "-", "-o", this["/usr/sbin/" + service.Name]],
                service.Source, ct).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Makes an ext4 file system of the tree in a sparse file, without mounting anything. Inode tables and journal
    /// are complete, so that the guest's kernel does not write zeros for minutes after its first boot.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Size of the file system.</param>
    /// <param name="ct">Ends the making.</param>
    /// <param name="place">Where in a disk it is to be made; null for a file that is nothing else.</param>
    public async Task MakeFilesystemAsync(string path, long bytes, CancellationToken ct, FilesystemPlace? place = null)
    {
        // Features that e2fsprogs 1.47.1 and later switch on, and boot loaders of today do not know, are left out.
        string[] inDisk = place is null ? [] : ["-U", place.Uuid.ToString(), "-O", "^metadata_csum_seed,^orphan_file"];
        var offset = place is null ? "" : string.Create(CultureInfo.InvariantCulture, $",nodiscard,offset={place.Offset}");
        await ImagePrograms.RunAsync(
            "e2fsprogs",
            ["mkfs.ext4", "-q", "-F", "-b", "4096", "-L", "root", "-d", Directory, "-m", "1", .. inDisk,
                "-E", "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" + offset,
                path, (bytes / 1024).ToString(CultureInfo.InvariantCulture) + "k"],
            said => new GodwitException(ImageErrors.BuildFailed, $"The file system cannot be made: {said}", "Give the image more room with --size."),
            null, ct).ConfigureAwait(false);
    }

    /// <summary>What is there already, such as a link to /run, makes way.</summary>
    private void Prepare(string path)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.Delete(this[path]);
    }
}
