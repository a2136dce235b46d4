using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Http;
using Godwit.Daemon.Images;
using Microsoft.AspNetCore.Http.Metadata;

namespace Godwit.Daemon.Endpoints;

/// <summary>Images, and what is made of them. What takes long is a job: the answer is how to ask for it.</summary>
internal static class ImageEndpoints
{
    public static void MapImages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Images, async Task<ImmutableArray<ImageInfo>> (string? scope, ImageHost images, PoolImages pool, CancellationToken cancellationToken) =>
                scope == "host" ? images.List() : await pool.ListAsync(cancellationToken))
            .Says("ListImages", "The images of the pool; with scope=host those of this host");

        routes.MapPost(ApiRoutes.Images, IResult (BuildImageRequest request, ImageHost images) => JobEndpoints.Accepted(images.Build(request)))
            .Says("BuildImage", "Begin to build an image of Debian")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .At(Place.Storage);

        routes.MapGet(ApiRoutes.Image, ImageInfo (string image, ImageHost images) => images.Find(image))
            .Says("GetImage", "One image")
            .At(Place.Image);

        routes.MapDelete(ApiRoutes.Image, IResult (string image, ImageHost images) =>
            {
                images.Library.Delete(image);
                return TypedResults.NoContent();
            })
            .Says("DeleteImage", "Remove an image; disks that were made of it stay as they are")
            .Produces(StatusCodes.Status204NoContent)
            .At(Place.Image);

        routes.MapPost(ApiRoutes.ImageContent, async Task<IResult> (string image, string? sha256, HttpContext context, ImageHost images, CancellationToken cancellationToken) =>
                JobEndpoints.Accepted(await images.ImportAsync(image, context.Request.Body, sha256, cancellationToken)))
            .Says("ImportImage", "Take in a disk as qcow2, vmdk or raw, and begin to make an image of it; with sha256=… only if it has that checksum")
            .Accepts<Stream>("application/octet-stream")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .WithMetadata(new AnyLength())
            .At(Place.Storage);

        routes.MapPost(ApiRoutes.ImageVolumes, async Task<IResult> (string image, GuestVolumesRequest request, ImageHost images, CancellationToken cancellationToken) =>
                JobEndpoints.Accepted(await images.MakeVolumesAsync(image, request, cancellationToken)))
            .Says("MakeGuestVolumes", "Begin to make the disks of a guest of an image")
            .Produces<JobInfo>(StatusCodes.Status202Accepted)
            .At(Place.Image);

        routes.MapPost(ApiRoutes.ImageDomains, async Task<IResult> (string image, CreateGuestRequest request, GuestCreation guests, CancellationToken cancellationToken) =>
                JobEndpoints.Accepted(await guests.BeginAsync(image, request, cancellationToken)))
            .Says("CreateGuest", "Begin to create a domain of an image on the host that is asked: its disks are made, and it is started")
            .Produces<JobInfo>(StatusCodes.Status202Accepted);
    }

    /// <summary>Disks are longer than any other body.</summary>
    private sealed class AnyLength : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => null;
    }
}
