using System.Globalization;
using System.Text;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Images.Guests;

namespace Godwit.Storage.Images;

/// <summary>
/// Reads and writes single files of an ext4 file system that is not mounted, with debugfs(8). A file system within a
/// disk is written as <c>PATH?offset=BYTES</c>.
/// </summary>
public static class Ext4Files
{
    private const int RegularFile = 0x8000;

    /// <exception cref="GodwitException">No such file, or no file system there.</exception>
    public static async Task<string> ReadAsync(string volume, string path, CancellationToken ct)
    {
        var result = await ProgramRunner.TryRunAsync(["debugfs", "-R", $"cat {path}", volume], ct: ct).ConfigureAwait(false);
        // debugfs ends with 0 whatever happens; what it has to say comes after its one line of version.
        var complaint = string.Join(' ', result.Error.Split('\n').Skip(1)).Trim();
        return complaint.Length == 0
            ? result.Output
            : throw new GodwitException("no-such-file", $"cannot read {path} on {volume}: {complaint}");
    }

    /// <summary>Writes files of root's, in the place of those that are there. Their directories must exist.</summary>
    /// <exception cref="GodwitException">The content of one does not read back.</exception>
    public static async Task WriteAsync(string volume, IReadOnlyList<GuestFile> files, CancellationToken ct)
    {
        var local = Directory.CreateTempSubdirectory("godwit-files-").FullName; // Nobody else may look into it.
        try
        {
            var commands = new StringBuilder();
            for (var i = 0; i < files.Count; i++)
            {
                var (path, content, mode) = files[i];
                var source = Path.Combine(local, i.ToString(CultureInfo.InvariantCulture));
                await File.WriteAllTextAsync(source, content, ct).ConfigureAwait(false);
                commands.Append(CultureInfo.InvariantCulture, $"rm {path}\nwrite {source} {path}\n")
                    .Append(CultureInfo.InvariantCulture, $"sif {path} mode 0{Convert.ToString(RegularFile | (int)mode, 8)}\n");
                // Who builds as another user than root would give the guest files of that user's.
                foreach (var owner in (string[])["uid", "gid"]) commands.Append(CultureInfo.InvariantCulture, $"sif {path} {owner} 0\n");
            }
            var script = Path.Combine(local, "commands");
            await File.WriteAllTextAsync(script, commands.ToString(), ct).ConfigureAwait(false);
            await ProgramRunner.TryRunAsync(["debugfs", "-w", "-f", script, volume], ct: ct).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(local, recursive: true);
        }
        foreach (var file in files)
        {
            if (await ReadAsync(volume, file.Path, ct).ConfigureAwait(false) != file.Content)
                throw new GodwitException("not-written", $"{file.Path} on {volume} does not hold what was written to it");
        }
    }
}
