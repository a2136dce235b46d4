using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool.Journal;
using Godwit.Pool.Restoration;
using Microsoft.Extensions.Logging;

namespace Godwit.Pool.Ownership;

/// <summary>
/// Changes records, and does not end before it knows what became of the change. A call of the registry that failed
/// may have been carried out all the same, so its status is never judged: the record is read again, and the caller's
/// own test says whether the change is in it. A registry that shows less than this host has seen already is told so
/// before it is believed.
/// </summary>
public sealed class RecordChanger(IRegistry registry, Witness witness, TimeProvider time, ILogger<RecordChanger> log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, RegistryWait> _waiting = new(StringComparer.Ordinal);

    /// <summary>Off only in the simulation, to show what becomes of a domain whose changes are judged by the status of a call.</summary>
    internal bool ReadsBack { get; init; } = true;

    /// <summary>Off only in the simulation: this host then believes whatever record it is shown, and a copy goes on any epoch.</summary>
    internal bool KnowsOwnEpoch { get; init; } = true;

    /// <summary>Domains whose change waits for the registry; shown in every list.</summary>
    public IReadOnlyDictionary<string, RegistryWait> Waiting => _waiting;

    /// <summary>
    /// Carries out a change. <paramref name="isDone"/> recognises it in a record that was read;
    /// <paramref name="transition"/> makes it, or says by null that it cannot be had.
    /// </summary>
    /// <returns>The record that holds the change, or null when somebody else came first.</returns>
    public Task<DomainRecord?> ChangeAsync(
        string domain,
        Func<DomainRecord, bool> isDone,
        Func<DomainRecord, Transition?> transition,
        CancellationToken cancellationToken) =>
        UntilKnownAsync(
            domain,
            async () =>
            {
                while (true)
                {
                    var record = await FindAsync(domain, cancellationToken);
                    if (record is not null && isDone(record))
                        return await NoteAsync(record, cancellationToken);
                    if (record is null || transition(record) is not { } change)
                        return null;
                    CompareAndSetResult answer;
                    try
                    {
                        answer = await registry.CompareAndSetAsync(change.Next, record.Revision, change.DrawEpoch, cancellationToken);
                    }
                    catch (GodwitException) when (!ReadsBack)
                    {
                        return null;
                    }
                    if (answer.Won)
                        return await NoteAsync(answer.Current!, cancellationToken);
                }
            },
            cancellationToken);

    /// <summary>Reads a record, waiting for the registry where it is away.</summary>
    public Task<DomainRecord?> ReadAsync(string domain, CancellationToken cancellationToken) =>
        UntilKnownAsync(domain, () => FindAsync(domain, cancellationToken), cancellationToken);

    /// <summary>All records, waiting for the registry where it is away.</summary>
    public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) =>
        UntilKnownAsync("*", () => registry.ListAsync(cancellationToken), cancellationToken);

    /// <summary>Epoch under which this host last owned a domain, as far as it knows; 0: never.</summary>
    public long OwnEpoch(string domain) => KnowsOwnEpoch ? witness.OwnEpoch(domain) : 0;

    /// <summary>
    /// Writes the record of a new domain. <paramref name="isOurs"/> recognises it when the reply was lost.
    /// </summary>
    /// <returns>Whether it was won, and the record that is there now.</returns>
    public async Task<CompareAndSetResult> CreateAsync(
        DomainRecord record, Func<DomainRecord, bool> isOurs, CancellationToken cancellationToken)
    {
        var maybeWritten = false;
        return await UntilKnownAsync(
            record.Name,
            async () =>
            {
                if (maybeWritten && await registry.FindAsync(record.Name, cancellationToken) is { } there && isOurs(there))
                    return new CompareAndSetResult(true, await NoteAsync(there, cancellationToken));
                maybeWritten = true;
                var answer = await registry.CompareAndSetAsync(record, expectedRevision: 0, drawEpoch: true, cancellationToken);
                if (answer is { Won: true, Current: { } created })
                    await NoteAsync(created, cancellationToken);
                return answer;
            },
            cancellationToken);
    }

    /// <summary>Removes the record for as long as <paramref name="isOurs"/> says so of it; then there is none of ours.</summary>
    public Task RemoveAsync(string domain, Func<DomainRecord, bool> isOurs, CancellationToken cancellationToken) =>
        UntilKnownAsync(
            domain,
            async () =>
            {
                while (await FindAsync(domain, cancellationToken) is { } record && isOurs(record))
                {
                    // Before it is done: a registry that forgets it again is not to bring the domain back.
                    await witness.RememberRemovedAsync(record, cancellationToken);
                    if ((await registry.RemoveAsync(domain, record.Revision, cancellationToken)).Won)
                        break;
                }
                return true;
            },
            cancellationToken);

    private async Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken)
    {
        var record = await registry.FindAsync(domain, cancellationToken);
        if (KnowsOwnEpoch && witness.Contradicts(domain, record))
        {
            await registry.ReportAsync(witness.Report(), cancellationToken);
            // One that is behind refuses this now; one that is not has shown what is.
            record = await registry.FindAsync(domain, cancellationToken);
            witness.Accept(domain, record);
        }
        if (record is not null)
            witness.See(record);
        return record;
    }

    // What this host runs is worth a sync of its journal; a commit is within a stop, and its arrival follows.
    private async Task<DomainRecord> NoteAsync(DomainRecord record, CancellationToken cancellationToken)
    {
        if (record.Owner == witness.Host && !record.Arriving)
            await witness.RememberAsync(record, cancellationToken);
        else
            witness.See(record);
        return record;
    }

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        try
        {
            await registry.ReportAsync(witness.Report(), cancellationToken);
        }
        catch (Exception e) when (IsAway(e, cancellationToken))
        {
            // Away by now; the caller tries again in any case.
        }
    }

    private async Task<T> UntilKnownAsync<T>(string domain, Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        try
        {
            for (var failures = 0; ; failures++)
            {
                try
                {
                    return await attempt();
                }
                catch (Exception e) when (IsAway(e, cancellationToken))
                {
                    if (_waiting.TryAdd(domain, new RegistryWait(time.GetUtcNow(), e.Message)))
                        Log.RegistryAway(log, domain, e.Message);
                    if (e is GodwitException { Code: RegistryErrors.Behind })
                        await ReportAsync(cancellationToken);
                    await PauseAsync(failures, cancellationToken);
                }
            }
        }
        finally
        {
            _waiting.TryRemove(domain, out _);
        }
    }

    private Task PauseAsync(int attempt, CancellationToken cancellationToken)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(attempt, 10));
        return Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken);
    }

    // A refusal by the registry is an answer. Everything else, a time-out of the call too, says nothing; and what the
    // journal cannot take yet has to be told to it before anything is built on it.
    private static bool IsAway(Exception e, CancellationToken cancellationToken) =>
        e is not GodwitException { Code: not (RegistryErrors.Unavailable or RegistryErrors.Behind or JournalErrors.Failed) } && !cancellationToken.IsCancellationRequested;
}

/// <summary>A wait for the registry.</summary>
/// <param name="Since">When it began.</param>
/// <param name="Reason">Why the registry does not serve, for a person.</param>
public sealed record RegistryWait(DateTimeOffset Since, string Reason)
{
    public override string ToString() => FormattableString.Invariant($"waits for the registry since {Since:HH:mm:ss}: {Reason}");
}
