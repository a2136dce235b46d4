using System.Text;
using System.Text.Json;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;
using Godwit.Relocation;

namespace Godwit.Daemon.Tests.Http;

public sealed class ForwardingTests(TestPool pool) : IClassFixture<TestPool>
{
    [Fact]
    public async Task A_request_goes_to_the_host_it_names()
    {
        using var client = pool.Storage.Client("resource-2");
        Assert.Equal("resource-2", (await client.GetHostAsync(default)).Name);
        using var own = pool.Storage.Client("storage");
        Assert.Equal("storage", (await own.GetHostAsync(default)).Name);
    }

    [Fact]
    public async Task A_host_that_the_pool_does_not_have_is_refused_with_the_nearest()
    {
        using var client = pool.First.Client("resource-3");
        var e = await Assert.ThrowsAsync<ApiException>(() => client.GetHostAsync(default));
        Assert.Equal(("no-such-host", System.Net.HttpStatusCode.NotFound), (e.Code, e.Status!.Value));
        Assert.Contains("resource-", e.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_about_a_domain_go_to_its_owner_from_anywhere()
    {
        await CreateAsync(pool.First, "owned");
        foreach (var host in new[] { pool.Storage, pool.First, pool.Second })
        {
            using var client = host.Client();
            await client.DoAsync("owned", DomainVerb.Pause, default);
            var domain = await client.GetDomainAsync("owned", default);
            Assert.Equal(("resource-1", DomainState.Running, 4711), (domain.Host, domain.State, domain.ProcessId!.Value));
            Assert.Contains(await client.ListDomainsAsync(default), d => d.Name == "owned" && d.State == DomainState.Running);
        }
        Assert.Equal(3, pool.First.Domains!.Asked.Count(asked => asked == "pause owned"));
        var audit = await File.ReadAllTextAsync(pool.First.AuditPath);
        Assert.Contains("\"who\":\"root@storage\",\"via\":\"storage\",\"method\":\"POST\",\"path\":\"/v1/domains/owned/pause\",\"status\":204", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_works_through_another_host()
    {
        await CreateAsync(pool.First, "talks");
        using var client = pool.Second.Client();
        await using var console = await client.OpenConsoleAsync("talks", default);
        Assert.Equal("login: ", await ReadAsync(console, 7));
        await console.WriteAsync("root\n"u8.ToArray());
        Assert.Equal("root\n", await ReadAsync(console, 5));
        await Assert.ThrowsAsync<ApiException>(() => client.OpenConsoleAsync("nobody", default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_guests_last_words_reach_who_reads_late(bool throughAnother)
    {
        var name = throughAnother ? "ends-there" : "ends-here";
        await CreateAsync(pool.First, name);
        using var client = (throughAnother ? pool.Second : pool.First).Client();
        await using var console = await client.OpenConsoleAsync(name, default);
        await console.WriteAsync("Power down.\u0004"u8.ToArray());
        await Task.Delay(300);
        Assert.Equal("login: Power down.\u0004", await ReadAsync(console, 19));
        Assert.Equal(0, await console.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Events_of_a_migration_arrive_as_they_happen_through_another_host()
    {
        await CreateAsync(pool.First, "moves");
        using var client = pool.Second.Client();
        var begun = await client.MigrateAsync("moves", new MigrateRequest { Destination = "resource-2" }, default);
        Assert.Equal(("resource-1", "resource-2", "check"), (begun.From, begun.To, begun.Step));
        var ticket = pool.First.Domains!.Tickets.Single(t => t.Id == begun.Id);

        await using var events = client.MigrationEventsAsync(begun.Id, default).GetAsyncEnumerator();
        var now = DateTimeOffset.UtcNow;
        FakeDomainHost.Report(ticket, new RelocationProgress(now, RelocationStep.PreCopy) { Round = 1, SentBytes = 5 });
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("pre-copy", 1, 5L), (events.Current.Step, events.Current.Round, events.Current.SentBytes));
        Assert.Null(events.Current.Result);

        using var anywhere = pool.Storage.Client();
        await anywhere.CancelMigrationAsync(begun.Id, default);
        FakeDomainHost.End(ticket, new RelocationProgress(now, RelocationStep.PreCopy), new RelocationResult
        {
            Ending = RelocationEnding.Cancelled, Fate = DomainFate.OnSource, Message = "cancelled", Total = TimeSpan.FromMilliseconds(12.5),
        });
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("cancelled", false, 12.5), (events.Current.Result!.Ending, events.Current.Result.Succeeded, events.Current.Result.TotalMilliseconds));
        Assert.False(await events.MoveNextAsync());

        Assert.Equal("cancelled", (await anywhere.GetMigrationAsync(begun.Id, default)).Result!.Ending);
        Assert.Contains(await anywhere.ListMigrationsAsync(default), m => m.Id == begun.Id);
        var late = await Assert.ThrowsAsync<ApiException>(() => anywhere.CancelMigrationAsync(begun.Id, default));
        Assert.Equal(("too-late", "The migration of moves has ended already (cancelled): cancelled"), (late.Code, late.Message));
        Assert.Equal("no-such-migration", (await Assert.ThrowsAsync<ApiException>(() => anywhere.GetMigrationAsync(Guid.NewGuid(), default))).Code);
    }

    [Fact]
    public async Task Cancelling_is_too_late_once_the_domain_has_been_handed_over()
    {
        await CreateAsync(pool.First, "gone");
        using var client = pool.Second.Client();
        var begun = await client.MigrateAsync("gone", new MigrateRequest { Destination = "resource-2" }, default);
        var ticket = pool.First.Domains!.Tickets.Single(t => t.Id == begun.Id);
        var now = DateTimeOffset.UtcNow;
        FakeDomainHost.Report(ticket, new RelocationProgress(now, RelocationStep.HandOver));
        var late = await Assert.ThrowsAsync<ApiException>(() => client.CancelMigrationAsync(begun.Id, default));
        Assert.Equal(("too-late", System.Net.HttpStatusCode.Conflict), (late.Code, late.Status!.Value));
        Assert.Equal("gone has been handed over to resource-2: it is too late to cancel.", late.Message);

        FakeDomainHost.End(ticket, new RelocationProgress(now, RelocationStep.Fence), new RelocationResult
        {
            Ending = RelocationEnding.GivenBack, FaultSide = RelocationSide.Storage, FaultStep = RelocationStep.Fence,
            Fate = DomainFate.OnSource, Message = "gone stays on resource-1: a disk refused",
        });
        var result = (await client.GetMigrationAsync(begun.Id, default)).Result!;
        Assert.Equal(("given-back", "storage", "fence", "on-source"), (result.Ending, result.FaultSide, result.FaultStep, result.Fate));
    }

    [Theory]
    [InlineData("POST", ApiRoutes.PoolInit, "{}", "local-only")]
    [InlineData("GET", ApiRoutes.RegistryDomains, null, "hosts-only")]
    [InlineData("POST", "/v1/volumes/g/v/fence", "{\"epoch\":1,\"session\":1}", "hosts-only")]
    public async Task What_is_for_hosts_or_local_users_cannot_be_had_by_forwarding(string method, string path, string? body, string code)
    {
        using var http = pool.First.Http();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add(ApiHeaders.TargetHost, "storage");
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request);
        var error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), GodwitJson.Default.ApiError)!;
        Assert.Equal((System.Net.HttpStatusCode.Forbidden, code), (answer.StatusCode, error.Code));
    }

    [Fact]
    public async Task A_tokens_request_is_served_by_the_host_with_the_CA()
    {
        using var client = pool.Second.Client();
        Assert.StartsWith("gw1-", (await client.PoolTokenAsync(default)).Token, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_storage_host_creates_no_domains()
    {
        var e = await Assert.ThrowsAsync<ApiException>(() => CreateAsync(pool.Storage, "misplaced"));
        Assert.Equal("no-compute-role", e.Code);
    }

    internal static async Task CreateAsync(TestHost host, string name)
    {
        using var client = host.Client();
        await client.CreateDomainAsync(new CreateDomainRequest { Spec = new DomainSpec { Name = name, MemoryMiB = 64 } }, default);
    }

    private static async Task<string> ReadAsync(Stream stream, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, limit.Token);
        return Encoding.UTF8.GetString(bytes);
    }
}
