using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool.Embedded;
using Microsoft.Extensions.Logging;

namespace Godwit.Pool.Restoration;

/// <summary>
/// The embedded registry with a watch on its own past.
/// <code>
///  started ──── every host has reported, or has not in some seconds ────► serving
///     │                                                                     │  ▲
///     │ mark ahead of the database, mark lost,                              │  │ every host has reported, or was excused:
///     │ or a host that has seen more                                        │  │ revisions and epochs go on above all
///     └─────────────────────────► behind ◄──────────────────────────────────┘  │ that anybody has seen
///                                    └─────────────────────────────────────────┘
/// </code>
/// Only one that serves says anything of a domain, or changes one: whoever asks waits, and reports what it knows. So one
/// that was put back together with its mark, as with a snapshot of its machine, is found out before it is believed.
/// Domains run on meanwhile.
/// </summary>
public sealed class GuardedRegistry : IRegistry, IDisposable
{
    /// <summary>What a host that is gone may have been given and nobody else has seen.</summary>
    private const long Unseen = 1000;
    private const string StorageRole = "storage";


    private readonly SqliteRegistry _registry;
    private readonly IRegistryMark _mark;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private readonly Dictionary<VolumeName, FenceReport> _fences = [];
    private readonly Lock _lock = new();
    private bool _behind;
    private long? _listensSince;

    public GuardedRegistry(SqliteRegistry registry, IRegistryMark mark, TimeProvider time, ILogger<GuardedRegistry> log)
    {
        (_registry, _mark, _time, _log) = (registry, mark, time, log);
        var revision = registry.Revision;
        var read = mark.Read();
        if (read is null && revision == 0)
            mark.Write(0);
        else if (read is null || read > revision || registry.IsBehind)
            FallBehind(read is null ? "it has no mark of how far it had come" : $"it is at revision {revision} and had come to {read}");
        else
            _listensSince = time.GetTimestamp();
    }

    /// <summary>
    /// One that has just started and knows of nothing wrong waits no longer for hosts that are down. Another only in the
    /// simulation, to show what then depends on the hosts.
    /// </summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    public Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken) =>
        Serving(() => _registry.FindAsync(domain, cancellationToken));

    public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) =>
        Serving(() => _registry.ListAsync(cancellationToken));

    public async Task<CompareAndSetResult> CompareAndSetAsync(
        DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken)
    {
        var result = await Serving(() => _registry.CompareAndSetAsync(next, expectedRevision, drawEpoch, cancellationToken));
        if (result is { Won: true, Current: { } written })
            _mark.Write(written.Revision);
        return result;
    }

    public async Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken)
    {
        var result = await Serving(() => _registry.RemoveAsync(domain, expectedRevision, cancellationToken));
        if (result.Won)
            _mark.Write(_registry.Revision);
        return result;
    }

    public Task<long> DrawEpochAsync(CancellationToken cancellationToken) => Serving(() => _registry.DrawEpochAsync(cancellationToken));

    public Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken) => _registry.ListHostsAsync(cancellationToken);

    public Task PutHostAsync(HostRecord host, CancellationToken cancellationToken) => _registry.PutHostAsync(host, cancellationToken);

    public Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken) => _registry.ListVolumesAsync(cancellationToken);

    public Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken) => _registry.PutVolumeAsync(volume, cancellationToken);

    public Task RemoveVolumeAsync(VolumeName volume, string storageHost, CancellationToken cancellationToken) =>
        _registry.RemoveVolumeAsync(volume, storageHost, cancellationToken);

    public Task<long> ProbeAsync(CancellationToken cancellationToken) => Serving(() => _registry.ProbeAsync(cancellationToken));

    public async Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken)
    {
        var hosts = await _registry.ListHostsAsync(cancellationToken);
        lock (_lock)
        {
            if (!_behind && report.HighestRevision > _registry.Revision)
                FallBehind($"{report.Host} has seen revision {report.HighestRevision}, and it is at {_registry.Revision}");
            if (!_behind && report.Fences?.FirstOrDefault(fence => fence.Epoch > _registry.Epoch) is { } ahead)
                FallBehind($"{ahead.Volume} has seen epoch {ahead.Epoch}, and it is at {_registry.Epoch}");
            _registry.Adopt(report);
            if (!_behind && !IsListening())
                return [];
            // A storage host has reported when its fences have.
            if (report.Fences is not null || hosts.FirstOrDefault(host => host.Name == report.Host)?.Roles.Contains(StorageRole) != true)
                _reported.Add(report.Host);
            foreach (var fence in report.Fences ?? [])
                _fences[fence.Volume] = fence;
            var missing = hosts.Select(host => host.Name).Where(name => !_reported.Contains(name)).ToImmutableArray();
            if (missing.IsEmpty && _behind)
                CatchUp();
            else if (missing.IsEmpty)
                _listensSince = null;
            return missing;
        }
    }

    public void Dispose()
    {
        _registry.Dispose();
        (_mark as IDisposable)?.Dispose();
    }

    private void FallBehind(string why)
    {
        _behind = true;
        _listensSince = null;
        _reported.Clear();
        _fences.Clear();
        _registry.OpenLostRange();
        Log.RegistryBehind(_log, why);
    }

    private void CatchUp()
    {
        foreach (var record in FenceEvidence.Judge(_registry.Records(), _fences))
        {
            Log.OwnerByFences(_log, record.Name, record.Owner, record.Epoch);
            _registry.Put(record);
        }
        _registry.CloseLostRange(Unseen);
        _mark.Write(_registry.Revision);
        _behind = false;
        Log.RegistryCaughtUp(_log, _registry.Revision);
    }

    private Task<T> Serving<T>(Func<Task<T>> call)
    {
        lock (_lock)
        {
            if (!_behind && !IsListening())
                return call();
            return Task.FromException<T>(_behind
                ? new GodwitException(
                    RegistryErrors.Behind,
                    "The registry was restored from an older copy, and waits for what the hosts know since.",
                    "See `godwit host list` for a host that does not answer; one that is gone for good is excused with `godwit pool excuse HOST`.")
                : new GodwitException(RegistryErrors.Behind, "The registry has just started, and hears what the hosts have seen of it.", "Try again in a moment."));
        }
    }

    private bool IsListening()
    {
        // Not by the wall clock, which is set while a machine starts: it may step by hours, and back.
        if (_listensSince is { } since && _time.GetElapsedTime(since) >= Patience)
            _listensSince = null;
        return _listensSince is not null;
    }
}
