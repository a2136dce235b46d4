using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>Reads and writes single files of an ext4 file system that is not mounted, with debugfs(8).</summary>
public static class Ext4Files
{
    /// <exception cref="GodwitException">No such file, or no file system there.</exception>
    public static async Task<string> ReadAsync(string volume, string path, CancellationToken ct)
    {
        var result = await DebugAsync(["-R", $"cat {path}", volume], ct).ConfigureAwait(false);
        // debugfs ends with 0 whatever happens; what it has to say comes after its one line of version.
        var complaint = string.Join(' ', result.Error.Split('\n').Skip(1)).Trim();
        return complaint.Length == 0
            ? result.Output
            : throw new GodwitException("no-such-file", $"cannot read {path} on {volume}: {complaint}");
    }

    /// <summary>Writes a file of root's, with the mode 0644; /etc/shadow gets 0600. Its directory must exist.</summary>
    /// <exception cref="GodwitException">The content does not read back.</exception>
    public static async Task WriteAsync(string volume, string path, string content, CancellationToken ct)
    {
        var local = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(local, content, ct).ConfigureAwait(false);
            var mode = path == "/etc/shadow" ? "0100600" : "0100644";
            foreach (var command in (string[])[$"rm {path}", $"write {local} {path}", $"sif {path} mode {mode}"])
                await DebugAsync(["-w", "-R", command, volume], ct).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(local);
        }
        if (await ReadAsync(volume, path, ct).ConfigureAwait(false) != content)
            throw new GodwitException("not-written", $"{path} on {volume} does not hold what was written to it");
    }

    private static Task<ProgramResult> DebugAsync(string[] arguments, CancellationToken ct) =>
        ProgramRunner.TryRunAsync(["debugfs", .. arguments], ct: ct);
}
