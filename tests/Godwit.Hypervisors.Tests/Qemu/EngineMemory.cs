using System.Globalization;

namespace Godwit.Hypervisors.Tests.Qemu;

/// <summary>The guest's memory as it lies in an engine's process, to compare two copies that stand.</summary>
internal static class EngineMemory
{
    private const int Block = 1 << 20, Page = 4096;

    /// <summary>Addresses in the guest at which two engines differ, by the page.</summary>
    public static async Task<IReadOnlyList<string>> DifferencesAsync(IDomainCopy one, IDomainCopy other)
    {
        await using var left = await OpenAsync(one);
        await using var right = await OpenAsync(other);
        Assert.Equal(left.Length, right.Length);
        List<string> differences = [];
        var (a, b) = (new byte[Block], new byte[Block]);
        for (long at = 0; at < left.Length; at += Block)
        {
            var length = (int)Math.Min(Block, left.Length - at);
            left.Read(a.AsSpan(0, length), at);
            right.Read(b.AsSpan(0, length), at);
            if (a.AsSpan(0, length).SequenceEqual(b.AsSpan(0, length))) continue;
            for (var page = 0; page < length; page += Page)
            {
                if (!a.AsSpan(page, Page).SequenceEqual(b.AsSpan(page, Page)))
                    differences.Add(string.Create(CultureInfo.InvariantCulture, $"{at + page:x}"));
            }
        }
        return differences;
    }

    private static async Task<Mapping> OpenAsync(IDomainCopy copy)
    {
        var status = await copy.QueryAsync(CancellationToken.None);
        var atMost = status.MemoryMiB * (1L << 20);
        // The one mapping that is as long as the memory, or a little less.
        foreach (var line in await File.ReadAllLinesAsync($"/proc/{status.ProcessId}/maps"))
        {
            var range = line.Split(' ')[0].Split('-').Select(text => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            var length = range[1] - range[0];
            if (length <= atMost && length > atMost - (64 << 10))
                return new Mapping(File.OpenRead($"/proc/{status.ProcessId}/mem"), range[0], length);
        }
        throw new InvalidOperationException($"no mapping of {atMost} bytes in process {status.ProcessId}");
    }

    private sealed record Mapping(FileStream File, long Start, long Length) : IAsyncDisposable
    {
        public void Read(Span<byte> into, long at)
        {
            File.Position = Start + at;
            File.ReadExactly(into);
        }

        public ValueTask DisposeAsync() => File.DisposeAsync();
    }
}
