using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Http;
using Godwit.Daemon.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Godwit.Daemon.Endpoints;

/// <summary>The long work of the host that is asked.</summary>
internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Jobs, ImmutableArray<JobInfo> (JobTable jobs) => jobs.List())
            .Says("ListJobs", "Jobs of this host, under way and lately ended");

        routes.MapGet(ApiRoutes.Job, JobInfo (Guid id, JobTable jobs) => jobs.Find(id).Info)
            .Says("GetJob", "One job");

        routes.MapGet(ApiRoutes.JobEvents, Task (Guid id, HttpContext context, JobTable jobs, IHostApplicationLifetime life) =>
                LinesOfJson.WriteAsync(context, life, jobs.Find(id).WatchAsync, WireJson.Api.JobEvent))
            .Says("WatchJob", "How it stands, and each change from now on, one line of JSON each; the last one has the result")
            .Produces<JobEvent>(StatusCodes.Status200OK, LinesOfJson.MediaType);

        routes.MapPost(ApiRoutes.JobCancel, async Task<IResult> (Guid id, JobTable jobs) =>
            {
                await jobs.Find(id).Cancellation.CancelAsync();
                return TypedResults.Accepted((string?)null);
            })
            .Says("CancelJob", "Ask it to end and to undo what it has done")
            .Produces(StatusCodes.Status202Accepted);
    }

    /// <summary>The answer to a request that began one: how to ask for it.</summary>
    public static Accepted<JobInfo> Accepted(Job job) => TypedResults.Accepted(ApiRoutes.Fill(ApiRoutes.Job, job.Id.ToString()), job.Info);
}
