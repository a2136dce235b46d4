using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// Whether the session of an initiator still stands, judged from what the target says of it.
/// <code>
///               writer, or a write served           none, under a greater epoch
///    Reading ──────────────────────────────► Armed ──────────────────────────────► Superseded
///       ▲                                                                              │
///       └──────────────────────── a new session ───────────────────────────────────────┘
/// </code>
/// Only who has been the writer can be superseded: a session that was never fenced to this host has nobody to stop. A
/// fence that was lost (its epoch falls) refuses every request by itself, and nobody else runs because of it.
/// </summary>
/// <param name="inUse">
/// Whether somebody used the session before this process did: then it may have been the writer's, and superseded since.
/// </param>
internal sealed class SessionGuard(bool inUse)
{
    private long _epoch = inUse ? 0 : long.MaxValue;

    public bool Armed { get; private set; } = inUse;

    public bool Superseded { get; private set; }

    /// <param name="words">The target's answer to the session as it is now.</param>
    /// <param name="wrote">Whether it has served a write under this session.</param>
    public void Heard(GodwitWords words, bool wrote)
    {
        Armed |= wrote || words.Standing == FenceStanding.Writer;
        if (words.Standing is FenceStanding.Reader or FenceStanding.Writer) _epoch = words.Epoch;
        Superseded = Armed && words.Standing == FenceStanding.None && words.Epoch > _epoch;
    }

    /// <summary>Frames carry another session from now on.</summary>
    public void Renew()
    {
        _epoch = long.MaxValue;
        Armed = Superseded = false;
    }
}
