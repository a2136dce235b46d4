using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Roles;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Endpoints;

internal static class TakeOverEndpoints
{
    public static void MapTakeOvers(this IEndpointRouteBuilder routes) =>
        routes.MapPost(ApiRoutes.DomainTakeOver, TakeOverAsync)
            .Says("TakeOverDomain", "Give a domain whose owner is gone for good to the asked host, or to the one that holds its memory")
            .Produces<TakeOverInfo>(StatusCodes.Status202Accepted)
            .At(Place.Memory);

    private static async Task<IResult> TakeOverAsync(
        string name, TakeOverRequest request, DaemonConfig config, ComputeSlot compute, DomainQuery query, IRegistry registry,
        HostAnswers answers, CancellationToken cancellationToken)
    {
        var owner = (await registry.FindAsync(name, cancellationToken))?.Owner ?? (await query.ShowAsync(name, cancellationToken)).Host;
        // Nobody is asked whether this host may have its own domain: that is refused for what it is.
        if (!request.Force && owner != config.Name && await answers.IsThereAsync(owner, cancellationToken))
        {
            throw new GodwitException(
                "owner-answers", $"{name} belongs to {owner}, and the godwitd there answers.",
                $"Move it with `godwit migrate {name} {config.Name}`. If {owner} cannot let go of it, --force takes it: a copy there is stopped by its disks, and its memory is lost.");
        }
        var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
        await host.TakeOverAsync(name, cancellationToken);
        return TypedResults.Accepted(ApiRoutes.Fill(ApiRoutes.Domain, name), new TakeOverInfo(name, owner, config.Name));
    }
}
