using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>Takes packages apart with this machine's apt sources, without installing them.</summary>
internal static class DebianPackages
{
    public static async Task UnpackAsync(string package, string into, CancellationToken ct)
    {
        var downloads = Directory.CreateTempSubdirectory("godwit-packages-").FullName;
        try
        {
            var result = await ProgramRunner.TryRunAsync(
                ["sh", "-c", "cd \"$1\" && exec apt-get -q -o APT::Sandbox::User=root download \"$2\"",
                    "sh", downloads, package], ct: ct).ConfigureAwait(false);
            if (!result.Succeeded)
            {
                throw new GodwitException("no-package", $"cannot download the package {package}: {result.Error.Trim()}",
                    "check the machine's apt sources and its connection; `apt-get update` may be due");
            }
            Directory.CreateDirectory(into);
            foreach (var file in Directory.GetFiles(downloads, "*.deb"))
                await ProgramRunner.RunAsync(["dpkg-deb", "-x", file, into], null, ct).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(downloads, recursive: true);
        }
    }

    /// <summary>The package behind one that only points to the newest version of it.</summary>
    public static async Task<string> FirstDependencyAsync(string package, CancellationToken ct)
    {
        var output = await ProgramRunner.RunAsync(
            ["apt-cache", "depends", "--no-recommends", "--no-suggests", package], null, ct).ConfigureAwait(false);
        const string mark = "Depends: ";
        return output.Split('\n').Select(l => l.Trim())
            .FirstOrDefault(l => l.StartsWith(mark, StringComparison.Ordinal))?[mark.Length..]
            ?? throw new GodwitException("no-package", $"apt knows no package {package}",
                "check the machine's apt sources; `apt-get update` may be due");
    }
}
