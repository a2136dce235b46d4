using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Relocate;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Relocation;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Recover;

/// <summary>
/// Settles what an earlier daemon left: carries out what <see cref="Recovery"/> says of each copy and each record. It
/// waits for the registry as long as that takes; the domains run meanwhile.
/// </summary>
internal sealed class Settler(HostParts parts, DomainStarter starter, Action<StartedDomain, CopyPhase> keep)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = parts.Logs.CreateLogger<Settler>();

    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var entries = await parts.Journal.ListAsync(cancellationToken);
        var copies = await parts.Hypervisor.FindCopiesAsync(cancellationToken);
        var disks = await parts.Disks.FindAsync(cancellationToken);
        var records = await ListRecordsAsync(cancellationToken);

        foreach (var copy in copies)
            await SettleCopyAsync(copy, Of(copy, disks), entries, cancellationToken);

        var found = copies.Select(copy => copy.Order.Spec.Name).ToHashSet();
        foreach (var disk in disks.Where(disk => !found.Contains(disk.Domain)))
            await parts.Disks.DetachAsync(disk, cancellationToken);
        foreach (var record in records.Where(record => record.Owner == parts.Name && !found.Contains(record.Name)))
            await SettleMissingAsync(record, entries, cancellationToken);
        foreach (var entry in entries)
            await parts.Journal.RemoveAsync(entry, cancellationToken);
    }

    private static ImmutableArray<AttachedDisk> Of(IDomainCopy copy, ImmutableArray<AttachedDisk> disks) =>
        // In the order of the engine's: by the path that it opened.
        [.. copy.Order.Disks
            .Select(source => disks.FirstOrDefault(disk => disk.Path == source.Path))
            .OfType<AttachedDisk>()];

    private async Task SettleCopyAsync(
        IDomainCopy copy, ImmutableArray<AttachedDisk> disks, ImmutableArray<JournalEntry> entries, CancellationToken token)
    {
        var name = copy.Order.Spec.Name;
        while (true)
        {
            var record = await parts.Records.ReadAsync(name, token);
            var phase = (await copy.QueryAsync(token)).Phase;
            var verdict = Recovery.JudgeCopy(parts.Name, phase, record, entries.Any(entry => entry.CopyId == copy.CopyId));
            Log.Found(_log, name, verdict);
            switch (verdict)
            {
                case RecoveryVerdict.Keep:
                    Keep(new StartedDomain(record!, copy, disks), phase);
                    return;
                case RecoveryVerdict.Complete:
                    await CompleteAsync(record!, copy, disks, token);
                    return;
                case RecoveryVerdict.AbortAndKeep:
                    if (await AbortAsync(record!, copy, token))
                    {
                        Keep(new StartedDomain((await parts.Records.ReadAsync(name, token))!, copy, disks), CopyPhase.Running);
                        return;
                    }
                    break;
                case RecoveryVerdict.AwaitOther:
                    await Task.Delay(AskAgain, parts.Time, token);
                    break;
                case RecoveryVerdict.Destroy:
                    await copy.DestroyAsync(token);
                    foreach (var disk in disks)
                        await parts.Disks.DetachAsync(disk, token);
                    return;
                case RecoveryVerdict.LeaveAlone:
                    Log.UnknownCopy(_log, name);
                    return;
                default:
                    throw new InvalidOperationException($"{verdict} is not for copies.");
            }
        }
    }

    private void Keep(StartedDomain domain, CopyPhase phase)
    {
        foreach (var port in domain.Copy.Ports)
            parts.Network.Watch(port, []);
        keep(domain, phase);
    }

    private async Task CompleteAsync(DomainRecord record, IDomainCopy copy, ImmutableArray<AttachedDisk> disks, CancellationToken token)
    {
        var fenced = ImmutableArray.CreateBuilder<AttachedDisk>(disks.Length);
        foreach (var disk in disks)
            fenced.Add(await FenceAsync(disk, record.Epoch, token));
        if (record.RunState == RunState.Running)
            await copy.ContinueAsync(token);
        var arrived = await parts.Records.ChangeAsync(
            record.Name,
            r => r.Owner == parts.Name && r.Epoch == record.Epoch && !r.Arriving,
            r => Transitions.Arrive(r, parts.Name, record.Epoch),
            token);
        foreach (var port in copy.Ports)
        {
            await parts.Network.AnnounceAsync(port, [], token);
            await parts.Network.SettleAsync(port, [], token);
        }
        Keep(new StartedDomain(arrived ?? record, copy, fenced.ToImmutable()), CopyPhase.Running);
    }

    private async Task<AttachedDisk> FenceAsync(AttachedDisk disk, long epoch, CancellationToken token)
    {
        while (true)
        {
            try
            {
                await parts.Disks.FenceAsync(disk, epoch, token);
                return disk;
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.NotAdmitted)
            {
                disk = await parts.Disks.ReadmitAsync(disk, token);
            }
            catch (GodwitException e) when (e.Code != FenceRefusal.StaleEpoch)
            {
                Log.TryingAgain(_log, disk.Domain, $"fence {disk.Disk.Name}", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }

    /// <summary>False: the record says something else by now.</summary>
    private async Task<bool> AbortAsync(DomainRecord record, IDomainCopy copy, CancellationToken token)
    {
        if (record.Intent is { } intent)
        {
            var registry = new RelocationRegistry(parts.Records, parts.Registry, record.Name, intent, record.Epoch);
            if (!await registry.AbortAsync(token))
                return false;
        }
        await copy.CancelSendAsync(token);
        var phase = (await copy.QueryAsync(token)).Phase;
        if (record.RunState == RunState.Running && phase is CopyPhase.Held or CopyPhase.Paused)
            await copy.ContinueAsync(token);
        return true;
    }

    private async Task SettleMissingAsync(DomainRecord record, ImmutableArray<JournalEntry> entries, CancellationToken token)
    {
        // Created and never started: the request failed, and its name is to be free again.
        if (record.Arriving && record.Last is null && entries.Any(e => e.Domain == record.Name && e.Side == JournalSide.Start))
        {
            await parts.Registry.RemoveAsync(record.Name, record.Revision, token);
            return;
        }
        if (Recovery.JudgeMissing(record) != RecoveryVerdict.Restart)
            return;
        if (record.Intent is { } intent
            && !await new RelocationRegistry(parts.Records, parts.Registry, record.Name, intent, record.Epoch).AbortAsync(token))
        {
            return;
        }
        Log.Found(_log, record.Name, RecoveryVerdict.Restart);
        if (record.Spec.OnCrash != LifecycleAction.Restart)
        {
            await parts.Records.ChangeAsync(
                record.Name,
                r => r.RunState == RunState.Crashed,
                r => Transitions.SetRunState(r, parts.Name, record.Epoch, RunState.Crashed),
                token);
            return;
        }
        var next = await parts.Records.ChangeAsync(
            record.Name,
            r => r.Owner == parts.Name && r.Epoch > record.Epoch && r.Arriving,
            r => Transitions.Restart(r, parts.Name, record.Epoch),
            token);
        if (next is not null)
            keep(await starter.StartAsync(next, paused: false, token), CopyPhase.Running);
    }

    private async Task<ImmutableArray<DomainRecord>> ListRecordsAsync(CancellationToken token)
    {
        while (true)
        {
            try
            {
                return await parts.Registry.ListAsync(token);
            }
            catch (GodwitException e) when (e.Code == RegistryErrors.Unavailable)
            {
                Log.TryingAgain(_log, "*", "read the registry", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }
}
