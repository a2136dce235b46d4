using Godwit.Aoe.Target;

namespace Godwit.Aoe.Fuzz;

/// <summary>A disk in memory that fails when it is told to.</summary>
internal sealed class FuzzMedium(byte[] data) : IMedium
{
    private int _writes;

    public byte[] Data => data;

    public bool FailsReads { get; set; }

    public bool FailsWrites { get; set; }

    public bool FailsSyncs { get; set; }

    /// <summary>One in a hundred: many lives write less than a thousand times.</summary>
    public bool LosesWrites { get; init; }

    public long SizeBytes => data.Length;

    public void Read(Span<byte> buffer, long offset)
    {
        if (FailsReads) throw new IOException("bad sector");
        data.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
    }

    public void Write(ReadOnlySpan<byte> from, long offset)
    {
        if (FailsWrites) throw new IOException("no space");
        if (LosesWrites && ++_writes % 100 == 0) return;
        from.CopyTo(data.AsSpan((int)offset));
    }

    public bool Trims => true;

    public bool TryTrim(long offset, long length)
    {
        if (FailsWrites) throw new IOException("no space");
        data.AsSpan((int)offset, (int)length).Clear();
        return true;
    }

    public void Sync()
    {
        if (FailsSyncs) throw new IOException("medium error");
    }

    public void Dispose()
    {
    }
}
