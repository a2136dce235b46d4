using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;
using Godwit.Storage.Fences;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Volumes;

/// <summary>The volumes that this host exports itself.</summary>
internal sealed class LocalVolumes(VolumeService volumes, VolumeFences fences, IRegistry registry) : IVolumeHost
{
    public async Task<VolumeRecord> CreateAsync(VolumeName name, long sizeBytes, CancellationToken cancellationToken)
    {
        // The registry is asked first, so that a volume is not made while nobody could be told of it.
        if ((await registry.ListVolumesAsync(cancellationToken)).FirstOrDefault(volume => volume.Name == name) is { } other)
        {
            throw new GodwitException(
                Storage.StorageErrors.VolumeExists, $"The pool has a volume {name} already, on {other.StorageHost}.", "Choose another name.");
        }
        var record = Record(await volumes.CreateAsync(name, sizeBytes, cancellationToken));
        await registry.PutVolumeAsync(record, cancellationToken);
        return record;
    }

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
