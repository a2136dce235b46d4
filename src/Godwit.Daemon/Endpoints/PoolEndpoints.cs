using Godwit.Api;
using Godwit.Daemon.Http;
using Godwit.Daemon.Members;
using Godwit.Daemon.Roles;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;

namespace Godwit.Daemon.Endpoints;

internal static class PoolEndpoints
{
    public static void MapPool(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Pool, PoolInfo (PoolDesk desk) => desk.Describe())
            .Says("GetPool", "The pool that this host belongs to");

        routes.MapGet(ApiRoutes.PoolReady, async Task<PoolInfo> (PoolDesk desk, Readiness ready, CancellationToken cancellationToken) =>
            {
                var pool = desk.Describe();
                await ready.WaitAsync(cancellationToken);
                return pool;
            })
            .Says("GetPoolReady", "The same once this host can be used, or a few seconds have passed")
            .For(AccessRule.Local);

        routes.MapPost(ApiRoutes.PoolInit, async Task<PoolInfo> (PoolInitRequest request, PoolDesk desk, Readiness ready, Restart restart, HttpContext context) =>
                await EnteredAsync(await desk.InitAsync(request, context.RequestAborted), ready, restart, context))
            .Says("InitPool", "Make a new pool of this host")
            .For(AccessRule.Local);

        routes.MapPost(ApiRoutes.PoolTokens, PoolToken (PoolDesk desk) => desk.CreateToken())
            .Says("CreateToken", "Make a token with which one host may join, within an hour")
            .At(Place.Registry);

        routes.MapPost(ApiRoutes.PoolJoin, async Task<PoolInfo> (PoolJoinRequest request, PoolDesk desk, Readiness ready, Restart restart, HttpContext context) =>
                await EnteredAsync(await desk.JoinAsync(request, context.RequestAborted), ready, restart, context))
            .Says("JoinPool", "Let this host join a pool")
            .For(AccessRule.Local);

        routes.MapPost(ApiRoutes.PoolExcuse, async Task<PoolExcuse> (string name, IRegistry registry, CancellationToken cancellationToken) =>
            {
                if (!(await registry.ListHostsAsync(cancellationToken)).Any(host => host.Name == name))
                    throw new GodwitException("no-such-host", $"The pool has no host {name}.", "See `godwit host list`.");
                return new PoolExcuse(await registry.ReportAsync(new HostReport { Host = name, Fences = [] }, cancellationToken));
            })
            .Says("ExcuseHost", "Let a registry that was restored go on without the report of a host that is gone for good")
            .At(Place.Registry);

        routes.MapPost(ApiRoutes.PoolMembers, Task<PoolMembership> (PoolMemberRequest request, PoolDesk desk, CancellationToken cancellationToken) =>
                desk.AdmitAsync(request, cancellationToken))
            .Says("AdmitMember", "Issue a certificate to a host that shows a token")
            .For(AccessRule.Anyone)
            .At(Place.Registry);
    }

    private static async Task<PoolInfo> EnteredAsync(PoolInfo pool, Readiness ready, Restart restart, HttpContext context)
    {
        if (pool.Restarting)
            restart.After(context.Response);
        else
            await ready.WaitAsync(context.RequestAborted);
        return pool;
    }
}
