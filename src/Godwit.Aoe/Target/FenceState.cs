using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>
/// Who may use a disk: one writer and any number of readers.
/// <code>
///                 Admit                      Fence, a greater epoch
///    (nobody) ──────────────► reader ─────────────────────────────────► writer
///        ▲                      │  ▲ Admit again: a fresh session          │
///        └──────── Release ─────┘  └───────                                │
///        └──── Release, or another's Fence: reads are refused as well ─────┘
/// </code>
/// An entry stands for one stay of a host, under a session number that no other living entry has.
/// </summary>
public sealed record FenceState
{
    /// <summary>The greatest epoch that took the writer's role; it never falls.</summary>
    public required long Epoch { get; init; }

    /// <summary>The epoch before, for the answer to a repeated request.</summary>
    public required long PreviousEpoch { get; init; }

    public FenceEntry? Writer { get; init; }

    public ImmutableArray<FenceEntry> Readers { get; init; } = [];

    /// <summary>
    /// Parts with a writer of their own (<see cref="RangeRules"/>), by their first sector. Where there are any, nobody is the writer of
    /// the whole disk.
    /// </summary>
    public ImmutableArray<FenceRange> Ranges { get; init; } = [];

    /// <summary>Where the search for the next free session number begins.</summary>
    public required int NextSession { get; init; }

    /// <summary>The greatest epoch of the disk and all of its ranges.</summary>
    public long GreatestEpoch() => Ranges.Select(range => range.Epoch).Append(Epoch).Max();

    public static FenceState New(long epoch) => new() { Epoch = epoch, PreviousEpoch = epoch, NextSession = 1 };
}

/// <summary>One stay of a host. Frames count as its own by source address and session together.</summary>
/// <param name="Sessionless">
/// Frames without a session count too: the Linux driver knows none. Then a late frame of an earlier stay of the same host is not told
/// from one of this stay.
/// </param>
public sealed record FenceEntry(string Host, int Session, ImmutableArray<MacAddress> Macs, bool Sessionless = false)
{
    public bool Is(string host, int session) => Session == session && Host == host;

    public bool Sent(MacAddress source, int session) => (Session == session || (Sessionless && session == 0)) && Macs.Contains(source);
}
