using Godwit.Native.Processes;

namespace Godwit.Storage.Images.Build;

/// <summary>Where packages come from: the mirrors that this host takes its own from, for the release that is built.</summary>
internal static class PackageSources
{
    private const string Form = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    private static readonly string[] Pockets = ["", "-updates", "-security"];

    /// <summary>Lines as in sources.list(5); none where this host's do not tell, and mmdebstrap knows Debian's own.</summary>
    public static async Task<IReadOnlyList<string>> ForAsync(string suite, CancellationToken ct)
    {
        var result = await ProgramRunner.TryRunAsync(["apt-get", "indextargets", "--format", Form, "Identifier: Packages"], ct: ct).ConfigureAwait(false);
        return result.Succeeded ? Parse(result.Output, Distribution.Current.Codename, suite) : [];
    }

    /// <param name="targets">Lines of address, release and component.</param>
    /// <param name="codename">Release of this host.</param>
    /// <param name="suite">Release that is wanted.</param>
    internal static IReadOnlyList<string> Parse(string targets, string codename, string suite)
    {
        // Of other repositories nobody knows whether they have that release, or who signs it.
        var lines = targets.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .Where(field => field is [_, _, "main"] && Pockets.Any(pocket => field[1] == codename + pocket))
            .Select(field => $"deb {field[0]} {suite}{field[1][codename.Length..]} main").Distinct().ToList();
        return lines.Any(line => line.EndsWith($" {suite} main", StringComparison.Ordinal)) ? lines : [];
    }
}
