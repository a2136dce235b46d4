using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Daemon.Http;

/// <summary>Answers that go on for as long as there is something to tell: newline-delimited JSON.</summary>
internal static class LinesOfJson
{
    public const string MediaType = "application/x-ndjson";

    /// <summary>Writes each item as it comes, to the last. When the daemon ends before, the answer ends without it, and the client asks again.</summary>
    public static async Task WriteAsync<T>(
        HttpContext context, IHostApplicationLifetime life, Func<CancellationToken, IAsyncEnumerable<T>> items, JsonTypeInfo<T> type)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        context.Response.ContentType = MediaType;
        await context.Response.StartAsync(end.Token);
        try
        {
            await foreach (var item in items(end.Token))
                await WriteLineAsync(context.Response, item, type, end.Token);
        }
        catch (OperationCanceledException) when (life.ApplicationStopping.IsCancellationRequested)
        {
            // The daemon ends.
        }
    }

    private static async Task WriteLineAsync<T>(HttpResponse response, T item, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(item, type), (byte)'\n'];
        await response.BodyWriter.WriteAsync(line, cancellationToken);
    }
}
