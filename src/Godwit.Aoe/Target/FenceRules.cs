using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>
/// The single-writer fence as pure steps from state to state. A step that is not allowed throws
/// <see cref="AoeControlException"/> and changes nothing.
/// </summary>
public static class FenceRules
{
    /// <summary>
    /// Makes a host a reader under a fresh session. It has at most one reader's entry: an earlier one is replaced. Its
    /// writer's entry, if it has that, is left alone. Ranges that the earlier one had have no writer any more.
    /// </summary>
    public static (FenceState State, int Session) Admit(FenceState state, string host, ImmutableArray<MacAddress> macs, bool sessionless = false)
    {
        var others = state.Readers.RemoveAll(r => r.Host == host);
        var replaced = state.Readers.FirstOrDefault(r => r.Host == host)?.Session ?? 0;
        // The replaced session counts as living still, so that the fresh one differs from it.
        var session = FreeSession(state);
        var next = state with
        {
            Readers = others.Add(new FenceEntry(host, session, macs, sessionless)),
            NextSession = After(session),
            Ranges = RangeRules.Without(state.Ranges, replaced),
        };
        return (next, session);
    }

    /// <summary>Moves the writer's role to a session of <paramref name="host"/> in one step.</summary>
    public static (FenceState State, FenceAnswer Answer) Fence(FenceState state, string host, long epoch, int session)
    {
        if (!state.Ranges.IsEmpty)
        {
            throw new AoeControlException(AoeControlCode.RangeConflict, $"The disk is fenced by {state.Ranges.Length} ranges of its sectors, not as a whole.",
                "Name the ranges.");
        }
        var holds = state.Writer is { } writer && writer.Is(host, session);
        if (epoch < state.Epoch || (epoch == state.Epoch && !holds)) throw Stale(state, host, epoch);
        if (epoch == state.Epoch) return (state, new FenceAnswer(state.PreviousEpoch, session));

        var entry = holds ? state.Writer : state.Readers.FirstOrDefault(r => r.Is(host, session));
        if (entry is null)
            throw new AoeControlException(AoeControlCode.NotAdmitted,
                $"Host '{host}' has no session {session} at this disk.", "Admit the host first, and attach with its session.");
        var next = state with
        {
            Epoch = epoch,
            PreviousEpoch = state.Epoch,
            Writer = entry,
            Readers = state.Readers.Remove(entry),
        };
        return (next, new FenceAnswer(state.Epoch, session));
    }

    /// <summary>Gives up a session, as reader or writer. The epoch stays. One that is not there is no error.</summary>
    public static FenceState Release(FenceState state, string host, int session)
    {
        if (state.Writer is { } writer && writer.Is(host, session)) return state with { Writer = null };
        return state.Readers.FirstOrDefault(r => r.Is(host, session)) is { } reader
            ? state with { Readers = state.Readers.Remove(reader), Ranges = RangeRules.Without(state.Ranges, session) }
            : state;
    }

    /// <summary>What a frame's sender may do.</summary>
    public static FenceStanding Standing(FenceState state, MacAddress source, int session)
    {
        // Session 0 is no session: frames of the Linux driver, or of an initiator that was not told one. No entry has it.
        if (state.Writer is { } writer && writer.Sent(source, session)) return FenceStanding.Writer;
        foreach (var reader in state.Readers)
        {
            if (reader.Sent(source, session)) return FenceStanding.Reader;
        }
        return FenceStanding.None;
    }

    private static int FreeSession(FenceState state)
    {
        var session = state.NextSession;
        for (var tried = 0; tried < FrameTag.LastSession; tried++, session = After(session))
        {
            if (state.Writer?.Session != session && !state.Readers.Any(r => r.Session == session)) return session;
        }
        throw new AoeControlException(AoeControlCode.NoSessionLeft,
            $"All {FrameTag.LastSession} sessions of this disk are in use.", "Release sessions of hosts that have gone.");
    }

    private static int After(int session) => session % FrameTag.LastSession + 1;

    private static AoeControlException Stale(FenceState state, string host, long epoch) =>
        new(AoeControlCode.StaleEpoch, epoch < state.Epoch
            ? $"Epoch {epoch} of host '{host}' is stale: the disk has seen epoch {state.Epoch}."
            : $"Epoch {epoch} belongs to '{state.Writer?.Host ?? "nobody"}' (session {state.Writer?.Session ?? 0}) already.")
        { HeldEpoch = state.Epoch };
}
