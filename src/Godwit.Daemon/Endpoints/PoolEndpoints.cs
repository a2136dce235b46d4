using Godwit.Api;
using Godwit.Daemon.Http;
using Godwit.Daemon.Members;
using Godwit.Daemon.Roles;

namespace Godwit.Daemon.Endpoints;

internal static class PoolEndpoints
{
    public static void MapPool(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Pool, PoolInfo (Membership membership) => membership.Require().Describe())
            .Says("GetPool", "The pool that this host belongs to");

        routes.MapPost(ApiRoutes.PoolInit, async Task<PoolInfo> (PoolInitRequest request, PoolDesk desk, Readiness ready, CancellationToken cancellationToken) =>
            {
                var pool = await desk.InitAsync(request, cancellationToken);
                await ready.WaitAsync(cancellationToken);
                return pool;
            })
            .Says("InitPool", "Make a new pool of this host")
            .For(AccessRule.Local);

        routes.MapPost(ApiRoutes.PoolTokens, PoolToken (PoolDesk desk) => desk.CreateToken())
            .Says("CreateToken", "Make a token with which one host may join, within an hour")
            .At(Place.Registry);

        routes.MapPost(ApiRoutes.PoolJoin, async Task<PoolInfo> (PoolJoinRequest request, PoolDesk desk, Readiness ready, CancellationToken cancellationToken) =>
            {
                var pool = await desk.JoinAsync(request, cancellationToken);
                await ready.WaitAsync(cancellationToken);
                return pool;
            })
            .Says("JoinPool", "Let this host join a pool")
            .For(AccessRule.Local);

        routes.MapPost(ApiRoutes.PoolMembers, Task<PoolMembership> (PoolMemberRequest request, PoolDesk desk, CancellationToken cancellationToken) =>
                desk.AdmitAsync(request, cancellationToken))
            .Says("AdmitMember", "Issue a certificate to a host that shows a token")
            .For(AccessRule.Anyone)
            .At(Place.Registry);
    }
}
