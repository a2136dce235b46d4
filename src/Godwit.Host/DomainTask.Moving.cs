using Godwit.Host.Relocate;
using Godwit.Host.Supervise;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Relocation;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host;

/// <content>The source of its relocations.</content>
internal sealed partial class DomainTask
{
    private async Task<RelocationTicket> BeginRelocationAsync(DomainItem.Relocate request, CancellationToken token)
    {
        await AllowedAsync(DomainRequest.Relocate, token);
        var (id, record) = (_parts.Resources.NewId(), _domain.Record);
        if (!request.Options.Unfenced)
            FenceDemand.Check(Name, _domain.Unfenced);
        await RelocationTarget.CheckAsync(_parts, request.Destination, token);
        var registry = new RelocationRegistry(
            _parts.Records, _parts.Registry, Name, new RelocationIntent(id, _parts.Name, request.Destination), record.Epoch);
        var offer = Offer(id, request.Destination);
        var site = new SourceSite(_parts, _domain, offer, registry);
        var ticket = new RelocationTicket(id, Name, _parts.Name, request.Destination, _parts.Time);
        var run = new SourceRun(site, _parts.Dialer, ticket, request.Options, _parts.Time, _parts.Logs.CreateLogger<SourceRun>(), _parts.Failpoints);
        (_run, Ticket, Activity) = (run, ticket, DomainActivity.MovingAway);
        _runTask = FollowAsync(run, site, token);
        return ticket;
    }

    private RelocationOffer Offer(Guid id, string to) => new()
    {
        RelocationId = id,
        From = _parts.Name,
        To = to,
        Spec = _domain.Record.Spec,
        Pin = _domain.Copy.Order.Pin,
        EngineVersion = _parts.Hypervisor.Facts.Version,
        Epoch = Epoch,
        RunState = _domain.Record.RunState,
        Disks = [.. _domain.Disks.Select(disk =>
            new OfferedDisk(disk.Disk.Name, disk.Disk.SizeBytes, disk.Disk.Kind != Storage.DiskKind.File))],
        KernelDigest = _domain.Record.Boot?.KernelDigest,
        RamdiskDigest = _domain.Record.Boot?.RamdiskDigest,
        Now = _parts.Time.GetUtcNow(),
    };

    private async Task FollowAsync(SourceRun run, SourceSite site, CancellationToken token)
    {
        var result = await run.RunAsync(token);
        _inbox.Writer.TryWrite(new DomainItem.RelocationEnded(run, site, result));
    }

    private async Task TakeEndAsync(DomainItem.RelocationEnded ended, CancellationToken token)
    {
        _run = null;
        Log.RelocationEnded(_log, Name, ended.Result.Message);
        await _parts.ForgetAsync(ended.Site.Entry, _log);
        if (!ended.Run.KeptHere)
        {
            _gone = true;
            return;
        }
        Activity = DomainActivity.Settled;
        _domain = _domain with { Disks = ended.Site.Disks };
        var record = await _parts.Records.ReadAsync(Name, token);
        if (record?.Owner != _parts.Name)
            Doubt();
        else if (!record.Arriving || ended.Run.MemoryIsStale)
            _domain = _domain with { Record = record };
        // Taken over meanwhile, from somebody who may have run it: before anything goes on its disks are to be taken back.
        else if (_endedMeanwhile is null)
        {
            await ReclaimAsync(record, token);
            return;
        }
        if (ended.Run.MemoryIsStale)
        {
            await StartColdAsync(token);
            return;
        }
        await FollowMeanwhileAsync(token);
    }

    /// <summary>What was left to the end of a move, or of a save: a guest that ended, a disk that failed, a pause.</summary>
    private async Task FollowMeanwhileAsync(CancellationToken token)
    {
        if (_endedMeanwhile is not { } @event || GuestEnd.Judge(_domain.Record.Spec, @event) is not { } end)
        {
            // A disk that failed meanwhile was no concern of either.
            if ((await _domain.Copy.QueryAsync(token)).Phase == CopyPhase.IoError)
                Watch(failed: true, token);
            await KeepPausedAsync(token);
            return;
        }
        _endedMeanwhile = null;
        await FollowAsync(end.Action, end.Kept, token);
    }
}
