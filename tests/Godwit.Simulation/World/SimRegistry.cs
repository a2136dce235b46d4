using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;

namespace Godwit.Simulation.World;

/// <summary>The shipped registry, as one host reaches it over a bad line.</summary>
internal sealed class SimRegistry(string host, SimLink link, SimWorld world) : IRegistry
{
    public Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken) =>
        CallAsync(registry => registry.FindAsync(domain, CancellationToken.None), cancellationToken);

    public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) =>
        CallAsync(registry => registry.ListAsync(CancellationToken.None), cancellationToken);

    public Task<CompareAndSetResult> CompareAndSetAsync(
        DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken) => CallAsync(
        async registry =>
        {
            var expected = world.Options.Compares || expectedRevision == 0
                ? expectedRevision
                : (await registry.FindAsync(next.Name, CancellationToken.None))?.Revision ?? 0;
            var result = await registry.CompareAndSetAsync(next, expected, drawEpoch, CancellationToken.None);
            if (result.Won)
                world.Wrote(host, result.Current!);
            else
                world.Trace.Add("registry", $"{host} lost against {Describe(result.Current)}");
            return result;
        },
        cancellationToken);

    public Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken) => CallAsync(
        registry =>
        {
            world.Trace.Add("registry", $"{host} removes {domain}");
            return registry.RemoveAsync(domain, expectedRevision, CancellationToken.None);
        },
        cancellationToken);

    public Task<long> DrawEpochAsync(CancellationToken cancellationToken) =>
        CallAsync(registry => registry.DrawEpochAsync(CancellationToken.None), cancellationToken);

    public Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken) =>
        CallAsync(registry => registry.ListHostsAsync(CancellationToken.None), cancellationToken);

    public Task PutHostAsync(HostRecord record, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Hosts of a simulation are put there by its world.");

    public Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken) =>
        CallAsync(registry => registry.ListVolumesAsync(CancellationToken.None), cancellationToken);

    public Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Volumes of a simulation are put there by its world.");

    public Task RemoveVolumeAsync(VolumeName volume, string storageHost, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Volumes of a simulation stay.");

    public Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken) =>
        CallAsync(registry => registry.ReportAsync(report, CancellationToken.None), cancellationToken);

    public Task<long> ProbeAsync(CancellationToken cancellationToken) =>
        CallAsync(registry => registry.ProbeAsync(CancellationToken.None), cancellationToken);

    public static string Describe(DomainRecord? record) => record is null
        ? "nothing"
        : $"r{record.Revision} owner {record.Owner} e{record.Epoch} {record.RunState}{(record.Arriving ? " arriving" : "")}"
            + $"{(record.Intent is { } i ? $" intent {i.From}>{i.To}" : "")} last {record.Last?.Outcome}";

    // SQLite is done when it returns; what it refused comes out as itself.
    private Task<T> CallAsync<T>(Func<IRegistry, Task<T>> call, CancellationToken cancellationToken) =>
        link.CallAsync(() => call(world.Store.Front).GetAwaiter().GetResult(), cancellationToken);
}
