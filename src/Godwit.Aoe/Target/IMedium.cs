namespace Godwit.Aoe.Target;

/// <summary>What an export stores its sectors in. Used by one thread; every call may throw IOException.</summary>
public interface IMedium : IDisposable
{
    /// <summary>Bytes, a multiple of 512.</summary>
    long SizeBytes { get; }

    /// <summary>Fills the whole buffer, or fails.</summary>
    void Read(Span<byte> buffer, long offset);

    void Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>The range reads as zeroes afterwards, and takes no room where the medium can do without.</summary>
    void Zero(long offset, long length);

    /// <summary>All that was written is on stable storage when it returns.</summary>
    void Sync();
}
