namespace Godwit.Aoe.Control;

/// <summary>A disk that is to be served, and how.</summary>
public sealed record ExportOrder
{
    /// <summary>File or block device, from the root.</summary>
    public required string Path { get; init; }

    /// <summary>Address, as in <c>e0.0</c>.</summary>
    public required string Device { get; init; }

    public required IReadOnlyList<string> Interfaces { get; init; }

    /// <summary>Socket by which initiators of this host reach it; null: none.</summary>
    public string? Local { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>Where the served part begins, in bytes.</summary>
    public long Offset { get; init; }

    /// <summary>How long the served part is, in bytes; null goes on to the end.</summary>
    public long? Length { get; init; }

    /// <summary>Ethernet addresses that are answered; empty answers all.</summary>
    public IReadOnlyList<string> Macs { get; init; } = [];

    /// <summary>Writes are answered before they are on stable storage, to whoever writes.</summary>
    public bool WriteCache { get; init; }

    /// <summary>With a fence: one writer at a time.</summary>
    public bool Managed { get; init; }

    /// <summary>The fence begins here; for a disk that never had one.</summary>
    public bool NewState { get; init; }

    /// <summary>Directory of what is kept over restarts; null keeps it in memory only.</summary>
    public string? State { get; init; }

    /// <summary>Frames that initiators may have on their way.</summary>
    public int Buffers { get; init; } = 128;
}
