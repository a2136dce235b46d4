using Godwit.Api;
using Godwit.Daemon.Http;

namespace Godwit.Daemon.Endpoints;

/// <summary>What every route says of itself: its summary, who may use it and which host it belongs to.</summary>
internal static class RouteConventions
{
    public static RouteHandlerBuilder Says(this RouteHandlerBuilder route, string name, string summary) =>
        route.WithName(name).WithSummary(summary).Produces<ApiError>(StatusCodes.Status409Conflict);

    public static TBuilder For<TBuilder>(this TBuilder route, AccessRule rule) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new AccessMetadata(rule));

    public static TBuilder At<TBuilder>(this TBuilder route, Place place) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new PlaceMetadata(place));
}
