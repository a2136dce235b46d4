using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Pool.Ownership;

/// <summary>
/// Changes records, and does not end before it knows what became of the change. A call of the registry that failed
/// may have been carried out all the same, so its status is never judged: the record is read again, and the caller's
/// own test says whether the change is in it.
/// </summary>
public sealed class RecordChanger(IRegistry registry, TimeProvider time, ILogger<RecordChanger> log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Domains whose change waits for the registry, with since when; shown in every list.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Waiting => _waiting;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, DateTimeOffset> _waiting = new();

    /// <summary>
    /// Carries out a change. <paramref name="isDone"/> recognises it in a record that was read;
    /// <paramref name="transition"/> makes it, or says by null that it cannot be had.
    /// </summary>
    /// <returns>The record that holds the change, or null when somebody else came first.</returns>
    public async Task<DomainRecord?> ChangeAsync(
        string domain,
        Func<DomainRecord, bool> isDone,
        Func<DomainRecord, Transition?> transition,
        CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    var record = await registry.FindAsync(domain, cancellationToken);
                    if (record is not null && isDone(record))
                        return record;
                    if (record is null || transition(record) is not { } change)
                        return null;
                    var answer = await registry.CompareAndSetAsync(
                        change.Next, record.Revision, change.DrawEpoch, cancellationToken);
                    if (answer.Won)
                        return answer.Current;
                }
                catch (Exception e) when (IsAway(e, cancellationToken))
                {
                    if (_waiting.TryAdd(domain, time.GetUtcNow()))
                        Log.RegistryAway(log, domain, e.Message);
                    await PauseAsync(attempt, cancellationToken);
                }
            }
        }
        finally
        {
            _waiting.TryRemove(domain, out _);
        }
    }

    /// <summary>Reads a record, waiting for the registry where it is away.</summary>
    public async Task<DomainRecord?> ReadAsync(string domain, CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    return await registry.FindAsync(domain, cancellationToken);
                }
                catch (Exception e) when (IsAway(e, cancellationToken))
                {
                    if (_waiting.TryAdd(domain, time.GetUtcNow()))
                        Log.RegistryAway(log, domain, e.Message);
                    await PauseAsync(attempt, cancellationToken);
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

    // A refusal by the registry is an answer. Everything else, a time-out of the call too, says nothing.
    private static bool IsAway(Exception e, CancellationToken cancellationToken) =>
        e is not GodwitException { Code: not RegistryErrors.Unavailable } && !cancellationToken.IsCancellationRequested;
}
