using System.Collections.Immutable;
using Godwit.Aoe.Control;

namespace Godwit.Aoe.Target;

/// <summary>
/// The fence by ranges, as pure steps like those of <see cref="FenceRules"/>. A disk is fenced as a whole or by ranges, never both.
/// Each range has its writer and its epoch, and moves as a whole disk does; its readers are all that are admitted to the disk.
/// <code>
///                        Fence, a greater epoch
///    reader of the disk ─────────────────────────► writer of the range
///        ▲   ▲                                        │          │
///        │   └───────────────── Release ──────────────┘          │ another's Fence: reads of the range are refused as well
///        └── Return ──────────────── barred ◄────────────────────┘
/// </code>
/// What lies in no range is written by the writer of the range that stands for the rest, if there is one, and by nobody else.
/// </summary>
public static class RangeRules
{
    /// <summary>Bounds the file of the state, and the time that a change of it takes.</summary>
    public const int MostRanges = 4096;

    /// <summary>
    /// Moves the writer's role of all these ranges to a session of <paramref name="host"/> in one step, or of none.
    /// A range is one that is there; or a new one; or one that takes in some of which the session is the writer already, as those of a
    /// volume that was extended.
    /// </summary>
    /// <param name="state">As it is.</param>
    /// <param name="host">Who asks.</param>
    /// <param name="epoch">Under which the role is taken.</param>
    /// <param name="session">The host's, as a reader of the disk.</param>
    /// <param name="wanted">The ranges.</param>
    /// <param name="free">Only what nobody has: refused where another session is the writer. For a lock that is waited for.</param>
    /// <returns>The greatest of the epochs that held the roles before.</returns>
    public static (FenceState State, FenceAnswer Answer) Fence(
        FenceState state, string host, long epoch, int session, ImmutableArray<SectorRange> wanted, bool free = false)
    {
        CheckDisjoint(wanted);
        if (state.Writer is { } whole)
            throw Conflict($"Host '{whole.Host}' (session {whole.Session}) is the writer of the whole disk.", "Release its session first.");
        var admitted = state.Readers.Any(reader => reader.Is(host, session));
        var ranges = state.Ranges;
        long before = 0;
        foreach (var sectors in wanted)
        {
            if (free && ranges.FirstOrDefault(one => one.Sectors == sectors) is { Writer: not 0 } held && held.Writer != session)
            {
                throw new AoeControlException(AoeControlCode.RangeTaken, $"Sectors {sectors} have a writer (session {held.Writer}, epoch {held.Epoch}).",
                    "Wait for it to give them up.");
            }
            var (range, former) = Take(state, ranges, host, epoch, session, admitted, sectors);
            before = Math.Max(before, range.PreviousEpoch);
            ranges = ranges.RemoveAll(one => former.Contains(one)).Add(range);
        }
        if (ranges.Length > MostRanges)
            throw new AoeControlException(AoeControlCode.TooManyRanges, $"A disk has {MostRanges} ranges at most.", "Make volumes of fewer segments.");
        return (With(state, ranges), new FenceAnswer(before, session));
    }

    /// <summary>A session that was superseded in these ranges reads them again, in a stay that begins now. Not there: no error.</summary>
    public static FenceState Return(FenceState state, string host, int session, ImmutableArray<SectorRange> wanted)
    {
        RequireAdmitted(state, host, session);
        return With(state, [.. state.Ranges.Select(range => wanted.Contains(range.Sectors) && range.Barred.Contains(session)
            ? range with { Barred = range.Barred.Remove(session) }
            : range)]);
    }

    /// <summary>Gives up the writer's role of these ranges; the session stays a reader. One that it has not is no error.</summary>
    public static FenceState Release(FenceState state, string host, int session, ImmutableArray<SectorRange> given) =>
        state.Readers.Any(reader => reader.Is(host, session))
            ? With(state, [.. state.Ranges.Select(range => range.Writer == session && given.Contains(range.Sectors) ? range with { Writer = 0 } : range)])
            : state;

    /// <summary>
    /// These ranges are no more: their sectors belong to the rest, whose writer alone may say so. Their epochs are remembered: none that
    /// is not greater makes a range there. One that is not there is no error.
    /// </summary>
    public static FenceState Forget(FenceState state, string host, int session, ImmutableArray<SectorRange> forgotten)
    {
        if (!HoldsRest(state, session) || !state.Readers.Any(reader => reader.Is(host, session)))
            throw NotAdmitted($"Host '{host}' (session {session}) is not the writer of the rest of the disk.", "Take the group's lock first.");
        var epoch = state.Epoch;
        foreach (var range in state.Ranges.Where(range => forgotten.Contains(range.Sectors)))
        {
            if (range.Rest && !state.Ranges.All(one => forgotten.Contains(one.Sectors)))
                throw Conflict($"Sectors {range.Sectors} are forgotten last.");
            // The host that has the lock may be the one that runs the domain, in the same session.
            if (range.Writer != 0 && !(range.Rest && range.Writer == session))
                throw Conflict($"Sectors {range.Sectors} have a writer (session {range.Writer}).", "Destroy the domain that uses the volume first.");
            epoch = Math.Max(epoch, range.Epoch);
        }
        return With(state with { Epoch = epoch, PreviousEpoch = epoch == state.Epoch ? state.PreviousEpoch : state.Epoch },
            state.Ranges.RemoveAll(range => forgotten.Contains(range.Sectors)));
    }

