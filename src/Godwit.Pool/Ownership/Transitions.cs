using Godwit.Domains;

namespace Godwit.Pool.Ownership;

/// <summary>
/// What may become of a record, as pure functions from the record that was read to the one to be written. Null says
/// that the change is not to be had any more: somebody else came first.
/// </summary>
public static class Transitions
{
    /// <summary>
    /// The source writes its intent: only the owner, only when nothing else is under way. The owner carries out one
    /// relocation at a time, so an intent that is there already is one that it gave up and whose writing came late:
    /// replacing it ends it, for nobody can commit it any more.
    /// </summary>
    public static Transition? Begin(DomainRecord record, RelocationIntent intent, long epoch) =>
        record.Owner == intent.From && record.Epoch == epoch && record is { Arriving: false, RunState: not RunState.Saved }
            ? new(record with { Intent = intent })
            : null;

    /// <summary>The destination takes the domain under a new epoch.</summary>
    public static Transition? Commit(DomainRecord record, Guid relocation) =>
        record.Intent is { } intent && intent.Id == relocation
            ? new(record with
            {
                Owner = intent.To,
                Arriving = true,
                Intent = null,
                Last = new(intent.Id, intent.From, intent.To, RelocationOutcome.Committed),
            }, DrawEpoch: true)
            : null;

    /// <summary>
    /// The source keeps the domain. Before Handover it keeps its epoch too, for nobody else can have had one. After it, it
    /// gets a new epoch, under which it fences its disks before it runs again: whatever a registry that was restored
    /// meanwhile says, the storage decides which of two sides came second.
    /// </summary>
    public static Transition? Abort(DomainRecord record, Guid relocation, bool handedOver) =>
        record.Intent is { } intent && intent.Id == relocation
            ? new(record with
            {
                Arriving = handedOver,
                Intent = null,
                Last = new(intent.Id, intent.From, intent.To, RelocationOutcome.Aborted),
            }, DrawEpoch: handedOver)
            : null;

    /// <summary>
    /// A destination that has committed and not resumed returns the domain. The source gets a new epoch: the disks
    /// that were fenced already have seen the destination's.
    /// </summary>
    public static Transition? GiveBack(DomainRecord record, Guid relocation) =>
        record.Last is { Outcome: RelocationOutcome.Committed } last && last.Id == relocation
        && record.Owner == last.To && record.Arriving
            ? new(record with
            {
                Owner = last.From,
                Last = last with { Outcome = RelocationOutcome.GivenBack },
            }, DrawEpoch: true)
            : null;

    /// <summary>
    /// A host takes a domain whose owner, or the other side of whose relocation, is gone for good. Whose memory may go on
    /// is told by the fences: see <see cref="LastRelocation.SilentEpoch"/>.
    /// </summary>
    /// <param name="record">As it was read.</param>
    /// <param name="host">The host that takes it.</param>
    /// <param name="attempt">Names the ending where no relocation is under way that could.</param>
    public static Transition? TakeOver(DomainRecord record, string host, Guid attempt)
    {
        if (record.Owner == host)
            return null;
        var (id, from, to) = record switch
        {
            { Intent: { } intent } => (intent.Id, intent.From, intent.To),
            { Arriving: true, Last: { Outcome: RelocationOutcome.Committed } last } => (last.Id, last.From, last.To),
            _ => (attempt, record.Owner, host),
        };
        return new(record with
        {
            Owner = host,
            // Saved memory is with the host that is gone: what is left of the domain is its disks.
            RunState = record.RunState == RunState.Saved ? RunState.Running : record.RunState,
            Saved = null,
            Arriving = true,
            Intent = null,
            Last = new(id, from, to, RelocationOutcome.TakenOver, record.Epoch),
        }, DrawEpoch: true);
    }

    /// <summary>The owner runs the domain under its epoch.</summary>
    public static Transition? Arrive(DomainRecord record, string owner, long epoch) =>
        record.Owner == owner && record.Epoch == epoch && record.Arriving
            ? new(record with { Arriving = false })
            : null;

    /// <summary>The owner notes what a user or the guest made of the domain.</summary>
    public static Transition? SetRunState(DomainRecord record, string owner, long epoch, RunState state) =>
        record.Owner == owner && record.Epoch == epoch && record.RunState != state && record.RunState != RunState.Saved
            ? new(record with { RunState = state })
            : null;

