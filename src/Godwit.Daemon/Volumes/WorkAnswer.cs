using System.Text.Json;
using System.Threading.Channels;
using Godwit.Api;
using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Volumes;

/// <summary>
/// Answers a request for long work with lines that tell how far it has come. What is refused before the first of them is
/// answered as any other refusal. Who closes the connection, and a daemon that ends, give the work up.
/// </summary>
internal sealed class WorkAnswer(HttpContext context, IHostApplicationLifetime life, TimeProvider time) : IProgress<WorkProgress>
{
    public const string ContentType = "application/x-ndjson";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // Of what nobody has read yet only the last counts.
    private readonly Channel<WorkProgress> _progress = Channel.CreateBounded<WorkProgress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly long _began = time.GetTimestamp();

    public void Report(WorkProgress value) => _progress.Writer.TryWrite(value);

    public async Task RunAsync(Func<IProgress<WorkProgress>, CancellationToken, Task<VolumeWork>> work)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        var running = work(this, end.Token);
        try
        {
            while (await NextAsync(running, end.Token) is { } progress)
                await WriteAsync(Describe(progress), end.Token);
        }
        catch (OperationCanceledException)
        {
            // It hears of it too, and is waited for: what it undoes is undone.
        }
        VolumeWork last;
        try
        {
            last = await running;
        }
        catch (Exception e) when (context.Response.HasStarted && e is GodwitException or IOException)
        {
            last = new VolumeWork { Error = e is GodwitException known ? new ApiError(known.Code, known.Message, known.Remedy) : new ApiError("internal-error", e.Message) };
        }
        await WriteAsync(last, context.RequestAborted);
    }

    private async Task<WorkProgress?> NextAsync(Task running, CancellationToken cancellationToken)
    {
        var due = Task.Delay(Interval, time, cancellationToken);
        await Task.WhenAny(running, due);
        if (running.IsCompleted)
            return null;
        await due;
        var there = _progress.Reader.WaitToReadAsync(cancellationToken).AsTask();
        await Task.WhenAny(running, there);
        return running.IsCompleted || !_progress.Reader.TryRead(out var progress) ? null : progress;
    }

    private VolumeWork Describe(WorkProgress progress) => new()
    {
        DoneBytes = progress.Done,
        TotalBytes = progress.Total,
        ExpectedSeconds = progress.Done > 0 ? time.GetElapsedTime(_began).TotalSeconds * (progress.Total - progress.Done) / progress.Done : null,
    };

    private async Task WriteAsync(VolumeWork line, CancellationToken cancellationToken)
    {
        if (!context.Response.HasStarted)
            context.Response.ContentType = ContentType;
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, WireJson.Api.VolumeWork), (byte)'\n'];
        await context.Response.BodyWriter.WriteAsync(bytes, cancellationToken);
    }
}
