namespace Godwit.Nbd;

/// <summary>
/// What an NBD server serves. All connections share one device, and a flush covers what was written over any of them,
/// which is why several may be used at a time. Calls may run at the same time; offsets and lengths are multiples of
/// <see cref="BlockBytes"/> and lie within the device. A failed call throws IOException.
/// </summary>
public interface INbdDevice
{
    /// <summary>Bytes.</summary>
    long SizeBytes { get; }

    /// <summary>Smallest unit of a request, in bytes; a power of two.</summary>
    int BlockBytes { get; }

    /// <summary>Unit that costs no more than it moves, in bytes.</summary>
    int PreferredBytes { get; }

    bool ReadOnly { get; }

    /// <summary>Whether it takes <see cref="DiscardAsync"/>.</summary>
    bool Discards { get; }

    ValueTask ReadAsync(long offset, Memory<byte> buffer);

    ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data);

    /// <summary>The range reads as zeroes afterwards, and may take no room.</summary>
    ValueTask DiscardAsync(long offset, long length);

    /// <summary>All writes that were done before are on stable storage when it returns.</summary>
    ValueTask FlushAsync();

    /// <summary>What is asked for from here to <see cref="EndGroup"/>, on this thread, may set out together.</summary>
    void BeginGroup();

    void EndGroup();

    /// <summary>
    /// Leaves something to be done once all requests that end together are told of. False when it is to be done now: this thread is
    /// not about to tell of another.
    /// </summary>
    bool TryDefer(Action action);
}