    /// <summary>The owner notes what it has given the guest, or taken from it, while it runs.</summary>
    public static Transition? SetMemory(DomainRecord record, string owner, long epoch, int mib) =>
        record.Owner == owner && record.Epoch == epoch && record.Spec.MemoryMiB != mib
            ? new(record with { Spec = record.Spec.WithMemory(mib) })
            : null;

    /// <inheritdoc cref="SetMemory"/>
    public static Transition? SetVirtualCpus(DomainRecord record, string owner, long epoch, int count) =>
        record.Owner == owner && record.Epoch == epoch && record.Spec.VirtualCpus != count
            ? new(record with { Spec = record.Spec.WithVirtualCpus(count) })
            : null;

    /// <summary>The owner has nothing of it any more, and says so, also to a source that waits for its arrival.</summary>
    public static Transition? Crash(DomainRecord record, string owner, long epoch) =>
        record.Owner == owner && record.Epoch == epoch
            ? new(record with { RunState = RunState.Crashed, Arriving = false, Saved = null })
            : null;

    /// <summary>
    /// Its memory lies in a file, whole and on stable storage: from here on the copy that was held for it is the one that is old. Also
    /// what a restore returns to whose engine ended before it was told to run.
    /// </summary>
    public static Transition? Save(DomainRecord record, string owner, long epoch, SavedMemory saved) =>
        record.Owner == owner && record.Epoch == epoch
        && record is { Intent: null, Arriving: false, RunState: RunState.Running or RunState.Paused }
            ? new(record with { RunState = RunState.Saved, Saved = saved })
            : null;

    /// <summary>
    /// The owner begins to restore it: a new stay, so a new epoch, and no move's any more. It stays saved until its disks have been
    /// taken under that epoch, so that one that is cut short is saved still.
    /// </summary>
    public static Transition? BeginRestore(DomainRecord record, string owner, long epoch) =>
        record.Owner == owner && record.Epoch == epoch && record is { RunState: RunState.Saved, Arriving: false }
            ? new(record with { Arriving = true, Last = null }, DrawEpoch: true)
            : null;

    /// <summary>A restore has not come to its end: the domain is saved as it was.</summary>
    /// <param name="record">As it was read.</param>
    /// <param name="owner">Who restored it.</param>
    /// <param name="epoch">Under which it did.</param>
    /// <param name="saved">What is known of the memory by now.</param>
    public static Transition? EndRestore(DomainRecord record, string owner, long epoch, SavedMemory saved) =>
        record.Owner == owner && record.Epoch == epoch && record is { RunState: RunState.Saved, Arriving: true }
            ? new(record with { Arriving = false, Saved = saved })
            : null;

    /// <summary>
    /// A copy has the memory and the disks, or is known to have run: the file is old from here on, whatever becomes of the copy.
    /// </summary>
    public static Transition? Wake(DomainRecord record, string owner, long epoch, RunState state) =>
        record.Owner == owner && record.Epoch == epoch && record.RunState == RunState.Saved
            ? new(record with { RunState = state, Arriving = false, Saved = null })
            : null;

    /// <summary>The owner's epoch was refused by a disk that has seen a greater one; it draws one that is greater still.</summary>
    public static Transition? Redraw(DomainRecord record, string owner, long epoch) =>
        record.Owner == owner && record.Epoch == epoch && record.Arriving
            ? new(record, DrawEpoch: true)
            : null;

    /// <summary>
    /// The owner starts it from cold again: a new stay, so a new epoch, and no move's any more. A start that is cut short is
    /// to be told from an arrival that was, which goes back to where its memory is held.
    /// </summary>
    public static Transition? Restart(DomainRecord record, string owner, long epoch) =>
        record.Owner == owner && record.Epoch == epoch && record.Intent is null
            ? new(record with { RunState = RunState.Running, Saved = null, Arriving = true, Last = null }, DrawEpoch: true)
            : null;
}

/// <summary>A change to be written, with or without a new epoch.</summary>
public sealed record Transition(DomainRecord Next, bool DrawEpoch = false);
