using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Tests;

/// <summary>Storage hosts that note what they are asked.</summary>
internal sealed class FakeEndpoints(params VolumeLocation[] volumes) : IVolumeEndpoints
{
    private int _session;

    public List<string> Calls { get; } = [];

    public bool ReleaseFails { get; set; }

    public Task<ImmutableArray<VolumeLocation>> ListAsync(CancellationToken cancellationToken) => Task.FromResult(volumes.ToImmutableArray());

    public Task<int> AdmitAsync(VolumeLocation volume, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken)
    {
        Calls.Add($"admit {volume.Name} {string.Join(' ', macs)}{(sessionless ? " sessionless" : "")}");
        return Task.FromResult(++_session);
    }

    public Task<long> FenceAsync(VolumeLocation volume, long epoch, int session, CancellationToken cancellationToken)
    {
        Calls.Add($"fence {volume.Name} {epoch} {session}");
        return Task.FromResult(epoch - 1);
    }

    public Task ReleaseAsync(VolumeLocation volume, int session, CancellationToken cancellationToken)
    {
        Calls.Add($"release {volume.Name} {session}");
        return ReleaseFails ? throw new GodwitException("away", "The storage host is away.") : Task.CompletedTask;
    }

    public IGroupEndpoints OfGroup(VolumeLocation device) => throw new NotSupportedException("No group lies on any of these volumes.");

    public Task ProbeAsync(VolumeLocation volume, CancellationToken cancellationToken)
    {
        Calls.Add($"probe {volume.Name}");
        return Task.CompletedTask;
    }
}
