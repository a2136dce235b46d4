namespace Godwit.Aoe.Target;

/// <summary>What an export stores its sectors in. Used by one thread; every call may throw IOException.</summary>
public interface IMedium : IDisposable
{
    /// <summary>Bytes, a multiple of 512.</summary>
    long SizeBytes { get; }

    /// <summary>Takes the size that it has now; it may have grown since it was opened. It has the former one where this fails.</summary>
    /// <exception cref="IOException">It has become smaller, or cannot be asked.</exception>
    void Grow() => throw new IOException("a medium of this kind does not grow");

    /// <summary>Fills the whole buffer, or fails.</summary>
    void Read(Span<byte> buffer, long offset);

    /// <summary>
    /// Where a range is in memory that the kernel may be told to read, and this process must not (the medium may fail under
    /// it); 0 where <see cref="Read"/> is the way. It is there until <see cref="TakeBack"/>.
    /// </summary>
    nint Lend(long offset, int length) => 0;

    /// <summary>What was lent is in use no longer.</summary>
    void TakeBack()
    {
    }

    /// <summary>Whether what is read comes from the disk just now, so that <see cref="ReadAhead"/> is worth its call.</summary>
    bool IsCold => false;

    /// <summary>A range that is going to be read: the disk may begin with it.</summary>
    void ReadAhead(long offset, int length)
    {
    }

    void Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>Whether it can make zeroes of a range without writing them, in about the time of a write, so that it takes no room.</summary>
    bool Trims { get; }

    /// <summary>The range reads as zeroes afterwards, and takes no room.</summary>
    /// <returns>False where that is not possible, or not with this range.</returns>
    bool TryTrim(long offset, long length);

    /// <summary>All that was written is on stable storage when it returns.</summary>
    void Sync();
}
