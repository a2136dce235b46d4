using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;

namespace Godwit.Daemon.Tests.Hosting;

/// <summary>Volumes without bytes: who asked for which role in them.</summary>
internal sealed class FakeVolumeHost(string name) : IVolumeHost
{
    private long _epoch;
    private int _session;

    public ConcurrentQueue<string> Asked { get; } = [];

    public Task<VolumeRecord> CreateAsync(VolumeName volume, long sizeBytes, CancellationToken cancellationToken) =>
        Task.FromResult(new VolumeRecord(volume, sizeBytes, name, 0, 0));

    public Task<VolumeUsers> UsersAsync(VolumeName volume, CancellationToken cancellationToken) =>
        Task.FromResult(new VolumeUsers(["vm1"], ["resource-1 (its writer)"]));

    public Task DeleteAsync(VolumeName volume, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"delete {volume}");
        return Task.CompletedTask;
    }

    public Task<int> AdmitAsync(
        VolumeName volume, string host, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"admit {volume} {host} {string.Join(' ', macs)}{(sessionless ? " sessionless" : "")}");
        return Task.FromResult(++_session);
    }

    public Task<long> FenceAsync(VolumeName volume, string host, long epoch, int session, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"fence {volume} {host} {epoch} {session}");
        if (epoch < _epoch)
            throw new GodwitException(FenceRefusal.StaleEpoch, $"{volume} has seen epoch {_epoch}.");
        return Task.FromResult(Interlocked.Exchange(ref _epoch, epoch));
    }

    public Task ReleaseAsync(VolumeName volume, string host, int session, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"release {volume} {host} {session}");
        return Task.CompletedTask;
    }

    public Task ProbeAsync(VolumeName volume, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<Godwit.Pool.Restoration.FenceReport>> ReportAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Godwit.Pool.Restoration.FenceReport>>([]);
}
