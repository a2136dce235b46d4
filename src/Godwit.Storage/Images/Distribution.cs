namespace Godwit.Storage.Images;

/// <summary>The distribution of this machine, os-release(5).</summary>
internal sealed record Distribution(string Codename)
{
    private const string Mark = "VERSION_CODENAME=";

    public static Distribution Current { get; } = Parse(File.ReadLines("/etc/os-release"));

    /// <summary>A machine that is no Debian builds images of Debian 12.</summary>
    internal static Distribution Parse(IEnumerable<string> osRelease)
    {
        var lines = osRelease.ToArray();
        var codename = lines.FirstOrDefault(l => l.StartsWith(Mark, StringComparison.Ordinal))?[Mark.Length..].Trim('"');
        return new(lines.Contains("ID=debian") && codename is { Length: > 0 } ? codename : "bookworm");
    }
}
