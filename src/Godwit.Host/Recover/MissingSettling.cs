using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Relocate;
using Godwit.Host.Save;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Recover;

/// <summary>Settles a domain of which no copy is here: it is another's, or starts cold, or goes back to where its memory still is.</summary>
internal sealed class MissingSettling(HostParts parts, DomainStarter starter, Found found, Action<StartedDomain, CopyPhase> keep)
{
    private readonly ILogger _log = parts.Logs.CreateLogger<MissingSettling>();

    public async Task RunAsync(string name, CancellationToken token)
    {
        if (found.Saved.Contains(name))
            await EndRestoreAsync(name, token);
        foreach (var disk in found.Attached.Where(disk => disk.Domain == name))
            await parts.Disks.DetachAsync(disk, token);
        if (await parts.Records.ReadAsync(name, token) is not { } record || record.Owner != parts.Name)
            return;
        // Created and never started: the request failed, and its name is to be free again.
        if (record.Arriving && found.Entries.Any(e => e.Domain == name && e.Step == DomainStarter.FirstStart))
        {
            await parts.Records.RemoveAsync(name, r => r.Epoch == record.Epoch, token);
            return;
        }
        if (record.RunState == RunState.Saved)
        {
            // Its file has gone, and no restore goes on: there is nothing that its disks could tell.
            if (record.Arriving)
                await SavedSettling.EndAsync(parts, record, record.Saved!, token);
            return;
        }
        if (Recovery.JudgeMissing(record) != RecoveryVerdict.Restart)
        {
            await TakeEndedAsync(record, token);
            return;
        }
        if (record.Intent is { } intent && !await Relocation(record, intent).AbortAsync(handedOver: false, token))
            return;
        if (record is { Arriving: true, Last: { Outcome: RelocationOutcome.Committed } last } && last.To == parts.Name
            && (NeverLetRun(last.Id) || await NeverRanAsync(record, token)))
        {
            Log.GivesBack(_log, name, last.From);
            await Relocation(record, new RelocationIntent(last.Id, last.From, last.To)).GiveBackAsync(token);
            return;
        }
        Log.Found(_log, name, RecoveryVerdict.Restart);
        if (await new ColdStart(parts, starter).RunAsync(record, token) is { } started)
            keep(started, started.Record.RunState == RunState.Running ? CopyPhase.Running : CopyPhase.Prepared);
    }

    // Before its disks are detached: they are asked.
    private async Task EndRestoreAsync(string name, CancellationToken token)
    {
        if (await parts.Records.ReadAsync(name, token) is { RunState: RunState.Saved, Arriving: true } record && record.Owner == parts.Name)
            await SavedSettling.RunAsync(parts, _log, record, [.. found.Attached.Where(disk => disk.Domain == name)], token);
    }

    /// <summary>A domain whose guest had ended before it was taken over stays so; what its old owner may still have of it is fenced off.</summary>
    private async Task TakeEndedAsync(DomainRecord record, CancellationToken token)
    {
        if (!record.Arriving)
            return;
        foreach (var disk in record.Spec.Disks.Where(disk => !disk.ReadOnly))
            await LoneFence.TakeAsync(parts, _log, record, disk, token);
        await parts.Records.ChangeAsync(
            record.Name,
            r => r.Owner == parts.Name && r.Epoch == record.Epoch && !r.Arriving,
            r => Transitions.Arrive(r, parts.Name, record.Epoch),
            token);
    }

    /// <summary>The journal knows of the receiver, and is told before one is let run.</summary>
    private bool NeverLetRun(Guid relocation) => found.Entries.Any(
        entry => entry.Side == JournalSide.Destination && entry.Relocation == relocation && entry.Step == DestinationSite.Prepared);

    /// <summary>
    /// Whether the copy that is gone can be shown never to have run here: a disk that was not fenced to this epoch
    /// before this moment would have refused its first write. Where none shows it, nobody knows, and the memory that
    /// the source still holds may be older than what is on the disks.
    /// </summary>
    private async Task<bool> NeverRanAsync(DomainRecord record, CancellationToken token)
    {
        var neverRan = false;
        foreach (var disk in record.Spec.Disks.Where(disk => !disk.ReadOnly))
            neverRan |= await LoneFence.TakeAsync(parts, _log, record, disk, token) < record.Epoch;
        return neverRan;
    }

    private RelocationRegistry Relocation(DomainRecord record, RelocationIntent intent) =>
        new(parts.Records, parts.Registry, record.Name, intent, record.Epoch);
}
