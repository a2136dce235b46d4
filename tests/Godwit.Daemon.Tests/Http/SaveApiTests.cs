using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Saving and restoring, asked of another host than the one that has the domain.</summary>
public sealed class SaveApiTests : IAsyncLifetime
{
    private readonly TestPool _pool = new();

    public ValueTask InitializeAsync() => _pool.InitializeAsync();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task A_domain_is_saved_by_its_owner_listed_so_and_restored()
    {
        await ForwardingTests.CreateAsync(_pool.First, "put-aside");
        using var client = _pool.Second.Client();
        using var owner = _pool.Second.Client("resource-1");
        var job = await client.SaveDomainAsync("put-aside", default);
        Assert.Equal(("domain-save", "put-aside", "resource-1"), (job.Kind, job.Subject, job.Host));
        Assert.Null((await EndAsync(owner, job)).Error);
        var saved = await client.GetDomainAsync("put-aside", default);
        Assert.Equal((DomainState.Saved, new SavedInfo(4096, DateTimeOffset.UnixEpoch, Paused: true)), (saved.State, saved.Saved));
        Assert.Contains(await client.ListDomainsAsync(default), domain => domain is { Name: "put-aside", State: DomainState.Saved });

        Assert.Null((await EndAsync(owner, await client.RestoreDomainAsync("put-aside", new RestoreDomainRequest { Paused = true }, default))).Error);
        Assert.Equal(["save put-aside", "restore put-aside paused"], _pool.First.Domains!.Asked);
        Assert.Null((await client.GetDomainAsync("put-aside", default)).Saved);
    }

    [Fact]
    public async Task It_is_given_up_when_cancelled_and_fails_with_its_error()
    {
        await ForwardingTests.CreateAsync(_pool.First, "kept");
        _pool.First.Domains!.SaveEnds = new TaskCompletionSource().Task;
        using var owner = _pool.Second.Client("resource-1");
        var job = await owner.SaveDomainAsync("kept", default);
        await owner.CancelJobAsync(job.Id, default);
        Assert.Equal(JobResult.Cancelled, (await EndAsync(owner, job)).Error!.Code);

        _pool.First.Domains.SaveEnds = Task.FromException(new GodwitException("save-failed", "No room.", "Make some."));
        Assert.Equal(new ApiError("save-failed", "No room.", "Make some."), (await EndAsync(owner, await owner.SaveDomainAsync("kept", default))).Error);
    }

    [Fact]
    public async Task A_domain_that_nobody_knows_is_refused()
    {
        using var storage = _pool.Storage.Client();
        Assert.Equal("no-such-domain", (await Assert.ThrowsAsync<ApiException>(() => storage.SaveDomainAsync("nobody", default))).Code);
        Assert.Equal("no-such-domain", (await Assert.ThrowsAsync<ApiException>(() => storage.RestoreDomainAsync("nobody", new RestoreDomainRequest(), default))).Code);
    }

    private static async Task<JobResult> EndAsync(GodwitClient host, JobInfo job) => (await host.JobEventsAsync(job.Id, default).LastAsync()).Result!;
}
