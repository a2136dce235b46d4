using System.Text.Json;
using Godwit.Api;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Commands;

/// <summary><c>godwit save</c> and <c>godwit restore</c>, which are jobs of the domain's host.</summary>
public sealed class SaveCommandTests
{
    private static readonly Guid s_id = new("4f1c2d3e-0000-4000-8000-000000000003");
    private static readonly DomainInfo s_saved = Samples.Domain(state: DomainState.Saved) with { Saved = new SavedInfo(300 << 20, Samples.Noon, Paused: true) };

    private static async Task<FakeDaemon> BeginAsync(string verb, DomainInfo after, Func<HttpContext, Task> events) => (await FakeDaemon.StartAsync())
        .On($"POST /v1/domains/vm1/{verb}", new JobInfo { Id = s_id, Kind = $"domain-{verb}", Subject = "vm1", Host = "resource-1", AgeSeconds = 0, Now = At(0) }, GodwitJson.Default.JobInfo)
        .On($"GET /v1/jobs/{s_id}/events", events)
        .On("GET /v1/domains/vm1", after, GodwitJson.Default.DomainInfo);

    private static JobEvent At(double share, double? left = null) => new() { Step = "writing its memory", Share = share, ExpectedSeconds = left };

    private static JobEvent Ended(ApiError? error = null) => At(1) with { Result = new JobResult { Error = error } };

    private static Func<HttpContext, Task> Events(params JobEvent[] events) => async context =>
    {
        foreach (var e in events)
        {
            await context.Response.WriteAsync(JsonSerializer.Serialize(e, GodwitJson.Default.JobEvent) + "\n");
            await context.Response.Body.FlushAsync();
        }
    };

    [Fact]
    public async Task Save_shows_how_far_it_is_and_where_the_domain_is_then()
    {
        await using var daemon = await BeginAsync("save", s_saved, Events(At(0.5, 2), Ended()));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("save", "vm1", "--socket", daemon.Socket));
        Assert.Equal("writing its memory, 50 %, about 2.0 s left\nvm1 is saved on resource-1, 300.0 MiB; godwit restore vm1 lets it go on\n", around.Out);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restore_says_where_it_goes_on(bool paused)
    {
        await using var daemon = await BeginAsync("restore", Samples.Domain(state: paused ? DomainState.Paused : DomainState.Running), Events(Ended()));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync(["restore", "vm1", .. paused ? ["--paused"] : Array.Empty<string>(), "--socket", daemon.Socket]));
        Assert.Equal(paused ? "vm1 is paused on resource-1\n" : "vm1 is running on resource-1\n", around.Out);
        Assert.Equal(paused ? """POST /v1/domains/vm1/restore {"paused":true}""" : """POST /v1/domains/vm1/restore {"paused":false}""", daemon.Asked.First());
    }

    [Fact]
    public async Task Json_has_the_domain()
    {
        await using var daemon = await BeginAsync("save", s_saved, Events(At(0.5), Ended()));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("save", "vm1", "--json", "--socket", daemon.Socket));
        Assert.Equal(s_saved.Saved, JsonSerializer.Deserialize(around.Out, GodwitJson.Default.DomainInfo)!.Saved);
    }

    [Fact]
    public async Task What_fails_is_said_with_the_remedy()
    {
        await using var daemon = await BeginAsync("save", Samples.Domain(), Events(At(0.5), Ended(new ApiError("save-failed", "It was not saved.", "See the disk."))));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("save", "vm1", "--socket", daemon.Socket));
        Assert.Equal("godwit: It was not saved.\n  See the disk.\n", around.Error);
    }

    [Fact]
    public async Task Info_and_list_tell_what_is_kept()
    {
        await using var daemon = (await BeginAsync("save", s_saved, Events()))
            .On("GET /v1/domains", [s_saved], GodwitJson.Default.ImmutableArrayDomainInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("info", "vm1", "--socket", daemon.Socket));
        Assert.Contains("state         saved\n", around.Out, StringComparison.Ordinal);
        Assert.Matches(@"saved         300\.0 MiB at 2026-01-0\d \d\d:00:00, paused\n", around.Out);
        Assert.Equal(ExitCode.Success, await around.RunAsync("list", "--socket", daemon.Socket));
        Assert.Contains(" saved ", around.Out, StringComparison.Ordinal);
    }
}
