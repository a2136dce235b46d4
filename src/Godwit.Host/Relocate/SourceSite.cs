using System.Collections.Immutable;
using System.Net;
using Godwit.Domains;
using Godwit.Host.Recover;
using Godwit.Hypervisors;
using Godwit.Pool.Journal;
using Godwit.Relocation;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;
using Godwit.Storage;

namespace Godwit.Host.Relocate;

/// <summary>This host as the source of one relocation.</summary>
internal sealed class SourceSite(
    HostParts parts,
    Create.StartedDomain domain,
    RelocationOffer offer,
    IRelocationRegistry registry) : ISourceSite
{
    private ImmutableArray<AttachedDisk> _disks = domain.Disks;

    public IDomainCopy Copy => domain.Copy;

    public RelocationOffer Offer => offer;

    public IRelocationRegistry Registry => registry;

    /// <summary>The disks as they are now: a give-back draws new sessions.</summary>
    public ImmutableArray<AttachedDisk> Disks => _disks;

    public JournalEntry Entry { get; } = new(
        offer.Spec.Name, JournalSide.Source, offer.RelocationId, offer.From, offer.To, "begin", domain.Copy.CopyId);

    public ImmutableArray<ImmutableArray<IPAddress>> Addresses =>
        [.. Copy.Ports.Select(port => parts.Network.LearnedAddresses(port.Mac))];

    public Task<Stream> OpenBootFileAsync(string digest, CancellationToken cancellationToken)
    {
        var path = parts.BootFiles.Find(digest) ?? throw new IOException($"{digest[..12]}… is not in the boot store");
        return Task.FromResult<Stream>(File.OpenRead(path));
    }

    public Task ProbeDisksAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_disks.Select(disk => parts.Disks.ProbeAsync(disk, cancellationToken)));

    public Task FlushDisksAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_disks.Where(disk => !disk.ReadOnly).Select(disk => parts.Disks.FlushAsync(disk, cancellationToken)));

    public Task JournalAsync(CancellationToken cancellationToken) => parts.Journal.WriteAsync(Entry, cancellationToken);

    public async Task<HeldMemory> RegainDisksAsync(CancellationToken cancellationToken)
    {
        (var memory, _disks) = await new DiskReclaim(parts, offer.Spec.Name, offer.RelocationId).RunAsync(_disks, cancellationToken);
        return memory;
    }

    public void NoteFrames() => EachPort(parts.Network.Note);

    public ImmutableArray<ImmutableArray<byte[]>> TakeFrames(DateTimeOffset stopped) =>
        [.. Copy.Ports.Select(port => parts.Network.Take(port, Copy.TakeWaiting(port), stopped))];

    public void ForgetFrames() => EachPort(parts.Network.Forget);

    public async Task AnnounceBackAsync(CancellationToken cancellationToken)
    {
        foreach (var port in Copy.Ports)
        {
            var addresses = parts.Network.LearnedAddresses(port.Mac);
            await parts.Network.AnnounceAsync(port, addresses, cancellationToken);
            await parts.Network.SettleAsync(port, addresses, cancellationToken);
        }
    }

    public async Task DestroyCopyAsync(CancellationToken cancellationToken)
    {
        foreach (var port in Copy.Ports)
            parts.Network.Unwatch(port);
        await Copy.DestroyAsync(cancellationToken);
        foreach (var disk in _disks)
            await parts.Disks.DetachAsync(disk, cancellationToken);
    }

    private void EachPort(Action<GuestPort> act)
    {
        foreach (var port in Copy.Ports)
            act(port);
    }
}
