using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Godwit.Domains;

/// <summary>
/// A disk's target that an engine reaches over the network by itself, as QEMU's drivers write them:
/// <code>
///   nbd://HOST[:PORT][/EXPORT]                   port 10809 where none is given
///   nbd+unix:///[EXPORT]?socket=PATH
///   rbd:POOL/[NAMESPACE/]IMAGE[:id=USER][:conf=FILE]
/// </code>
/// </summary>
public abstract record NetworkDisk
{
    /// <param name="Host">Name or address.</param>
    public sealed record Nbd(string Host, int Port, string Export) : NetworkDisk;

    public sealed record NbdUnix(string Socket, string Export) : NetworkDisk;

    /// <param name="User">Of Ceph, without <c>client.</c>; null for its default.</param>
    /// <param name="Config">Its configuration file; null for its default.</param>
    public sealed record Rbd(string Pool, string? Namespace, string Image, string? User, string? Config) : NetworkDisk;

    private const int NbdPort = 10809;

    /// <summary>Whether a target means to be one.</summary>
    public static bool IsMeant(string target) =>
        target.StartsWith("nbd:", StringComparison.Ordinal) || target.StartsWith("nbd+", StringComparison.Ordinal) || target.StartsWith("rbd:", StringComparison.Ordinal);

    public static NetworkDisk Parse(string target) => TryParse(target, out var disk, out var problem)
        ? disk
        : throw new GodwitException("bad-disk-target", $"'{target}': {problem}.", "Write nbd://HOST[:PORT]/EXPORT, nbd+unix:///EXPORT?socket=PATH or rbd:POOL/IMAGE.");

    /// <param name="target">One that <see cref="IsMeant"/>.</param>
    /// <param name="disk">What it is.</param>
    /// <param name="problem">What is wrong with it, for a sentence; null when nothing.</param>
    public static bool TryParse(string target, [NotNullWhen(true)] out NetworkDisk? disk, [NotNullWhen(false)] out string? problem)
    {
        (disk, problem) = target.StartsWith("rbd:", StringComparison.Ordinal) ? ReadRbd(target["rbd:".Length..]) : ReadNbd(target);
        return disk is not null;
    }

    private static (NetworkDisk?, string?) ReadNbd(string target)
    {
        if (!Uri.TryCreate(target, UriKind.Absolute, out var uri))
            return (null, "it is no URI");
        var export = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        switch (uri.Scheme)
        {
            case "nbd" when target.StartsWith("nbd://", StringComparison.Ordinal) && uri.Host.Length > 0 && uri.Query.Length == 0 && uri.UserInfo.Length == 0:
                return (new Nbd(uri.DnsSafeHost, uri.Port < 0 ? NbdPort : uri.Port, export), null);
            case "nbd+unix" when uri.Query.StartsWith("?socket=/", StringComparison.Ordinal):
                return (new NbdUnix(Uri.UnescapeDataString(uri.Query["?socket=".Length..]), export), null);
            case "nbd+unix":
                return (null, "it lacks the path of its socket, as in ?socket=/run/disk.nbd");
            case "nbd":
                return (null, "it lacks a host, or has more than a host, a port and a name");
            default:
                return (null, $"'{uri.Scheme}' is not a scheme of NBD; it is nbd or nbd+unix");
        }
    }

    private static (NetworkDisk?, string?) ReadRbd(string text)
    {
        var parts = text.Split(':');
        var names = parts[0].Split('/');
        if (names.Length is < 2 or > 3 || names.Any(name => name.Length == 0))
            return (null, "an image of Ceph is named POOL/IMAGE or POOL/NAMESPACE/IMAGE");
        var (user, config) = ((string?)null, (string?)null);
        foreach (var option in parts.Skip(1))
        {
            switch (option.Split('=', 2))
            {
                case ["id", { Length: > 0 } name]: user = name; break;
                case ["conf", ['/', ..] file]: config = file; break;
                default: return (null, string.Create(CultureInfo.InvariantCulture, $"'{option}' is not an option of rbd; there are id=USER and conf=/FILE"));
            }
        }
        return (new Rbd(names[0], names.Length == 3 ? names[1] : null, names[^1], user, config), null);
    }
}
