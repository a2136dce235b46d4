namespace Godwit.Aoe.Initiator;

/// <summary>
/// Writes that a target with a write cache has answered and not flushed yet, in the order of their answers: its power may
/// take them, and then they are written again before anything else. Belongs to the lock of <see cref="FrameExchange"/>.
/// </summary>
internal sealed class UnflushedWrites
{
    private readonly Queue<Kept> _kept = new();
    private long _last;

    public long Bytes { get; private set; }

    public bool Any => _kept.Count > 0;

    /// <summary>Number of the last one; a flush that is asked for now covers all up to it.</summary>
    public long Last => _last;

    /// <summary>Copies the data, which belongs to the caller again once its write is answered.</summary>
    public void Add(byte command, long sector, ReadOnlySpan<byte> data)
    {
        var copy = GC.AllocateUninitializedArray<byte>(data.Length);
        data.CopyTo(copy);
        _kept.Enqueue(new Kept(++_last, command, sector, copy));
        Bytes += copy.Length;
    }

    public void Flushed(long last)
    {
        while (_kept.TryPeek(out var first) && first.Number <= last)
        {
            Bytes -= first.Data.Length;
            _kept.Dequeue();
        }
    }

    public Kept[] List() => [.. _kept];

    internal readonly record struct Kept(long Number, byte Command, long Sector, byte[] Data);
}
