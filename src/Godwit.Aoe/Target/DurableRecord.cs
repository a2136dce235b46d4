using System.Security.Cryptography;
using System.Text;
using Godwit.Native.Files;

namespace Godwit.Aoe.Target;

/// <summary>
/// A small file that is replaced as a whole and known to be intact when it is read: a line with its kind and the
/// SHA-256 of the rest, then the rest.
/// </summary>
internal static class DurableRecord
{
    /// <summary>Longest record that is read: a bound for what a damaged disk can make us read.</summary>
    private const int LongestBytes = 4 << 20;

    /// <exception cref="IOException">It could not be made durable.</exception>
    public static void Write(string path, string kind, ReadOnlySpan<byte> content) =>
        StableStorage.Replace(path, [.. Encoding.ASCII.GetBytes(FirstLine(kind, content)), .. content]);

    /// <returns>The content; null where there is no such file.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or of another kind.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static byte[]? Read(string path, string kind)
    {
        if (!File.Exists(path)) return null;
        if (new FileInfo(path).Length > LongestBytes) throw new InvalidDataException($"{path} is too long");
        var bytes = File.ReadAllBytes(path);
        var newline = bytes.AsSpan().IndexOf((byte)'\n');
        var content = bytes.AsSpan(newline + 1);
        if (newline < 0 || !bytes.AsSpan(0, newline + 1).SequenceEqual(Encoding.ASCII.GetBytes(FirstLine(kind, content))))
            throw new InvalidDataException($"{path} is damaged: its check sum does not fit");
        return content.ToArray();
    }

    private static string FirstLine(string kind, ReadOnlySpan<byte> content) =>
        $"{kind} sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}\n";
}
