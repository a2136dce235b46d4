using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Tests.Hosting;

/// <summary>Volumes that nobody serves: who asked for which role in them. Those with content are files.</summary>
internal sealed class FakeVolumeHost(string name, string directory, Func<IRegistry> registry) : IVolumeHost
{
    private long _epoch;
    private int _session;
    private int _volumes;

    public ImmutableArray<string> Groups => ["vg_xen"];

    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>What the filling of a volume waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public string PathOf(VolumeName volume) => Path.Combine(directory, volume.ToString().Replace('/', '-'));

    public async Task<VolumeRecord> CreateAsync(VolumeName volume, long sizeBytes, CancellationToken cancellationToken, VolumeContent? content = null)
    {
        var record = new VolumeRecord(volume, sizeBytes, name, 0, _volumes++);
        if (content is null)
            return record;
        try
        {
            Directory.CreateDirectory(directory);
            using (var file = File.Create(PathOf(volume)))
                file.SetLength(sizeBytes);
            await Gate.WaitAsync(cancellationToken);
            await content(PathOf(volume), NoProgress.Instance, cancellationToken);
            await registry().PutVolumeAsync(record, cancellationToken);
            return record;
        }
        catch
        {
            File.Delete(PathOf(volume));
            throw;
        }
    }

    public Task<VolumeUsers> UsersAsync(VolumeName volume, CancellationToken cancellationToken) =>
        Task.FromResult(new VolumeUsers(["vm1"], ["resource-1 (its writer)"]));

    public Task DeleteAsync(VolumeName volume, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"delete {volume}");
        if (File.Exists(PathOf(volume)))
            File.Delete(PathOf(volume));
        return registry().RemoveVolumeAsync(volume, name, cancellationToken);
    }

    public Task<int> AdmitAsync(VolumeName volume, string host, ImmutableArray<MacAddress> macs, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"admit {volume} {host} {string.Join(' ', macs)}");
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
