using Godwit.Api;
using Godwit.Daemon.Http;
using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Volumes;

/// <summary>
/// Answers a request for long work with lines that tell how far it has come. What is refused before the first of them is
/// answered as any other refusal. Who closes the connection, and a daemon that ends, give the work up: the first is noticed by
/// the next line.
/// </summary>
internal sealed class WorkAnswer(HttpContext context, IHostApplicationLifetime life, TimeProvider time) : IProgress<WorkProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly long _began = time.GetTimestamp();
    private WorkProgress? _last;

    public void Report(WorkProgress value)
    {
        lock (_lock)
            _last = value;
    }

    public async Task RunAsync(Func<IProgress<WorkProgress>, CancellationToken, Task<VolumeWork>> work)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        var running = work(this, end.Token);
        while (await IsRunningAsync(running, end.Token))
        {
            if (Last() is { } progress)
                await WriteAsync(Describe(progress), CancellationToken.None);
        }
        VolumeWork last;
        try
        {
            last = await running;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It is undone. Without a last line the client knows that it got no answer.
            context.Abort();
            return;
        }
        catch (Exception e) when (context.Response.HasStarted && e is GodwitException or IOException)
        {
            last = new VolumeWork { Error = e is GodwitException known ? new ApiError(known.Code, known.Message, known.Remedy) : new ApiError("internal-error", e.Message) };
        }
        await WriteAsync(last, CancellationToken.None);
    }

    private WorkProgress? Last()
    {
        lock (_lock)
            return _last;
    }

    // Also work that is being given up is waited for: what it undoes is undone.
    private async Task<bool> IsRunningAsync(Task running, CancellationToken cancellationToken)
    {
        await Task.WhenAny(running, Task.Delay(Interval, time, cancellationToken));
        if (cancellationToken.IsCancellationRequested)
            await Task.WhenAny(running);
        return !running.IsCompleted;
    }

    private VolumeWork Describe(WorkProgress progress) => new()
    {
        DoneBytes = progress.Done,
        TotalBytes = progress.Total,
        ExpectedSeconds = progress.Done > 0 ? time.GetElapsedTime(_began).TotalSeconds * (progress.Total - progress.Done) / progress.Done : null,
    };

    private Task WriteAsync(VolumeWork line, CancellationToken cancellationToken) =>
        LinesOfJson.WriteLineAsync(context.Response, line, WireJson.Api.VolumeWork, cancellationToken);
}
