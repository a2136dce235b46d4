using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;

namespace Godwit.Daemon.Registry;

/// <summary>Notes with each call whether the registry serves, and since when it does not.</summary>
internal sealed class SightedRegistry(IRegistry registry, RegistrySight sight) : IRegistry, IDisposable
{
    public Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken) =>
        NotedAsync(registry.FindAsync(domain, cancellationToken));

    public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) => NotedAsync(registry.ListAsync(cancellationToken));

    public Task<CompareAndSetResult> CompareAndSetAsync(
        DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken) =>
        NotedAsync(registry.CompareAndSetAsync(next, expectedRevision, drawEpoch, cancellationToken));

    public Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken) =>
        NotedAsync(registry.RemoveAsync(domain, expectedRevision, cancellationToken));

    public Task<long> DrawEpochAsync(CancellationToken cancellationToken) => NotedAsync(registry.DrawEpochAsync(cancellationToken));

    public Task<long> ProbeAsync(CancellationToken cancellationToken) => NotedAsync(registry.ProbeAsync(cancellationToken));

    // A restored registry knows hosts and volumes, and takes reports, while it does not serve: these say nothing of it.
    public Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken) => registry.ListHostsAsync(cancellationToken);

    public Task PutHostAsync(HostRecord host, CancellationToken cancellationToken) => registry.PutHostAsync(host, cancellationToken);

    public Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken) => registry.ListVolumesAsync(cancellationToken);

    public Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken) => registry.PutVolumeAsync(volume, cancellationToken);

    public Task RemoveVolumeAsync(VolumeName volume, string storageHost, CancellationToken cancellationToken) =>
        registry.RemoveVolumeAsync(volume, storageHost, cancellationToken);

    public Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken) =>
        registry.ReportAsync(report, cancellationToken);

    public void Dispose() => (registry as IDisposable)?.Dispose();

    private async Task<T> NotedAsync<T>(Task<T> call)
    {
        try
        {
            var answer = await call;
            sight.Serves();
            return answer;
        }
        catch (GodwitException e)
        {
            if (RegistrySight.IsAway(e))
                sight.IsGone(e.Message);
            else
                sight.Serves();
            throw;
        }
    }
}
