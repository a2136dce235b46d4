using System.Collections.Concurrent;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Save;
using Godwit.Hypervisors;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Recover;

/// <summary>
/// Settles what an earlier daemon left: carries out what <see cref="Recovery"/> says of each copy and each record. It
/// waits for the registry as long as that takes; the domains run meanwhile.
/// </summary>
/// <param name="parts">This host.</param>
/// <param name="starter">Starts what has no copy any more.</param>
/// <param name="keep">Called with a domain that goes on here, and what its copy does.</param>
/// <param name="release">Called with the name of a domain that is settled.</param>
internal sealed class Settler(
    HostParts parts, DomainStarter starter, Action<StartedDomain, CopyPhase> keep, Action<string> release)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = parts.Logs.CreateLogger<Settler>();
    private Found _found = Found.Nothing;

    /// <summary>Domains that are not settled yet, with what each waits for; shown in the lists.</summary>
    public ConcurrentDictionary<string, string> Waits { get; } = new(StringComparer.Ordinal);

    /// <summary>What is not settled, as far as the records told when this host looked around.</summary>
    public IEnumerable<DomainView> Views => _found.Records
        .Where(record => Waits.ContainsKey(record.Name))
        .Select(record => new DomainView(record, null, DomainActivity.Settling, record.Intent?.Id, Waits.GetValueOrDefault(record.Name)));

    /// <summary>Looks around, and changes nothing yet.</summary>
    /// <returns>Domains that are to be settled.</returns>
    public async Task<IReadOnlySet<string>> FindAsync(CancellationToken cancellationToken)
    {
        _found = await Found.LookAsync(parts, cancellationToken);
        return _found.NamesOn(parts.Name);
    }

    /// <summary>
    /// Settles all that was found, side by side: one may have to wait for what another host settles first, or for a person.
    /// </summary>
    public Task SettleAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_found.NamesOn(parts.Name).Select(name => SettleAsync(name, cancellationToken)));

    /// <summary>
    /// Settles a domain that turned out, after the start, to be this host's without a copy of it: its name is reserved.
    /// </summary>
    public async Task SettleMissingLaterAsync(string name, CancellationToken token)
    {
        _found = await FindLeftAsync(name, token);
        await SettleMissingAsync(name, token);
        release(name);
    }

    private async Task<Found> FindLeftAsync(string name, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return Found.Nothing with { Entries = await parts.Journal.ListAsync(token), Attached = await parts.Disks.FindAsync(token), Saved = [.. parts.Saved.List()] };
            }
            catch (Exception e) when (!Failure.IsEnd(e, token))
            {
                Log.TryingAgain(_log, name, "find what is left of it", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }

    private async Task SettleAsync(string name, CancellationToken token)
    {
        var kept = false;
        foreach (var copy in _found.Copies.Where(copy => copy.Order.Spec.Name == name))
            kept |= await SettleCopyAsync(copy, token);
        if (!kept)
            await SettleMissingAsync(name, token);
        if (_found.Saved.Contains(name))
            await ForgetSavedAsync(name, token);
        foreach (var entry in _found.Entries.Where(entry => entry.Domain == name))
            await parts.ForgetAsync(entry, _log);
        Waits.TryRemove(name, out _);
        release(name);
    }

    // A file that no record speaks of is of a domain that goes on, here or elsewhere, or that is no more.
    private async Task ForgetSavedAsync(string name, CancellationToken token)
    {
        if (await parts.Records.ReadAsync(name, token) is not { RunState: RunState.Saved } record || record.Owner != parts.Name)
            parts.ForgetSaved(name, _log);
    }

    /// <summary>Returns whether it goes on here.</summary>
    private async Task<bool> SettleCopyAsync(IDomainCopy copy, CancellationToken token)
    {
        var settling = new CopySettling(parts, _found, copy, Waits, keep);
        while (true)
        {
            try
            {
                if (await settling.TryAsync(token) is { } kept)
                    return kept;
            }
            catch (Exception e) when (!Failure.IsEnd(e, token))
            {
                // An engine, or a disk, that failed just now is looked at again.
                Log.TryingAgain(_log, copy.Order.Spec.Name, "settle its copy", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }

    private async Task SettleMissingAsync(string name, CancellationToken token)
    {
        var settling = new MissingSettling(parts, starter, _found, keep);
        while (true)
        {
            try
            {
                await settling.RunAsync(name, token);
                return;
            }
            catch (Exception e) when (!Failure.IsEnd(e, token))
            {
                Log.TryingAgain(_log, name, "settle what is left of it", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }
}
