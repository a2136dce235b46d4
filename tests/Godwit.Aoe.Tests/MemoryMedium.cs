using Godwit.Aoe.Target;

namespace Godwit.Aoe.Tests;

/// <summary>A disk in memory that knows what a power loss would leave, and fails when told to.</summary>
internal sealed class MemoryMedium(int sectors) : IMedium
{
    public byte[] Data { get; } = new byte[sectors * 512];

    /// <summary>What is on stable storage.</summary>
    public byte[] Durable { get; } = new byte[sectors * 512];

    public bool FailReads { get; set; }

    public bool FailWrites { get; set; }

    public bool FailSyncs { get; set; }

    public int Syncs { get; private set; }

    public TimeSpan ReadTakes { get; set; }

    public long SizeBytes => Data.Length;

    public void Read(Span<byte> buffer, long offset)
    {
        if (FailReads) throw new IOException("bad sector");
        if (ReadTakes > TimeSpan.Zero) Thread.Sleep(ReadTakes);
        Data.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
    }

    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        if (FailWrites) throw new IOException("no space");
        data.CopyTo(Data.AsSpan((int)offset));
    }

    public bool Trims { get; set; } = true;

    public bool TryTrim(long offset, long length)
    {
        if (FailWrites) throw new IOException("no space");
        if (!Trims) return false;
        Data.AsSpan((int)offset, (int)length).Clear();
        return true;
    }

    public void Sync()
    {
        Syncs++;
        if (FailSyncs) throw new IOException("medium error");
        Data.CopyTo(Durable, 0);
    }

    public void Dispose()
    {
    }
}
