using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Storage.Fences;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Tests.EndToEnd;

/// <summary>One host's way to a storage host, without the network between them.</summary>
internal sealed class LocalEndpoints(string host, VolumeService volumes, VolumeFences fences) : IVolumeEndpoints
{
    public Task<ImmutableArray<VolumeLocation>> ListAsync(CancellationToken cancellationToken) => Task.FromResult(volumes.List());

    public Task<int> AdmitAsync(
        VolumeLocation volume, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken) =>
        fences.AdmitAsync(volume.Name, host, macs, sessionless, cancellationToken);

    public Task<long> FenceAsync(VolumeLocation volume, long epoch, int session, CancellationToken cancellationToken) =>
        fences.FenceAsync(volume.Name, host, epoch, session, cancellationToken);

    public Task ReleaseAsync(VolumeLocation volume, int session, CancellationToken cancellationToken) =>
        fences.ReleaseAsync(volume.Name, host, session, cancellationToken);

    public IGroupEndpoints OfGroup(VolumeLocation device) => throw new NotSupportedException("No group lies on any of these volumes.");

    public Task ProbeAsync(VolumeLocation volume, CancellationToken cancellationToken) => fences.ProbeAsync(volume.Name, cancellationToken);
}
