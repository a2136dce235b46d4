using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Relocate;
using Godwit.Host.Supervise;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Relocation;
using Godwit.Relocation.Source;
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
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);
    private readonly ILogger _log = parts.Logs.CreateLogger<Settler>();

    private ImmutableArray<JournalEntry> _entries = [];
    private ImmutableArray<IDomainCopy> _copies = [];
    private ImmutableArray<AttachedDisk> _attached = [];
    private ImmutableArray<DomainRecord> _records = [];
    private readonly HashSet<string> _kept = new(StringComparer.Ordinal);
    private HashSet<string> _names = [];

    /// <summary>Domains that are not settled yet, with what each waits for; shown in the lists.</summary>
    public ConcurrentDictionary<string, string> Waits { get; } = new(StringComparer.Ordinal);

    /// <summary>What is not settled, as far as the records told when this host looked around.</summary>
    public IEnumerable<DomainView> Views => _records
        .Where(record => Waits.ContainsKey(record.Name))
        .Select(record => new DomainView(record, null, DomainActivity.Settling, record.Intent?.Id, Waits.GetValueOrDefault(record.Name)));

    /// <summary>Looks around, and changes nothing yet.</summary>
    /// <returns>Domains that are to be settled.</returns>
    public async Task<IReadOnlySet<string>> FindAsync(CancellationToken cancellationToken)
    {
        _entries = await parts.Journal.ListAsync(cancellationToken);
        _copies = await parts.Hypervisor.FindCopiesAsync(cancellationToken);
        _attached = await parts.Disks.FindAsync(cancellationToken);
        _records = await parts.Records.ListAsync(cancellationToken);
        _names = _copies.Select(copy => copy.Order.Spec.Name)
            .Concat(_attached.Select(disk => disk.Domain))
            .Concat(_entries.Select(entry => entry.Domain))
            .Concat(_records.Where(record => record.Owner == parts.Name).Select(record => record.Name))
            .ToHashSet(StringComparer.Ordinal);
        return _names;
    }

    /// <summary>
    /// Settles all that was found, side by side: one may have to wait for what another host settles first, or for a person.
    /// </summary>
    public Task SettleAsync(CancellationToken cancellationToken) => Task.WhenAll(_names.Select(name => SettleAsync(name, cancellationToken)));

    private async Task SettleAsync(string name, CancellationToken token)
    {
        foreach (var copy in _copies.Where(copy => copy.Order.Spec.Name == name))
            await SettleCopyAsync(copy, token);
        while (!_kept.Contains(name) && !await TrySettleMissingAsync(name, token))
            await Task.Delay(AskAgain, parts.Time, token);
        foreach (var entry in _entries.Where(entry => entry.Domain == name))
            await parts.Journal.RemoveAsync(entry, token);
        Waits.TryRemove(name, out _);
        release(name);
    }

    /// <summary>
    /// Settles a domain that turned out, after the start, to be this host's without a copy of it: its name is reserved.
    /// </summary>
    public async Task SettleMissingLaterAsync(string name, CancellationToken token)
    {
        _entries = await parts.Journal.ListAsync(token);
        _attached = await parts.Disks.FindAsync(token);
        while (!await TrySettleMissingAsync(name, token))
            await Task.Delay(AskAgain, parts.Time, token);
        release(name);
    }

    private static ImmutableArray<AttachedDisk> Of(IDomainCopy copy, ImmutableArray<AttachedDisk> disks) =>
        // In the order of the engine's: by the path that it opened.
        [.. copy.Order.Disks
            .Select(source => disks.FirstOrDefault(disk => disk.Path == source.Path))
            .OfType<AttachedDisk>()];

    private async Task SettleCopyAsync(IDomainCopy copy, CancellationToken token)
    {
        var name = copy.Order.Spec.Name;
        while (true)
        {
            try
            {
                if (await TrySettleCopyAsync(copy, token))
                    return;
            }
            catch (Exception e) when (e is GodwitException or IOException)
            {
                // An engine, or a disk, that failed just now is looked at again.
                Log.TryingAgain(_log, name, "settle its copy", e);
                await Task.Delay(AskAgain, parts.Time, token);
            }
        }
    }

    /// <summary>False: the record or the copy says something else by now, or there is to be waited.</summary>
    private async Task<bool> TrySettleCopyAsync(IDomainCopy copy, CancellationToken token)
    {
        var disks = Of(copy, _attached);
        var name = copy.Order.Spec.Name;
        var record = await parts.Records.ReadAsync(name, token);
        var phase = (await copy.QueryAsync(token)).Phase;
        // It ended since it was found: what is left is settled as of a copy that is missing.
        if (phase == CopyPhase.Gone)
        {
            await DestroyAsync(copy, disks, token);
            return true;
        }
        var entry = _entries.FirstOrDefault(entry => entry.CopyId == copy.CopyId);
        var verdict = Recovery.JudgeCopy(parts.Name, phase, record, entry, parts.Records.OwnEpoch(name));
        Log.Found(_log, name, verdict);
        switch (verdict)
        {
            case RecoveryVerdict.Keep:
                await FollowRunStateAsync(record!, copy, phase, token);
                // A receiver that drew the guest's frames to it has not let go of them yet.
                if (entry is not null)
                    await SettleFramesAsync(copy, token);
                Keep(new StartedDomain(record!, copy, disks), phase);
                return true;
            case RecoveryVerdict.Complete:
                return await CompleteAsync(record!, copy, disks, token);
            case RecoveryVerdict.Reclaim:
                return await ReclaimAsync(copy, disks, record!.Last!.Id, token);
            case RecoveryVerdict.AbortAndKeep:
                return await AbortAsync(record!, copy, disks, phase, token);
            case RecoveryVerdict.AwaitOther:
                // Whoever let it run: while another host may run it too, it stands still.
                if (phase == CopyPhase.Running)
                    await copy.PauseAsync(token);
                Waits[name] = $"{record!.Owner} has taken it and has not said that it runs there";
                await Task.Delay(AskAgain, parts.Time, token);
                return false;
            case RecoveryVerdict.AwaitRegistry:
                Waits[name] = $"the registry says that it is {record!.Owner}'s under epoch {record.Epoch}, and this host has had it under epoch {parts.Records.OwnEpoch(name)}";
                await Task.Delay(AskAgain, parts.Time, token);
                return false;
            case RecoveryVerdict.Destroy:
                await DestroyAsync(copy, disks, token);
                return true;
            case RecoveryVerdict.LeaveAlone when await Successor.IsThereAsync(parts, null, parts.Records.OwnEpoch(name), disks, token):
                await DestroyAsync(copy, disks, token);
                return true;
            case RecoveryVerdict.LeaveAlone:
                if (Waits.TryAdd(name, "the registry knows nothing of it; it is left alone"))
                    Log.UnknownCopy(_log, name);
                await Task.Delay(LookAgain, parts.Time, token);
                return false;
            default:
                throw new InvalidOperationException($"{verdict} is not for copies.");
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
        _kept.Add(domain.Record.Name);
        keep(domain, phase);
    }

    /// <summary>False: the record says something else by now.</summary>
    private async Task<bool> CompleteAsync(DomainRecord record, IDomainCopy copy, ImmutableArray<AttachedDisk> disks, CancellationToken token)
    {
        var fenced = ImmutableArray.CreateBuilder<AttachedDisk>(disks.Length);
        try
        {
            foreach (var disk in disks)
                fenced.Add((await DiskReclaim.TakeAsync(parts, _log, disk, record.Epoch, token)).Disk);
        }
        catch (GodwitException e) when (e.Code == FenceRefusal.StaleEpoch)
        {
            Log.TryingAgain(_log, record.Name, $"fence its disks under epoch {record.Epoch}", e);
            await Task.Delay(AskAgain, parts.Time, token);
            return false;
        }
        if (_entries.FirstOrDefault(entry => entry.CopyId == copy.CopyId) is { Side: JournalSide.Destination } entry)
            await parts.Journal.WriteAsync(entry with { Step = DestinationSite.LetRun }, token);
        if (record.RunState == RunState.Running)
            await copy.ContinueAsync(token);
        var arrived = await parts.Records.ChangeAsync(
            record.Name,
            r => r.Owner == parts.Name && r.Epoch == record.Epoch && !r.Arriving,
            r => Transitions.Arrive(r, parts.Name, record.Epoch),
            token);
        await SettleFramesAsync(copy, token);
        Keep(new StartedDomain(arrived ?? record, copy, fenced.ToImmutable()), CopyPhase.Running);
        return true;
    }

    /// <summary>False: it is to be judged again.</summary>
    private async Task<bool> AbortAsync(
        DomainRecord record, IDomainCopy copy, ImmutableArray<AttachedDisk> disks, CopyPhase phase, CancellationToken token)
    {
        // Once held, it may have been handed over: then the disks decide, under a new epoch.
        if (record.Intent is { } intent && (!await Relocation(record, intent).AbortAsync(handedOver: phase == CopyPhase.Held, token) || phase == CopyPhase.Held))
            return false;
        await copy.CancelSendAsync(token);
        phase = (await copy.QueryAsync(token)).Phase;
        await FollowRunStateAsync(record, copy, phase, token);
        await SettleFramesAsync(copy, token);
        Keep(new StartedDomain((await parts.Records.ReadAsync(record.Name, token))!, copy, disks), phase);
        return true;
    }

    /// <summary>False: the record says something else by now.</summary>
    private async Task<bool> ReclaimAsync(IDomainCopy copy, ImmutableArray<AttachedDisk> disks, Guid relocation, CancellationToken token)
    {
        var name = copy.Order.Spec.Name;
        (var memory, disks) = await new DiskReclaim(parts, name, relocation).RunAsync(disks, token);
        if (memory == HeldMemory.Superseded)
            return false;
        var record = await parts.Records.ReadAsync(name, token);
        if (record is null || record.Owner != parts.Name)
            return false;
        if (memory == HeldMemory.Stale)
        {
            await DestroyAsync(copy, disks, token);
            return true;
        }
        if (record.RunState == RunState.Running)
            await copy.ContinueAsync(token);
        await SettleFramesAsync(copy, token);
        Keep(new StartedDomain(record, copy, disks), CopyPhase.Running);
        return true;
    }

    private async Task DestroyAsync(IDomainCopy copy, ImmutableArray<AttachedDisk> disks, CancellationToken token)
    {
        await copy.DestroyAsync(token);
        foreach (var disk in disks)
            await parts.Disks.DetachAsync(disk, token);
    }

    private async Task SettleFramesAsync(IDomainCopy copy, CancellationToken token)
    {
        foreach (var port in copy.Ports)
        {
            await parts.Network.AnnounceAsync(port, [], token);
            await parts.Network.SettleAsync(port, [], token);
        }
    }

    private async Task<bool> TrySettleMissingAsync(string name, CancellationToken token)
    {
        try
        {
            await SettleMissingAsync(name, token);
            return true;
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            Log.TryingAgain(_log, name, "settle what is left of it", e);
            return false;
        }
    }

    /// <summary>No copy of it is here: it is another's, or starts cold, or goes back to where its memory still is.</summary>
    private async Task SettleMissingAsync(string name, CancellationToken token)
    {
        foreach (var disk in _attached.Where(disk => disk.Domain == name))
            await parts.Disks.DetachAsync(disk, token);
        if (await parts.Records.ReadAsync(name, token) is not { } record || record.Owner != parts.Name)
            return;
        // Created and never started: the request failed, and its name is to be free again.
        if (record.Arriving && _entries.Any(e => e.Domain == record.Name && e.Step == DomainStarter.FirstStart))
        {
            await parts.Records.RemoveAsync(record.Name, r => r.Epoch == record.Epoch, token);
            return;
        }
        if (Recovery.JudgeMissing(record) != RecoveryVerdict.Restart)
            return;
        if (record.Intent is { } intent && !await Relocation(record, intent).AbortAsync(handedOver: false, token))
            return;
        if (record is { Arriving: true, Last: { Outcome: RelocationOutcome.Committed } last } && last.To == parts.Name
            && (NeverLetRun(last.Id) || await NeverRanAsync(record, token)))
        {
            Log.GivesBack(_log, record.Name, last.From);
            await Relocation(record, new RelocationIntent(last.Id, last.From, last.To)).GiveBackAsync(token);
            return;
        }
        Log.Found(_log, record.Name, RecoveryVerdict.Restart);
        await StartColdAsync(record, token);
    }

    /// <summary>The journal knows of the receiver, and is told before one is let run.</summary>
    private bool NeverLetRun(Guid relocation) =>
        _entries.Any(entry => entry.Side == JournalSide.Destination && entry.Relocation == relocation && entry.Step == DestinationSite.Prepared);

    private async Task StartColdAsync(DomainRecord record, CancellationToken token)
    {
        if (await new ColdStart(parts, starter).RunAsync(record, token) is { } started)
            keep(started, started.Record.RunState == RunState.Running ? CopyPhase.Running : CopyPhase.Prepared);
    }

    private RelocationRegistry Relocation(DomainRecord record, RelocationIntent intent) =>
        new(parts.Records, parts.Registry, record.Name, intent, record.Epoch);

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
}
