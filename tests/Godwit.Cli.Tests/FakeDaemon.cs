using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Godwit.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Godwit.Cli.Tests;

/// <summary>A <c>godwitd</c> on a Unix socket of its own that answers as a test tells it to, and remembers what it was asked.</summary>
internal sealed class FakeDaemon : IAsyncDisposable
{
    private readonly Dictionary<string, Func<HttpContext, Task>> _answers = [];
    private readonly WebApplication _app;
    private readonly string _directory = Directory.CreateTempSubdirectory("gw").FullName;

    private FakeDaemon()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Socket));
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(AnswerAsync);
    }

    public string Socket => Path.Combine(_directory, "d.sock");

    /// <summary>Method, path and body of each request, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public static async Task<FakeDaemon> StartAsync()
    {
        var daemon = new FakeDaemon();
        await daemon._app.StartAsync();
        return daemon;
    }

    public FakeDaemon On(string request, Func<HttpContext, Task> answer)
    {
        _answers[request] = answer;
        return this;
    }

    public FakeDaemon On<T>(string request, T answer, JsonTypeInfo<T> type) =>
        On(request, context => WriteAsync(context, JsonSerializer.Serialize(answer, type)));

    public FakeDaemon Refuses(string request, ApiError error, int status = 409) => On(request, context =>
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, JsonSerializer.Serialize(error, GodwitJson.Default.ApiError));
    });

    /// <summary>One line of a stream of events, which arrives at once.</summary>
    public static async Task WriteLineAsync(HttpContext context, MigrationEvent e)
    {
        await context.Response.WriteAsync(JsonSerializer.Serialize(e, GodwitJson.Default.MigrationEvent) + "\n");
        await context.Response.Body.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var request = $"{context.Request.Method} {context.Request.Path}";
        Asked.Enqueue($"{request} {await reader.ReadToEndAsync()}".TrimEnd());
        if (_answers.TryGetValue(request, out var answer)) await answer(context);
        else context.Response.StatusCode = StatusCodes.Status501NotImplemented;
    }

    private static Task WriteAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }
}
