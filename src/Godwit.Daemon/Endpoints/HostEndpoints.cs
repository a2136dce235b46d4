using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Queries;

namespace Godwit.Daemon.Endpoints;

internal static class HostEndpoints
{
    public static void MapHosts(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Host, Task<HostInfo> (HostQuery query, CancellationToken cancellationToken) => query.ShowAsync(cancellationToken))
            .Says("GetHost", "This host: what it does and what its engine is");

        routes.MapGet(ApiRoutes.Hosts, Task<ImmutableArray<HostInfo>> (HostQuery query, CancellationToken cancellationToken) => query.ListAsync(cancellationToken))
            .Says("ListHosts", "The hosts of the pool, and whether they answer");
    }
}