    /// <summary>A session has ended: it is nobody's writer, and barred from nothing.</summary>
    internal static ImmutableArray<FenceRange> Without(ImmutableArray<FenceRange> ranges, int session) => session == 0 || ranges.IsEmpty
        ? ranges
        : [.. ranges.Select(range => range with
        {
            Writer = range.Writer == session ? 0 : range.Writer,
            Barred = range.Barred.Remove(session),
        })];

    private static (FenceRange Range, ImmutableArray<FenceRange> Former) Take(
        FenceState state, ImmutableArray<FenceRange> ranges, string host, long epoch, int session, bool admitted, SectorRange sectors)
    {
        if (sectors.Rest && ranges.FirstOrDefault(range => range.Rest) is { } rest && rest.Sectors != sectors)
            throw Conflict($"Sectors {rest.Sectors} stand for the rest of the disk already.");
        ImmutableArray<FenceRange> there = [.. ranges.Where(range => range.Sectors.Overlaps(sectors))];
        if (there is [var same] && same.Sectors == sectors)
            return (Move(same, host, epoch, session, admitted), there);
        if (!admitted)
            throw NoSession(host, session);
        if (there.FirstOrDefault(range => range.Writer != session || range.Rest || range.Start < sectors.Start || range.End > sectors.End) is { } foreign)
        {
            throw Conflict($"Sectors {sectors} are not those of {foreign.Sectors}, which they overlap.",
                "Read the metadata of the volume group again: another host has changed it.");
        }
        // Who has the lock has read the metadata as it is: what he extends needs no later epoch than he has. Epoch 0 is nobody's.
        var held = there.IsEmpty && !HoldsRest(state, session) ? state.Epoch : there.Select(range => range.Epoch - 1).DefaultIfEmpty(0).Max();
        if (epoch <= held)
            throw Stale(sectors, host, epoch, held);
        var former = there.Select(range => range.Epoch).DefaultIfEmpty(0).Max();
        return (new FenceRange(sectors.Start, sectors.Length, sectors.Rest, epoch, former == epoch ? there.Max(range => range.PreviousEpoch) : former, session,
            [.. there.SelectMany(range => range.Barred).Distinct()]), there);
    }

    private static FenceRange Move(FenceRange range, string host, long epoch, int session, bool admitted)
    {
        if (epoch < range.Epoch || (epoch == range.Epoch && range.Writer != session) || (epoch == range.Epoch && !admitted))
            throw Stale(range.Sectors, host, epoch, range.Epoch);
        if (epoch == range.Epoch)
            return range;
        if (!admitted)
            throw NoSession(host, session);
        if (range.Barred.Contains(session))
            throw NotAdmitted($"Host '{host}' (session {session}) was superseded at sectors {range.Sectors}.", "Admit it to them again first.");
        return range with
        {
            Epoch = epoch,
            PreviousEpoch = range.Epoch,
            Writer = session,
            Barred = range.Writer is 0 || range.Writer == session ? range.Barred : range.Barred.Add(range.Writer),
        };
    }

    private static bool HoldsRest(FenceState state, int session) => session != 0 && state.Ranges.Any(range => range.Rest && range.Writer == session);

    // As it was where nothing changed, so that nothing is written for it.
    private static FenceState With(FenceState state, ImmutableArray<FenceRange> ranges)
    {
        var sorted = ranges.Sort(static (one, other) => one.Start.CompareTo(other.Start));
        return sorted.AsSpan().SequenceEqual(state.Ranges.AsSpan()) ? state : state with { Ranges = sorted };
    }

    private static void CheckDisjoint(ImmutableArray<SectorRange> wanted)
    {
        for (var i = 0; i < wanted.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (wanted[i].Overlaps(wanted[j]))
                    throw Conflict($"Sectors {wanted[i]} and {wanted[j]} overlap.");
            }
        }
    }

    private static void RequireAdmitted(FenceState state, string host, int session)
    {
        if (!state.Readers.Any(reader => reader.Is(host, session)))
            throw NoSession(host, session);
    }

    private static AoeControlException NoSession(string host, int session) =>
        NotAdmitted($"Host '{host}' has no session {session} at this disk.", "Admit the host first, and attach with its session.");

    private static AoeControlException NotAdmitted(string message, string remedy) => new(AoeControlCode.NotAdmitted, message, remedy);

    private static AoeControlException Conflict(string message, string? remedy = null) => new(AoeControlCode.RangeConflict, message, remedy);

    private static AoeControlException Stale(SectorRange sectors, string host, long epoch, long held) =>
        new(AoeControlCode.StaleEpoch, epoch < held || epoch is 0
            ? $"Epoch {epoch} of host '{host}' is stale: sectors {sectors} have seen epoch {held}."
            : $"Epoch {epoch} is another's already at sectors {sectors}.")
        { HeldEpoch = held };
}
