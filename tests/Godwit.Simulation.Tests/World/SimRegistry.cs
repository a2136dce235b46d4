using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Embedded;
using Godwit.Pool.Restoration;

namespace Godwit.Simulation.Tests.World;

/// <summary>The shipped registry, as one host reaches it over a bad line.</summary>
internal sealed class SimRegistry(string host, SqliteRegistry registry, SimLink link, SimWorld world) : IRegistry
{
    /// <summary>The comparison, to be switched off to show that its lack is noticed.</summary>
    public bool Compares { get; init; } = true;

    public Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken) =>
        link.CallAsync(() => registry.FindAsync(domain, CancellationToken.None).Result, cancellationToken);

    public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) =>
        link.CallAsync(() => registry.ListAsync(CancellationToken.None).Result, cancellationToken);

    public Task<CompareAndSetResult> CompareAndSetAsync(
        DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken) => link.CallAsync(
        () =>
        {
            var expected = Compares || expectedRevision == 0
                ? expectedRevision
                : registry.FindAsync(next.Name, CancellationToken.None).Result?.Revision ?? 0;
            var result = registry.CompareAndSetAsync(next, expected, drawEpoch, CancellationToken.None).Result;
            if (result.Won)
                world.Wrote(host, result.Current!);
            else
                world.Trace.Add("registry", $"{host} lost against {Describe(result.Current)}");
            return result;
        },
        cancellationToken);

    public Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken) => link.CallAsync(
        () =>
        {
            world.Trace.Add("registry", $"{host} removes {domain}");
            return registry.RemoveAsync(domain, expectedRevision, CancellationToken.None).Result;
        },
        cancellationToken);

    public Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken) =>
        link.CallAsync(() => registry.ListHostsAsync(CancellationToken.None).Result, cancellationToken);

    public Task PutHostAsync(HostRecord record, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Hosts of a simulation are put there by its world.");

    public Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken) =>
        link.CallAsync(() => registry.ListVolumesAsync(CancellationToken.None).Result, cancellationToken);

    public Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Volumes of a simulation are put there by its world.");

    public Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken) =>
        link.CallAsync(() => registry.ReportAsync(report, CancellationToken.None).Result, cancellationToken);

    public Task ProbeAsync(CancellationToken cancellationToken) => link.CallAsync(() => 0, cancellationToken);

    public static string Describe(DomainRecord? record) => record is null
        ? "nothing"
        : $"r{record.Revision} owner {record.Owner} e{record.Epoch} {record.RunState}{(record.Arriving ? " arriving" : "")}"
            + $"{(record.Intent is { } i ? $" intent {i.From}>{i.To}" : "")} last {record.Last?.Outcome}";
}
