using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;
using Godwit.Storage.Fences;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Volumes;

/// <summary>The volumes that this host exports itself.</summary>
internal sealed class LocalVolumes(string host, VolumeService volumes, VolumeFences fences, IRegistry registry) : IVolumeHost
{
    public ImmutableArray<string> Groups => volumes.Groups;

    public async Task<VolumeRecord> CreateAsync(
        VolumeName name, long sizeBytes, CancellationToken cancellationToken, VolumeContent? content = null)
    {
        // The registry is asked first, so that a volume is not made while nobody could be told of it.
        var known = await registry.ListVolumesAsync(cancellationToken);
        if (known.FirstOrDefault(volume => volume.Name == name) is { } other)
        {
            throw new GodwitException(
                Storage.StorageErrors.VolumeExists, $"The pool has a volume {name} already, on {other.StorageHost}.", "Choose another name.");
        }
        while (true)
        {
            // Two disks of one address on one network would be taken for each other.
            var record = Record(await volumes.CreateAsync(
                name, sizeBytes, [.. known.Select(volume => (volume.Shelf, volume.Slot))], cancellationToken, content));
            await registry.PutVolumeAsync(record, cancellationToken);
            // Of two hosts that gave one address at the same time, at least the later of these two reads sees both.
            known = await registry.ListVolumesAsync(cancellationToken);
            if (!known.Any(volume => YieldsTo(record, volume)))
                return record;
            await volumes.DeleteAsync(name, CancellationToken.None);
        }
    }

    public async Task<VolumeUsers> UsersAsync(VolumeName name, CancellationToken cancellationToken) =>
        new(await DomainsOfAsync(name, cancellationToken), volumes.UsersOf(name));

    public async Task DeleteAsync(VolumeName name, CancellationToken cancellationToken)
    {
        // Also of one that does not run: it is to start again some day.
        if (await DomainsOfAsync(name, cancellationToken) is { IsEmpty: false } domains)
        {
            throw new GodwitException(Storage.StorageErrors.VolumeInUse, $"{name} is a disk of {string.Join(", ", domains)}.",
                $"Destroy what uses it: `godwit destroy {domains[0]}`.");
        }
        // One that is in the registry alone is what a deletion has left that was cut short.
        if (volumes.Has(name) || (await registry.ListVolumesAsync(cancellationToken)).All(volume => volume.Name != name))
            await volumes.DeleteAsync(name, cancellationToken);
        await registry.RemoveVolumeAsync(name, host, cancellationToken);
    }

    private async Task<ImmutableArray<string>> DomainsOfAsync(VolumeName name, CancellationToken cancellationToken) =>
        [.. (await registry.ListAsync(cancellationToken)).Where(domain => domain.Spec.Disks.Any(disk => disk.FindVolume() == name)).Select(domain => domain.Name)];

    internal static bool YieldsTo(VolumeRecord record, VolumeRecord other) =>
        (other.Shelf, other.Slot) == (record.Shelf, record.Slot) && string.CompareOrdinal(other.StorageHost, record.StorageHost) < 0;

    public Task<int> AdmitAsync(VolumeName name, string host, ImmutableArray<MacAddress> macs, CancellationToken cancellationToken) =>
        fences.AdmitAsync(name, host, macs, cancellationToken);

    public Task<long> FenceAsync(VolumeName name, string host, long epoch, int session, CancellationToken cancellationToken) =>
        fences.FenceAsync(name, host, epoch, session, cancellationToken);

    public Task ReleaseAsync(VolumeName name, string host, int session, CancellationToken cancellationToken) =>
        fences.ReleaseAsync(name, host, session, cancellationToken);

    public Task ProbeAsync(VolumeName name, CancellationToken cancellationToken) => fences.ProbeAsync(name, cancellationToken);

    public async Task<IReadOnlyList<FenceReport>> ReportAsync(CancellationToken cancellationToken) =>
        [.. (await fences.ListAsync(cancellationToken)).Select(fence => new FenceReport(fence.Volume, fence.Epoch, fence.Writer))];

    public static VolumeRecord Record(VolumeLocation volume) =>
        new(volume.Name, volume.SizeBytes, volume.StorageHost, volume.Shelf, volume.Slot);
}
