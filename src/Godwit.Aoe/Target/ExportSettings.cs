using System.Collections.Immutable;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>How one medium is served.</summary>
public sealed record ExportSettings
{
    public required AoeAddress Address { get; init; }

    /// <summary>For status and log.</summary>
    public required string Path { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>Answers writes before they are on stable storage, also to initiators that did not ask for a write cache.</summary>
    public bool WriteCache { get; init; }

    /// <summary>Addresses that are answered; empty answers all.</summary>
    public ImmutableArray<MacAddress> Macs { get; init; } = [];

    /// <summary>Directory of the state; null keeps what comes over the wire in memory only.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>Frames that initiators may have on their way at a time.</summary>
    public ushort BufferCount { get; init; } = 128;

    /// <summary>What four initiators send at once, or more: an interface has room for so many frames that wait.</summary>
    public int FramesAtOnce => Math.Max(512, 4 * BufferCount);

    public string FencePath => System.IO.Path.Combine(StateDirectory!, $"{Address}.fence");

    public string MarkPath => System.IO.Path.Combine(StateDirectory!, $"{Address}.mark");

    public string InBandPath => System.IO.Path.Combine(StateDirectory!, $"{Address}.inband");
}
