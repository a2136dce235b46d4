using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Roles;
using Godwit.Domains;
using Godwit.Host;
using Godwit.Relocation;
using Godwit.Storage;

namespace Godwit.Daemon.Endpoints;

internal static class MigrationEndpoints
{
    public static void MapMigrations(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(ApiRoutes.DomainMigrations, BeginAsync)
            .Says("MigrateDomain", "Begin to move a running domain to another host")
            .Produces<MigrationInfo>(StatusCodes.Status202Accepted)
            .At(Place.Owner);

        routes.MapGet(ApiRoutes.Migrations, async Task<ImmutableArray<MigrationInfo>> (string? scope, HttpResponse response, MigrationQuery query, CancellationToken cancellationToken) =>
                scope == "host" ? await query.ListHereAsync(cancellationToken) : (await query.ListAsync(cancellationToken)).Answer(response))
            .Says("ListMigrations", "Migrations under way and lately ended, and those that only the registry knows; with scope=host those that this host sends");

        routes.MapGet(ApiRoutes.Migration, Task<MigrationInfo> (Guid id, MigrationQuery query, CancellationToken cancellationToken) =>
                query.ShowAsync(id, cancellationToken))
            .Says("GetMigration", "One migration")
            .At(Place.Migration);

        routes.MapGet(ApiRoutes.MigrationEvents, Task (Guid id, HttpContext context, MigrationQuery query, IHostApplicationLifetime life) =>
            {
                var ticket = query.Find(id);
                return LinesOfJson.WriteAsync(
                    context, life, token => ticket.WatchAsync(token).Select(MigrationMapping.Event), WireJson.Api.MigrationEvent);
            })
            .Says("WatchMigration", "Its events so far and those to come, one line of JSON each; the last one has the result")
            .Produces<MigrationEvent>(StatusCodes.Status200OK, LinesOfJson.MediaType)
            .At(Place.Migration);

        routes.MapPost(ApiRoutes.MigrationCancel, IResult (Guid id, MigrationQuery query) => Cancel(query.Find(id)))
            .Says("CancelMigration", "Ask it to end with the domain where it is; refused as too-late once that cannot be")
            .Produces(StatusCodes.Status202Accepted)
            .At(Place.Migration);
    }

    private static async Task<IResult> BeginAsync(
        string name, MigrateRequest request, DaemonConfig config, ComputeSlot compute, DomainQuery query, CancellationToken cancellationToken)
    {
        Check(request);
        if (!config.Has(Role.Compute))
            await query.ShowAsync(name, cancellationToken);
        var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
        var options = new RelocationOptions
        {
            Timeout = request.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            DowntimeLimitMilliseconds = request.DowntimeLimitMilliseconds,
            MaxBytesPerSecond = request.MaxBytesPerSecond,
            Unfenced = request.Unfenced,
        };
        var ticket = await host.RelocateAsync(name, request.Destination, options, cancellationToken);
        return TypedResults.Accepted(ApiRoutes.Fill(ApiRoutes.Migration, ticket.Id.ToString()), MigrationMapping.Info(ticket));
    }

    private static void Check(MigrateRequest request)
    {
        if (request.TimeoutSeconds is <= 0)
            throw new GodwitException("bad-timeout", "timeoutSeconds must be greater than 0.", "Leave it out for no limit.");
        if (request.DowntimeLimitMilliseconds is <= 0 or > 60_000)
            throw new GodwitException("bad-downtime-limit", "downtimeLimitMilliseconds must be between 1 and 60000.");
        if (request.MaxBytesPerSecond < 0)
            throw new GodwitException("bad-bandwidth", "maxBytesPerSecond must not be negative.", "Use 0 for no limit.");
    }

    private static Microsoft.AspNetCore.Http.HttpResults.Accepted Cancel(RelocationTicket ticket)
    {
        if (ticket.Cancel())
            return TypedResults.Accepted((string?)null);
        throw ticket.Result is { } result
            ? new GodwitException("too-late", $"The migration of {ticket.Domain} has ended already ({MigrationMapping.Word(result.Ending)}): {result.Message}")
            : new GodwitException(
                "too-late", $"{ticket.Domain} has been handed over to {ticket.To}: it is too late to cancel.",
                $"How it ends: `godwit migration show {ticket.Id}`.");
    }
}
