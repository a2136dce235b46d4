using System.Net.Mime;
using Godwit.Api;

namespace Godwit.Daemon.Endpoints;

/// <summary>
/// The description of the API for programs. It is a file, which the tests write from the routes themselves: made at run time it
/// would cost each host the memory of what makes it.
/// </summary>
internal static class DescriptionEndpoints
{
    public static void MapDescription(this IEndpointRouteBuilder routes) =>
        routes.MapGet(ApiRoutes.OpenApi, () => TypedResults.Stream(
                typeof(DescriptionEndpoints).Assembly.GetManifestResourceStream("openapi.json")!, MediaTypeNames.Application.Json))
            .ExcludeFromDescription();
}
