using System.Collections.Immutable;
using System.Net;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Relocation;
using Godwit.Relocation.Destination;
using Godwit.Relocation.Protocol;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Relocate;

/// <summary>This host as the destination of one relocation.</summary>
internal sealed class DestinationSite(
    HostParts parts,
    RelocationOffer offer,
    RelocationRegistry registry,
    Action<StartedDomain, bool, string?> arrived) : IDestinationSite
{
    /// <summary>How long a domain is kept paused for a disk that does not answer, before it is given back.</summary>
    private static readonly TimeSpan FenceLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FencePause = TimeSpan.FromMilliseconds(100);

    /// <summary>Steps in the journal: a receiver that is made, and one that may have run.</summary>
    public const string Prepared = "prepare";
    public const string LetRun = "resume";

    private readonly ILogger _log = parts.Logs.CreateLogger<DestinationSite>();
    private readonly JournalEntry _entry = new(
        offer.Spec.Name, JournalSide.Destination, offer.RelocationId, offer.From, offer.To, Prepared, parts.Resources.NewId());
    private readonly UndoStack _undo = new(parts.Time, parts.Logs.CreateLogger<DestinationSite>());
    private ImmutableArray<DiskIdentity> _identities = [];
    private ImmutableArray<AttachedDisk> _disks = [];
    private ImmutableArray<ImmutableArray<IPAddress>> _addresses = [];
    private IDomainCopy? _copy;

    public IRelocationRegistry Registry => registry;

    public async Task<ImmutableArray<string>> JudgeAsync(RelocationOffer offered, CancellationToken cancellationToken)
    {
        OfferCheck.Engine(offered, parts, await parts.Resources.AskAvailableMemoryMiBAsync(offered.Spec.MemoryMiB, cancellationToken));
        foreach (var nic in offered.Spec.Interfaces)
            parts.Network.CheckBridge(nic.Bridge);
        var found = await Task.WhenAll(offered.Spec.Disks.Select(disk => parts.Disks.IdentifyAsync(disk, cancellationToken)));
        for (var i = 0; i < found.Length; i++)
            OfferCheck.Disk(offered, offered.Disks[i], found[i], parts.Name);
        _identities = [.. found];
        return [.. new[] { offered.KernelDigest, offered.RamdiskDigest }
            .OfType<string>()
            .Where(digest => parts.BootFiles.Find(digest) is null)
            .Distinct()];
    }

    public IBootFileSink CreateBootFile(string digest, long length) => parts.BootFiles.Create(digest, length);

    public async Task<IDomainCopy> PrepareAsync(RelocationOffer offered, CancellationToken cancellationToken)
    {
        try
        {
            await parts.Journal.WriteAsync(_entry, cancellationToken);
            _undo.Push("forget the journal entry", _ => parts.ForgetAsync(_entry, _log));
            for (var i = 0; i < _identities.Length; i++)
            {
                var attached = await parts.Disks.AttachAsync(offered.Spec.Name, offered.Spec.Disks[i], _identities[i], cancellationToken);
                _undo.Push($"detach {attached.Disk.Name}", token => parts.Disks.DetachAsync(attached, token));
                _disks = _disks.Add(attached);
            }
            var order = new CopyOrder
            {
                Spec = offered.Spec,
                Pin = offered.Pin,
                CopyId = _entry.CopyId,
                KernelPath = Boot(offered.KernelDigest),
                RamdiskPath = Boot(offered.RamdiskDigest),
                Disks = [.. _disks.Select(Create.DomainStarter.Source)],
            };
            return _copy = await Create.EngineStart.RunAsync(
                parts, _disks, _undo, () => parts.Hypervisor.PrepareReceiverAsync(order, cancellationToken), cancellationToken);
        }
        catch
        {
            await _undo.UndoAsync();
            throw;
        }
    }

    public async Task AnnounceAsync(ImmutableArray<ImmutableArray<IPAddress>> addresses, CancellationToken cancellationToken)
    {
        var ports = _copy!.Ports;
        _addresses = [.. ports.Select((_, i) => i < addresses.Length ? addresses[i] : [])];
        foreach (var port in ports)
            _undo.Push($"give up the frames of {port.Mac}", token => parts.Network.WithdrawAsync(port, token));
        for (var i = 0; i < ports.Length; i++)
            await parts.Network.AnnounceAsync(ports[i], _addresses[i], cancellationToken);
    }

    public void DeliverFrames(ImmutableArray<ImmutableArray<byte[]>> frames)
    {
        var ports = _copy!.Ports;
        for (var i = 0; i < ports.Length && i < frames.Length; i++)
        {
            // What a peer says is for its guest alone.
            var mine = frames[i].Where(frame => frame.AsSpan().StartsWith(ports[i].Mac.ToBytes())).ToList();
            if (mine.Count > 0)
                parts.Network.Deliver(ports[i], mine);
        }
    }

    public async Task FenceAsync(long epoch, CancellationToken cancellationToken)
    {
        var began = parts.Time.GetTimestamp();
        await Task.WhenAll(_disks.Select(disk => FenceAsync(disk, epoch, began, cancellationToken)));
    }

    public Task JournalResumeAsync(CancellationToken cancellationToken) =>
        parts.Journal.WriteAsync(_entry with { Step = LetRun }, cancellationToken);

    public async Task ArriveAsync(long epoch, string? failure, CancellationToken cancellationToken)
    {
        _undo.Keep();
        var ports = _copy!.Ports;
        for (var i = 0; i < ports.Length; i++)
        {
            var addresses = i < _addresses.Length ? _addresses[i] : [];
            parts.Network.Watch(ports[i], addresses);
            await parts.Network.SettleAsync(ports[i], addresses, cancellationToken);
        }
        var ours = await registry.RecordArrivalAsync(cancellationToken);
        await parts.ForgetAsync(_entry, _log);
        arrived(new StartedDomain(registry.Won!, _copy, _disks), ours, failure);
    }

    public Task UndoAsync(CancellationToken cancellationToken) => _undo.UndoAsync();

    private async Task FenceAsync(AttachedDisk disk, long epoch, long began, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await parts.Disks.FenceAsync(disk, epoch, cancellationToken);
                return;
            }
            catch (GodwitException e) when (
                e.Code is not (FenceRefusal.StaleEpoch or FenceRefusal.NotAdmitted)
                && parts.Time.GetElapsedTime(began) < FenceLimit)
            {
                Log.TryingAgain(_log, offer.Spec.Name, $"fence {disk.Disk.Name}", e);
                await Task.Delay(FencePause, parts.Time, cancellationToken);
            }
        }
    }

    private string? Boot(string? digest) => digest is null
        ? null
        : parts.BootFiles.Find(digest) ?? throw new GodwitException(
            "no-such-boot-file", $"The boot file {digest[..12]}… was announced as missing and did not come.");
}
