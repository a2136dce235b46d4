using System.Collections.Immutable;

namespace Godwit.Lab;

/// <summary>The files of a lab, and the empty directories of the machine on which its hosts mount their own.</summary>
internal static class LabFiles
{
    public static ImmutableArray<string> MissingMountPoints() =>
        [.. LabPaths.OwnDirectories.SelectMany(d => Ancestry(d.Seen)).Where(p => !Directory.Exists(p)).Distinct()];

    public static async Task MakeAsync(
        LabPaths paths, LabSpec spec, IEnumerable<string> mountPoints, CancellationToken ct)
    {
        foreach (var point in mountPoints) Directory.CreateDirectory(point);
        var hosts = string.Concat(spec.Hosts.Select(h => $"{h.Address} {h.Name}\n"));
        await File.WriteAllTextAsync(paths.HostsFile, "127.0.0.1 localhost\n::1 localhost\n" + hosts, ct)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Mount points go only with the last lab, and only while empty: removing a directory also unmounts what another
    /// lab's hosts have mounted on it.
    /// </summary>
    public static void Remove(LabPaths paths, ImmutableArray<string> mountPoints)
    {
        if (Directory.Exists(paths.Directory)) Directory.Delete(paths.Directory, recursive: true);
        var others = Directory.Exists(LabPaths.Root) && Directory.EnumerateDirectories(LabPaths.Root).Any();
        if (others) return;
        if (Directory.Exists(LabPaths.Root)) Directory.Delete(LabPaths.Root);
        foreach (var point in mountPoints.Reverse())
        {
            if (Directory.Exists(point) && !Directory.EnumerateFileSystemEntries(point).Any()) Directory.Delete(point);
        }
    }

    private static IEnumerable<string> Ancestry(string path)
    {
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
            yield return path[..slash];
        yield return path;
    }
}
