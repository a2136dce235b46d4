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
internal sealed class Settler(
    HostParts parts, DomainStarter starter, Action<StartedDomain, CopyPhase> keep, Action<string> release)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = parts.Logs.CreateLogger<Settler>();

    private ImmutableArray<JournalEntry> _entries = [];
    private ImmutableArray<IDomainCopy> _copies = [];
    private ImmutableArray<AttachedDisk> _attached = [];
    private ImmutableArray<DomainRecord> _records = [];
    private HashSet<string> _names = [];

    /// <summary>Looks around, and changes nothing yet.</summary>
    /// <returns>Domains that are to be settled.</returns>
    public async Task<IReadOnlySet<string>> FindAsync(CancellationToken cancellationToken)
    {
        _entries = await parts.Journal.ListAsync(cancellationToken);
        _copies = await parts.Hypervisor.FindCopiesAsync(cancellationToken);
        _attached = await parts.Disks.FindAsync(cancellationToken);
        _records = await ListRecordsAsync(cancellationToken);
        _names = _copies.Select(copy => copy.Order.Spec.Name)
            .Concat(_attached.Select(disk => disk.Domain))
            .Concat(_entries.Select(entry => entry.Domain))
            .Concat(_records.Where(record => record.Owner == parts.Name).Select(record => record.Name))
            .ToHashSet(StringComparer.Ordinal);
        return _names;
    }

    /// <summary>
    /// Settles all that was found, side by side: one may have to wait for what another host settles first.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var names = await Task.WhenAll(_copies.Select(copy => SettleCopyAsync(copy, cancellationToken)));
        foreach (var disk in _attached.Where(disk => !names.Contains(disk.Domain)))
            await parts.Disks.DetachAsync(disk, cancellationToken);
        await Task.WhenAll(_records
            .Where(record => record.Owner == parts.Name && !names.Contains(record.Name))
            .Select(record => SettleMissingAsync(record, cancellationToken)));
        foreach (var entry in _entries)
            await parts.Journal.RemoveAsync(entry, cancellationToken);
        foreach (var name in _names.Except(names))
            release(name);
    }

    private static ImmutableArray<AttachedDisk> Of(IDomainCopy copy, ImmutableArray<AttachedDisk> disks) =>
        // In the order of the engine's: by the path that it opened.
        [.. copy.Order.Disks
            .Select(source => disks.FirstOrDefault(disk => disk.Path == source.Path))
            .OfType<AttachedDisk>()];

    /// <summary>Returns the name of the domain once its copy is settled.</summary>
    private async Task<string> SettleCopyAsync(IDomainCopy copy, CancellationToken token)
    {
        var disks = Of(copy, _attached);
        var name = copy.Order.Spec.Name;
        while (true)
        {
            var record = await parts.Records.ReadAsync(name, token);
            var phase = (await copy.QueryAsync(token)).Phase;
            var verdict = Recovery.JudgeCopy(parts.Name, phase, record, _entries.Any(entry => entry.CopyId == copy.CopyId));
            Log.Found(_log, name, verdict);
            switch (verdict)
            {
                case RecoveryVerdict.Keep:
                    await FollowRunStateAsync(record!, copy, phase, token);
                    Keep(new StartedDomain(record!, copy, disks), phase);
                    return name;
                case RecoveryVerdict.Complete:
                    if (await CompleteAsync(record!, copy, disks, token))
                        return name;
                    break;
                case RecoveryVerdict.AbortAndKeep:
                    if (await AbortAsync(record!, copy, token))
                    {
                        Keep(new StartedDomain((await parts.Records.ReadAsync(name, token))!, copy, disks), CopyPhase.Running);
                        return name;
                    }
                    break;
                case RecoveryVerdict.AwaitOther:
                    await Task.Delay(AskAgain, parts.Time, token);
                    break;
                case RecoveryVerdict.Destroy:
                    await copy.DestroyAsync(token);
                    foreach (var disk in disks)
                        await parts.Disks.DetachAsync(disk, token);
                    release(name);
                    return name;
                case RecoveryVerdict.LeaveAlone:
                    Log.UnknownCopy(_log, name);
                    return name;
                default:
                    throw new InvalidOperationException($"{verdict} is not for copies.");
            }
        }
    }

    // A daemon that died between the record and the engine, or the other way round, while a user paused or unpaused it.
    private static async Task FollowRunStateAsync(DomainRecord record, IDomainCopy copy, CopyPhase phase, CancellationToken token)
    {
        if (record.RunState == RunState.Running && phase is CopyPhase.Paused or CopyPhase.Held or CopyPhase.Loaded or CopyPhase.Prepared)
            await copy.ContinueAsync(token);
    }

    private void Keep(StartedDomain domain, CopyPhase phase)
    {
        foreach (var port in domain.Copy.Ports)
            parts.Network.Watch(port, []);
        keep(domain, phase);
    }

    /// <summary>False: the record says something else by now.</summary>
    private async Task<bool> CompleteAsync(DomainRecord record, IDomainCopy copy, ImmutableArray<AttachedDisk> disks, CancellationToken token)
    {
        var fenced = ImmutableArray.CreateBuilder<AttachedDisk>(disks.Length);
        try
        {
            foreach (var disk in disks)
                fenced.Add(await FenceAsync(disk, record.Epoch, token));
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.StaleEpoch)
        {
            Log.TryingAgain(_log, record.Name, $"fence its disks under epoch {record.Epoch}", e);
            await Task.Delay(AskAgain, parts.Time, token);
            return false;
        }
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
        return true;
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
        if (record.Intent is { } intent && !await Relocation(record, intent).AbortAsync(token))
            return false;
        await copy.CancelSendAsync(token);
        await FollowRunStateAsync(record, copy, (await copy.QueryAsync(token)).Phase, token);
        foreach (var port in copy.Ports)
        {
            await parts.Network.AnnounceAsync(port, [], token);
            await parts.Network.SettleAsync(port, [], token);
        }
        return true;
    }

    private async Task SettleMissingAsync(DomainRecord record, CancellationToken token)
    {
        // Created and never started: the request failed, and its name is to be free again.
        if (record.Arriving && _entries.Any(e => e.Domain == record.Name && e.Step == DomainStarter.FirstStart))
        {
            await parts.Records.RemoveAsync(record.Name, r => r.Epoch == record.Epoch, token);
            return;
        }
        if (Recovery.JudgeMissing(record) != RecoveryVerdict.Restart)
            return;
        if (record.Intent is { } intent && !await Relocation(record, intent).AbortAsync(token))
            return;
        if (record is { Arriving: true, Last: { Outcome: RelocationOutcome.Committed } last } && last.To == parts.Name
            && await NeverRanAsync(record, token))
        {
            Log.GivesBack(_log, record.Name, last.From);
            await Relocation(record, new RelocationIntent(last.Id, last.From, last.To)).GiveBackAsync(token);
            return;
        }
        Log.Found(_log, record.Name, RecoveryVerdict.Restart);
        if (record.Spec.OnCrash != LifecycleAction.Restart)
        {
            await CrashAsync(record, token);
            return;
        }
        var next = await parts.Records.ChangeAsync(
            record.Name,
            r => r.Owner == parts.Name && r.Epoch > record.Epoch && r.Arriving,
            r => Transitions.Restart(r, parts.Name, record.Epoch),
            token);
        if (next is null)
            return;
        try
        {
            keep(await starter.StartAsync(next, starter.Entry(next.Name, DomainStarter.LaterStart), token), CopyPhase.Running);
        }
        catch (GodwitException e)
        {
            Log.NotStarted(_log, next.Name, e);
            await CrashAsync(next, token);
        }
    }

    private RelocationRegistry Relocation(DomainRecord record, RelocationIntent intent) =>
        new(parts.Records, parts.Registry, record.Name, intent, record.Epoch);

    private Task<DomainRecord?> CrashAsync(DomainRecord record, CancellationToken token) => parts.Records.ChangeAsync(
        record.Name,
        r => r is { RunState: RunState.Crashed, Arriving: false },
        r => Transitions.Crash(r, parts.Name, record.Epoch),
        token);

    /// <summary>
    /// Whether the copy that is gone can be shown never to have run here: a disk that was not fenced to this epoch
    /// before this moment would have refused its first write. Where none shows it, nobody knows, and the memory that
    /// the source still holds may be older than what is on the disks.
    /// </summary>
    private async Task<bool> NeverRanAsync(DomainRecord record, CancellationToken token)
    {
        var neverRan = false;
        foreach (var spec in record.Spec.Disks.Where(disk => !disk.ReadOnly))
        {
            var identity = await UntilAnsweredAsync(record.Name, "find its disk", () => parts.Disks.IdentifyAsync(spec, token), token);
            if (!identity.Fenced)
                continue;
            var disk = await UntilAnsweredAsync(record.Name, "attach its disk", () => parts.Disks.AttachAsync(record.Name, spec, identity, token), token);
            try
            {
                neverRan |= await UntilAnsweredAsync(
                    record.Name, "fence its disk", () => parts.Disks.FenceAsync(disk, record.Epoch, token), token) < record.Epoch;
            }
            finally
            {
                await parts.Disks.DetachAsync(disk, token);
            }
        }
        return neverRan;
    }

    // A reply that was lost makes the next answer say that the disk was fenced already: then nobody knows.
    private async Task<T> UntilAnsweredAsync<T>(string domain, string what, Func<Task<T>> ask, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (GodwitException e) when (e.Code is not (FenceRefusal.StaleEpoch or FenceRefusal.NotAdmitted))
            {
                Log.TryingAgain(_log, domain, what, e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
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
