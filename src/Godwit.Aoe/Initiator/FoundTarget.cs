using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Initiator;

/// <summary>A target that answered a query to all.</summary>
public sealed record FoundTarget
{
    public required AoeAddress Address { get; init; }

    public required string Interface { get; init; }

    /// <summary>Greatest payload of a frame of our interface, in bytes.</summary>
    public required int Mtu { get; init; }

    public required MacAddress Mac { get; init; }

    public required int BufferCount { get; init; }

    public required int Firmware { get; init; }

    public required int SectorsPerFrame { get; init; }
}

/// <summary>What a target tells when it is asked for more.</summary>
public sealed record TargetDetails
{
    /// <summary>Bytes; null when it would not say.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>Addresses that hold the reservation; null when it would not say.</summary>
    public int? Reservers { get; init; }

    /// <summary>Null from targets other than Godwit's.</summary>
    public GodwitWords? Godwit { get; init; }
}
