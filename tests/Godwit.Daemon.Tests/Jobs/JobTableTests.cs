using System.Net;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Jobs;
using Godwit.Domains;
using Godwit.Storage.Images;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Daemon.Tests.Jobs;

public sealed class JobTableTests
{
    private readonly JobTable _table = new(
        new DaemonConfig { Name = "storage", Address = IPAddress.Loopback }, TimeProvider.System, NullLogger<JobTable>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhoeverWatchesHearsHowItStandsAndHowItEnds()
    {
        var half = new TaskCompletionSource();
        var job = _table.Begin("test", "thing", async (progress, token) =>
        {
            progress.Report(new StepProgress("first", 0.5));
            progress.Report(new StepProgress("second", 0.25));
            await half.Task.WaitAsync(token);
            return new JobOutcome(["thing"], ["mind the gap"]);
        });
        var heard = new List<JobEvent>();
        await foreach (var now in _table.Find(job.Id).WatchAsync(Token))
        {
            heard.Add(now);
            if (now.Step == "second")
                half.TrySetResult();
        }
        Assert.Equal(1, heard[^1].Share);
        Assert.Null(heard[^1].Result!.Error);
        Assert.Equal(("thing", "mind the gap"), (Assert.Single(heard[^1].Result!.Products), Assert.Single(heard[^1].Result!.Notes)));
        var second = heard.First(now => now.Step == "second");
        Assert.Equal(0.5, second.Share);
        Assert.InRange(second.ExpectedSeconds!.Value, 0, 60);
        // Later ones hear the end at once.
        Assert.Equal(heard[^1], await job.WatchAsync(Token).FirstAsync(Token));
    }

    [Fact]
    public async Task AFailureIsToldAsARefusalWouldBe()
    {
        var job = _table.Begin("test", "thing", (_, _) => throw new GodwitException("storage-full", "full", "make room"));
        var ended = await job.WatchAsync(Token).LastAsync(Token);
        Assert.Equal(new ApiError("storage-full", "full", "make room"), ended.Result!.Error);
        var bug = await _table.Begin("test", "thing", (_, _) => throw new InvalidOperationException("x")).WatchAsync(Token).LastAsync(Token);
        Assert.Equal("internal-error", bug.Result!.Error!.Code);
    }

    [Fact]
    public async Task WhenTheDaemonEndsItsJobsAreCancelledAndWaitedFor()
    {
        var undone = false;
        var job = _table.Begin("test", "thing", async (_, token) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                await Task.Delay(50, CancellationToken.None);
                undone = true;
            }
            return new JobOutcome([], []);
        });
        await _table.StopAsync(Token);
        Assert.True(undone);
        Assert.Equal("job-cancelled", job.Now.Result!.Error!.Code);
    }

    [Fact]
    public async Task EndedOnesAreForgottenInTime()
    {
        var first = _table.Begin("test", "first", (_, _) => Task.FromResult(new JobOutcome([], [])));
        await first.Running;
        for (var i = 0; i < 100; i++)
            await _table.Begin("test", "more", (_, _) => Task.FromResult(new JobOutcome([], []))).Running;
        Assert.InRange(_table.List().Length, 60, 66);
        Assert.Equal("no-such-job", Assert.Throws<GodwitException>(() => _table.Find(first.Id)).Code);
    }
}
