using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

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

    public Task<ResizedVolume> ResizeAsync(VolumeName volume, long sizeBytes, bool shrink, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"resize {volume} {sizeBytes} {shrink}");
        return Task.FromResult(new ResizedVolume(new VolumeRecord(volume, sizeBytes, name, 0, 0), ["resource-2 goes on with the former size"]));
    }

    /// <summary>What the next copy waits for before it ends; it reports once before.</summary>
    public Task CopyEnds { get; set; } = Task.CompletedTask;

    public async Task<VolumeRecord> CopyAsync(
        VolumeName source, VolumeName target, long? sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"copy {source} {target} {sizeBytes}");
        progress.Report(new WorkProgress(1, 4));
        try
        {
            await CopyEnds.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Asked.Enqueue("copy given up");
            throw;
        }
        return new VolumeRecord(target, 4, name, 0, 1);
    }

    public Task WriteAsync(VolumeName volume, string file, ImageFormat format, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"write {volume} {file} {format}");
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<FoundGroup>> ListGroupsAsync(CancellationToken cancellationToken) => Task.FromResult<ImmutableArray<FoundGroup>>(
    [
        new(GroupDefinition.OfDirectory("files", "/srv/files"), true, new GroupReport(1000, 400, "/srv/files"), null),
        new(GroupDefinition.OfLvm("vg", "pool"), false, null, "it is not there"),
    ]);

    public Task<FoundGroup> AddGroupAsync(GroupDefinition definition, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"add {definition.Name} {definition.Kind} {definition.Directory} {definition.ThinPool}");
        return Task.FromResult(new FoundGroup(definition, false, new GroupReport(1000, 1000, "there"), null));
    }

    public Task RemoveGroupAsync(string group, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"remove {group}");
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

    public Task<long> FenceAsync(
        VolumeName volume, string host, long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"fence {volume} {host} {epoch} {session} {string.Join(' ', sectors)}{(free ? " free" : "")}");
        return Task.FromResult(epoch - 1);
    }

    public Task ReturnAsync(VolumeName volume, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        NoteAsync($"return {volume} {host} {session} {string.Join(' ', sectors)}");

    public Task ReleaseAsync(VolumeName volume, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        NoteAsync($"release {volume} {host} {session} {string.Join(' ', sectors)}");

    public Task ForgetAsync(VolumeName volume, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        NoteAsync($"forget {volume} {host} {session} {string.Join(' ', sectors)}");

    public void Settle(VolumeName volume, ImmutableArray<GroupVolume> layout) =>
        Asked.Enqueue($"settle {volume} {string.Join(' ', layout.Select(one => $"{one.Name}={one.SizeBytes}@{string.Join('&', one.Sectors)}"))}");

    private Task NoteAsync(string what)
    {
        Asked.Enqueue(what);
        return Task.CompletedTask;
    }

    public Task ProbeAsync(VolumeName volume, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<Godwit.Pool.Restoration.FenceReport>> ReportAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Godwit.Pool.Restoration.FenceReport>>([]);
}
