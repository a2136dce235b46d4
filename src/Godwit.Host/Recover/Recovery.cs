using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;

namespace Godwit.Host.Recover;

/// <summary>What a starting daemon does with a copy, or with a record, that it finds.</summary>
public enum RecoveryVerdict
{
    /// <summary>It is as it should be: go on with it.</summary>
    Keep = 1,

    /// <summary>This host owns it and had not let it run yet: fence, let it run, record it.</summary>
    Complete,

    /// <summary>This host was moving it away: abort; where that is won, let it run.</summary>
    AbortAndKeep,

    /// <summary>
    /// The copy was held for a relocation that has ended in this host's favour: take the disks back, and let it run where
    /// they say that its memory is the domain's.
    /// </summary>
    Reclaim,

    /// <summary>The other side has committed and may yet give it back: watch the record.</summary>
    AwaitOther,

    /// <summary>It is superseded, or half made and never to run: destroy it.</summary>
    Destroy,

    /// <summary>This host owns the domain and its copy is gone: start it cold, as its policy says.</summary>
    Restart,

    /// <summary>
    /// The record names another owner, but under no greater epoch than this host has had the domain: such a registry is
    /// behind, and nothing is destroyed on its word.
    /// </summary>
    AwaitRegistry,

    /// <summary>The registry knows nothing of it, and it may have run: leave it alone and say so.</summary>
    LeaveAlone,
}

/// <summary>
/// Judges what a daemon finds at its start, from the record, the phase of the copy and whether the journal knows of
/// it. Destroying needs a record that names another owner under a greater epoch, or a copy that has never run.
/// </summary>
public static class Recovery
{
    /// <param name="host">This host.</param>
    /// <param name="phase">What the copy does.</param>
    /// <param name="record">The domain's record; null: there is none.</param>
    /// <param name="entry">What the journal says of this copy; null: nothing.</param>
    /// <param name="ownEpoch">Epoch under which this host last owned the domain, as far as it knows; 0: never.</param>
    public static RecoveryVerdict JudgeCopy(string host, CopyPhase phase, DomainRecord? record, JournalEntry? entry, long ownEpoch)
    {
        var neverRan = phase is CopyPhase.Prepared or CopyPhase.Receiving or CopyPhase.Loaded;
        // A creation of which nobody was told that it succeeded has made no domain yet; anything else that has run may be one.
        if (record is null)
            return neverRan || entry?.Step == DomainStarter.FirstStart ? RecoveryVerdict.Destroy : RecoveryVerdict.LeaveAlone;

        // What was held for its file, or was to be made of it, is old; what has run is younger than the file.
        if (record.Owner == host && record.RunState == RunState.Saved)
            return neverRan || phase is CopyPhase.Held or CopyPhase.SwitchingOver ? RecoveryVerdict.Destroy : RecoveryVerdict.Complete;
        if (record.Owner == host)
        {
            return (phase, record) switch
            {
                // A receiver that the record calls the owner's: it was committed and not yet let run. One that was loaded for
                // a relocation that ended otherwise has an old memory, whoever owns the domain since.
                (CopyPhase.Loaded or CopyPhase.Prepared, { Arriving: true }) when IsOf(record, entry) => RecoveryVerdict.Complete,
                (CopyPhase.Loaded or CopyPhase.Prepared, { Arriving: true }) => RecoveryVerdict.Destroy,
                (CopyPhase.Receiving, _) => RecoveryVerdict.Destroy,
                // The abort, the give-back or the take-over made it this host's again, which holds the memory.
                (CopyPhase.Held, { Arriving: true, Last.Outcome: not RelocationOutcome.Committed, Last.Id: var id })
                    when id == entry?.Relocation => RecoveryVerdict.Reclaim,
                // Taken over by the very host that still has it: another was its owner in between, and may have run it.
                (CopyPhase.Running or CopyPhase.Paused or CopyPhase.IoError, { Arriving: true, Last.Outcome: RelocationOutcome.TakenOver })
                    when entry?.Side != JournalSide.Start => RecoveryVerdict.Reclaim,
                // Held since an earlier move: the record speaks of a younger memory.
                (CopyPhase.Held, { Arriving: true }) => RecoveryVerdict.Destroy,
                (_, { Arriving: true }) => RecoveryVerdict.Complete,
                (_, { Intent: not null }) => RecoveryVerdict.AbortAndKeep,
                (CopyPhase.Held or CopyPhase.SwitchingOver, _) => RecoveryVerdict.AbortAndKeep,
                _ => RecoveryVerdict.Keep,
            };
        }
        // A receiver whose relocation has not been committed: the source aborts, or finds it gone.
        if (neverRan)
            return RecoveryVerdict.Destroy;
        if (record.Epoch <= ownEpoch)
            return RecoveryVerdict.AwaitRegistry;
        return record.Arriving ? RecoveryVerdict.AwaitOther : RecoveryVerdict.Destroy;
    }

    private static bool IsOf(DomainRecord record, JournalEntry? entry) => entry switch
    {
        { Side: JournalSide.Start } => true,
        { Side: JournalSide.Destination, Relocation: var id } => record.Last is { Outcome: RelocationOutcome.Committed } last && last.Id == id,
        _ => false,
    };

    /// <summary>A record that names this host, and of which no copy was found.</summary>
    public static RecoveryVerdict JudgeMissing(DomainRecord record) =>
        record.RunState is RunState.ShutOff or RunState.Crashed or RunState.Saved ? RecoveryVerdict.Keep : RecoveryVerdict.Restart;
}
