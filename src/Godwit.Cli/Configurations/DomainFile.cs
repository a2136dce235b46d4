using Godwit.Cli.Running;
using Godwit.Domains;
using Godwit.Domains.Config;

namespace Godwit.Cli.Configurations;

/// <summary>A configuration file as it was read: its text, what was understood of it, and what was not.</summary>
internal sealed record DomainFile(string Path, string Text, ConfigResult Understood)
{
    /// <summary>Where <c>xm</c> looked for a name that is not a path; the second is where SUSE kept them.</summary>
    private static readonly string[] CustomaryDirectories = ["/etc/xen", "/etc/xen/vm"];

    public bool HasErrors => Understood.Spec is null || Understood.Diagnostics.Any(d => d.Severity == Severity.Error);

    /// <exception cref="GodwitException">There is no such file.</exception>
    public static async Task<DomainFile> ReadAsync(string name, CancellationToken ct)
    {
        var path = Find(name);
        var text = await File.ReadAllTextAsync(path, ct).ConfigureAwait(false);
        return new DomainFile(path, text, ConfigReader.Read(text, path));
    }

    private static string Find(string name)
    {
        if (File.Exists(name)) return name;
        if (name.Contains('/', StringComparison.Ordinal)) throw Missing(null);
        var customary = CustomaryDirectories.Select(directory => System.IO.Path.Combine(directory, name)).ToList();
        return customary.FirstOrDefault(File.Exists) ?? throw Missing($"{string.Join(" and ", customary)} are not there either");

        GodwitException Missing(string? remedy) => Directory.Exists(name)
            ? new GodwitException("no-such-file", $"{name} is a directory, not a configuration file")
            : new GodwitException("no-such-file", $"there is no configuration file {name}", remedy);
    }

    /// <summary>Errors and warnings, all at once, each with its line and a caret under the place.</summary>
    public void PrintDiagnostics(Surroundings around)
    {
        foreach (var diagnostic in Understood.Diagnostics) Print(diagnostic, around);
    }

    /// <summary>
    /// A refusal by the daemon shown at the place in this file that it is about, as if the reader had found it.
    /// </summary>
    /// <param name="place">As in <see cref="Api.ApiError.Place"/>: <c>disk[0]</c>, <c>vif[1]</c>, <c>kernel</c>.</param>
    /// <returns>False where the file has no such place; nothing is printed then.</returns>
    public bool TryPrintAt(string? place, string message, string? remedy, Surroundings around)
    {
        if (place is null || Understood.Place(place) is not { } span) return false;
        Print(new Diagnostic(Severity.Error, message, span, remedy), around);
        return true;
    }

    private void Print(Diagnostic diagnostic, Surroundings around) =>
        around.Error.WriteLine(DiagnosticRenderer.Render(diagnostic, Text, Path));
}
