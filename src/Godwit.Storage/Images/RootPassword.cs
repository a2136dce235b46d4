using Godwit.Domains;

namespace Godwit.Storage.Images;

/// <summary>The credentials of a guest's root, in the form of shadow(5).</summary>
internal static class RootPassword
{
    /// <exception cref="GodwitException">Root of this machine has no password.</exception>
    public static async Task<string> OfThisMachineAsync(CancellationToken ct)
    {
        var shadow = await File.ReadAllTextAsync("/etc/shadow", ct).ConfigureAwait(false);
        return Find(shadow) ?? throw new GodwitException("no-password",
            "the guest would have this machine's root password, but there is none", "give a password for the guest");
    }

    /// <summary>Root's hash; null when it is locked or empty, since both would be no credentials.</summary>
    internal static string? Find(string shadow)
    {
        var root = shadow.Split('\n').FirstOrDefault(l => l.StartsWith("root:", StringComparison.Ordinal));
        return root?.Split(':')[1] is { } hash && hash.StartsWith('$') ? hash : null;
    }

    internal static string Replace(string shadow, string hash)
    {
        var lines = shadow.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var fields = lines[i].Split(':');
            if (fields[0] != "root" || fields.Length < 2) continue;
            fields[1] = hash;
            lines[i] = string.Join(':', fields);
        }
        return string.Join('\n', lines);
    }
}
