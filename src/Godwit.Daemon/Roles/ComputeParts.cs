using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Transport;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Host;
using Godwit.Host.Create;
using Godwit.Host.Save;
using Godwit.Hypervisors.Network;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Godwit.Storage.Attachments;

namespace Godwit.Daemon.Roles;

/// <summary>Puts together what runs domains: the engine, the disks of the pool, the bridges, the journal.</summary>
internal sealed class ComputeParts(
    DaemonConfig config, IRegistry registry, IJournal journal, Witness witness, PeerConnections peers, TimeProvider time, ILoggerFactory logs) : IComputeParts, IAsyncDisposable
{
    private readonly BridgeNetwork _network = new(time, logs.CreateLogger<BridgeNetwork>());
    private readonly CancellationTokenSource _end = new();
    private HostEngine? _engine;
    private DomainHost? _domains;
    private Disks? _disks;
    private Task _watching = Task.CompletedTask;

    public async Task<RunningHost> OpenAsync(PoolIdentity identity, CancellationToken cancellationToken)
    {
        if (config.Storage.Interfaces is not [_, ..] cards)
        {
            throw new GodwitException(
                "no-storage-interface", "godwitd.toml names no interface of the storage network.", "Set [storage] interface.");
        }
        _engine ??= await HostEngine.OpenAsync(config, time, logs, cancellationToken);
        if (_disks is null)
        {
            _disks = new Disks(
                new RemoteVolumes(registry, peers),
                new DiskPlaces(
                    Programs.Find(config.Storage.AoeTool), cards, StorageNetwork.Macs(config),
                    Path.Combine(config.RunDirectory, "disks"), config.Compute.User, config.Storage.Driver,
                    config.Has(Role.Storage) ? new LocalExports(config.Name, StorageRole.ExportsDirectory(config)) : null),
                registry.DrawEpochAsync, time, logs.CreateLogger<Disks>());
            // Before anything is settled, which may have to wait for the registry: domains may be waiting for their disks.
            _watching = _disks.WatchAsync(_end.Token);
        }
        _domains ??= new DomainHost(new HostParts
        {
            Name = config.Name,
            Hypervisor = _engine.Hypervisor,
            Disks = _disks,
            Network = _network,
            Registry = registry,
            Records = new RecordChanger(registry, witness, time, logs.CreateLogger<RecordChanger>()),
            Witness = witness,
            Journal = journal,
            BootFiles = new BootStore(Path.Combine(config.StateDirectory, "boot")),
            Saved = new SavedFiles(Path.Combine(config.StateDirectory, "saved")),
            Dialer = peers,
            Resources = _engine.Resources,
            Failpoints = config.Failpoints is { } points ? new FileFailpoints(points, time) : null,
            Time = time,
            Logs = logs,
        });
        return new RunningHost(_domains, _engine.Hypervisor.Facts, _disks.Groups);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _domains?.Dispose();
        await _network.DisposeAsync();
        if (_engine?.Hypervisor is IAsyncDisposable engine)
            await engine.DisposeAsync();
    }
}
