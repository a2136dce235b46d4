namespace Godwit.Aoe.Control;

/// <summary>What an export says of itself.</summary>
public sealed record ExportStatus
{
    /// <summary>Address, as in <c>e0.0</c>.</summary>
    public required string Device { get; init; }

    public required string Path { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    public required IReadOnlyList<PortStatus> Interfaces { get; init; }

    public required bool ReadOnly { get; init; }

    /// <summary>Writes are answered before they are on stable storage, to whoever writes.</summary>
    public bool WriteCache { get; init; }

    public required bool Managed { get; init; }

    /// <summary>False where the export is read-only, its state is missing or damaged, or its medium failed.</summary>
    public required bool ServesWrites { get; init; }

    /// <summary>Why it serves no writes though it should; null when all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>Drawn anew whenever the process starts.</summary>
    public required string BootId { get; init; }

    /// <summary>The greatest that the disk or a part of it has seen.</summary>
    public long Epoch { get; init; }

    public FenceHolder? Writer { get; init; }

    public required IReadOnlyList<FenceHolder> Readers { get; init; }

    /// <summary>Parts of the disk with a writer of their own; none where it is fenced as a whole.</summary>
    public IReadOnlyList<RangeStatus> Ranges { get; init; } = [];

    public required ExportCounters Counters { get; init; }
}

/// <summary>An interface that an export is served on.</summary>
/// <param name="Name">Of the interface.</param>
/// <param name="Mtu">Greatest payload of its frames, in bytes.</param>
/// <param name="Dropped">Frames that were lost because they found no room, coming or going.</param>
/// <param name="Malformed">Frames that were no AoE requests.</param>
/// <param name="TooLong">Frames that were longer than the interface was said to carry.</param>
public sealed record PortStatus(string Name, int Mtu, long Dropped, long Malformed, long TooLong = 0);

/// <summary>A host's stay at a disk.</summary>
public sealed record FenceHolder(string Host, int Session, IReadOnlyList<string> Macs);

/// <summary>Sectors of a disk that have a writer of their own.</summary>
/// <param name="Start">First sector.</param>
/// <param name="Length">Number of sectors.</param>
/// <param name="Rest">And all that lies in no range.</param>
/// <param name="Epoch">The greatest that took the writer's role here.</param>
/// <param name="Writer">Session of the writer, one of the readers'; 0 where nobody is.</param>
public sealed record RangeStatus(long Start, long Length, bool Rest, long Epoch, int Writer);

/// <summary>Frames since the start of the process.</summary>
public sealed record ExportCounters(long Reads, long Writes, long Flushes, long Refused, long Malformed, long Repeated, long Trims);

/// <summary>The answer to a fence: the epoch that held the role before, and the session that holds it now.</summary>
public readonly record struct FenceAnswer(long PreviousEpoch, int Session);
