using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Checks;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Endpoints;

internal static class HostEndpoints
{
    public static void MapHosts(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Host, Task<HostInfo> (HostQuery query, CancellationToken cancellationToken) => query.ShowAsync(cancellationToken))
            .Says("GetHost", "This host: what it does and what its engine is");

        routes.MapGet(ApiRoutes.Hosts, Task<ImmutableArray<HostInfo>> (HostQuery query, CancellationToken cancellationToken) => query.ListAsync(cancellationToken))
            .Says("ListHosts", "The hosts of the pool, and whether they answer");

        routes.MapGet(ApiRoutes.HostFacts, HostFacts (HostFactsQuery query) => query.Show())
            .Says("GetHostFacts", "This host's clock, versions, memory, processor time and storage interfaces");

        routes.MapGet(ApiRoutes.HostCheck, Task<HostCheckReport> (HostChecker checker, CancellationToken cancellationToken) => checker.CheckAsync(cancellationToken))
            .Says("CheckHost", "Whether this host is fit for its part in the pool; takes some seconds");

        routes.MapGet(ApiRoutes.HostsCheck, Task<ImmutableArray<HostCheckReport>> (HostChecker checker, CancellationToken cancellationToken) => checker.CheckAllAsync(cancellationToken))
            .Says("CheckHosts", "Whether each host of the pool is fit for its part");

        routes.MapGet(ApiRoutes.HostReach, async Task<ReachAnswer> (string name, PortProbe probe, CancellationToken cancellationToken) =>
                new ReachAnswer(await probe.TryReachAsync(name, cancellationToken)))
            .Says("ReachHost", "Whether this host reaches the port of another one of the pool");
    }
}
