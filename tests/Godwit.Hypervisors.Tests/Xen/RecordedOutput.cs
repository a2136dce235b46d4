using System.IO.Compression;
using System.Reflection;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>What real programs wrote, as it was recorded.</summary>
internal static class RecordedOutput
{
    private static readonly Lazy<byte[]> s_stream = new(ReadStream);

    /// <summary>A move of a guest with 96 MiB, from the header to the end; pages and registers are zeros.</summary>
    public static byte[] Stream => s_stream.Value;

    public static string Text(string name)
    {
        using var reader = new StreamReader(Open(name));
        return reader.ReadToEnd();
    }

    private static byte[] ReadStream()
    {
        using var packed = new GZipStream(Open("migrate-stream.gz"), CompressionMode.Decompress);
        using var all = new MemoryStream();
        packed.CopyTo(all);
        return all.ToArray();
    }

    private static Stream Open(string name) => Assembly.GetExecutingAssembly().GetManifestResourceStream("xen/" + name)!;
}
