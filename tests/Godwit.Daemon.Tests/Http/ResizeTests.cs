using System.Net;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Http;

/// <summary>Memory and processors of a domain that runs, asked of any host.</summary>
public sealed class ResizeTests(TestPool pool) : IClassFixture<TestPool>
{
    [Fact]
    public async Task The_owner_is_asked_from_anywhere_and_answers_with_the_domain()
    {
        await ForwardingTests.CreateAsync(pool.First, "sized");
        var asked = 100;
        foreach (var host in new[] { pool.Storage, pool.First, pool.Second })
        {
            using var client = host.Client();
            asked++;
            var domain = await client.SetMemoryAsync("sized", asked, default);
            Assert.Equal(("sized", "resource-1", asked), (domain.Name, domain.Host, domain.MemoryMiB));
            domain = await client.SetVirtualCpusAsync("sized", 2, default);
            Assert.Equal((2, 2), (domain.VirtualCpus, domain.MaxVirtualCpus));
        }
        Assert.Equal(
            ["memory sized 101", "vcpus sized 2", "memory sized 102", "vcpus sized 2", "memory sized 103", "vcpus sized 2"],
            pool.First.Domains!.Asked.Where(one => one.Contains("sized", StringComparison.Ordinal)));
        var audit = await File.ReadAllTextAsync(pool.First.AuditPath);
        Assert.Contains("\"who\":\"root@storage\",\"via\":\"storage\",\"method\":\"POST\",\"path\":\"/v1/domains/sized/memory\",\"status\":200", audit, StringComparison.Ordinal);
        Assert.Contains("\"path\":\"/v1/domains/sized/vcpus\",\"status\":200", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_of_the_owner_reaches_who_asked()
    {
        await ForwardingTests.CreateAsync(pool.Second, "fixed");
        pool.Second.Domains!.Refusal = new GodwitException("not-with-this-engine", "fixed stays as it is.", "Start it anew.");
        try
        {
            using var client = pool.First.Client();
            var e = await Assert.ThrowsAsync<ApiException>(() => client.SetMemoryAsync("fixed", 64, default));
            Assert.Equal(("not-with-this-engine", HttpStatusCode.Conflict, "Start it anew."), (e.Code, e.Status!.Value, e.Remedy));
        }
        finally
        {
            pool.Second.Domains.Refusal = null;
        }
    }

    [Fact]
    public async Task A_domain_that_nobody_has_is_refused()
    {
        using var client = pool.Storage.Client();
        Assert.Equal("no-such-domain", (await Assert.ThrowsAsync<ApiException>(() => client.SetVirtualCpusAsync("nobody", 2, default))).Code);
    }
}
