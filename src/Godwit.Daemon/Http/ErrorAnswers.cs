using System.Net;
using System.Text.Json;
using Godwit.Api;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;

namespace Godwit.Daemon.Http;

/// <summary>Makes every answer that is not a success an <see cref="ApiError"/>, whatever went wrong and where.</summary>
internal sealed class ErrorAnswers(RequestDelegate next, ILogger<ErrorAnswers> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null } response)
                await WriteAsync(context, response.StatusCode, OfStatus(context, response.StatusCode));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var (status, error) = Describe(e);
            if (status == HttpStatusCode.InternalServerError)
                Log.RequestFailed(log, e, context.Request.Method, context.Request.Path);
            await WriteAsync(context, (int)status, error);
        }
    }

    public static Task WriteAsync(HttpContext context, int status, ApiError error)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Features.Set(error);
        return context.Response.WriteAsJsonAsync(error, WireJson.Api.ApiError);
    }

    /// <summary>A failure as it is told, and the status of an answer that tells it.</summary>
    public static (HttpStatusCode Status, ApiError Error) Describe(Exception failure) => failure switch
    {
        RefusedException e => (e.Status, new ApiError(e.Code, e.Message, e.Remedy)),
        ApiException e => (e.Status ?? HttpStatusCode.ServiceUnavailable, e.Error),
        GodwitException e => (StatusOf(e.Code), new ApiError(e.Code, e.Message, e.Remedy)),
        BadHttpRequestException { InnerException: JsonException json } e =>
            ((HttpStatusCode)e.StatusCode, new ApiError("bad-request", $"The body cannot be read: {json.Message}", Place: json.Path)),
        BadHttpRequestException e => ((HttpStatusCode)e.StatusCode, new ApiError("bad-request", e.Message)),
        _ => (HttpStatusCode.InternalServerError, new ApiError(
            "internal-error", $"This should not happen: {failure.GetType().Name}: {failure.Message}",
            "Please report it, with what godwitd logged: journalctl -u godwitd")),
    };

    private static HttpStatusCode StatusOf(string code) => code switch
    {
        RegistryErrors.Unavailable or RegistryErrors.Behind or ApiException.HostUnreachable or "certificate-refused" or StorageErrors.Unreachable or "host-starting" or "no-pool" => HttpStatusCode.ServiceUnavailable,
        "bad-token" or "token-expired" or "foreign-name" => HttpStatusCode.Forbidden,
        _ when code.StartsWith("no-such-", StringComparison.Ordinal) => HttpStatusCode.NotFound,
        _ when code.StartsWith("bad-", StringComparison.Ordinal) => HttpStatusCode.BadRequest,
        _ => HttpStatusCode.Conflict,
    };

    private static ApiError OfStatus(HttpContext context, int status) => status switch
    {
        StatusCodes.Status404NotFound => new ApiError(
            "no-such-route", $"There is nothing at {context.Request.Path}.", $"What there is, {ApiRoutes.OpenApi} tells."),
        StatusCodes.Status405MethodNotAllowed => new ApiError(
            "method-not-allowed", $"{context.Request.Path} knows no {context.Request.Method}.", $"It allows {context.Response.Headers.Allow}."),
        StatusCodes.Status413PayloadTooLarge => new ApiError("body-too-large", "The body is longer than any request needs."),
        StatusCodes.Status415UnsupportedMediaType => new ApiError(
            "unsupported-media-type", "The body must be JSON.", "Send it with Content-Type: application/json."),
        _ => new ApiError("bad-request", $"The request was refused with the status {status}."),
    };
}
