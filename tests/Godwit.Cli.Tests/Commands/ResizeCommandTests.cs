using System.Text.Json;
using Godwit.Api;
using Godwit.Domains;

namespace Godwit.Cli.Tests.Commands;

/// <summary><c>mem-set</c> and <c>vcpu-set</c>, as <c>godwit</c> and as <c>xm</c> have them.</summary>
public sealed class ResizeCommandTests
{
    [Theory]
    [InlineData("mem-set vm1 512", """POST /v1/domains/vm1/memory {"memoryMiB":512}""")]
    [InlineData("mem-set vm1 512m", """POST /v1/domains/vm1/memory {"memoryMiB":512}""")]
    [InlineData("mem-set vm1 2G", """POST /v1/domains/vm1/memory {"memoryMiB":2048}""")]
    [InlineData("mem-set vm1 131072k", """POST /v1/domains/vm1/memory {"memoryMiB":128}""")]
    [InlineData("vcpu-set vm1 4", """POST /v1/domains/vm1/vcpus {"virtualCpus":4}""")]
    public async Task What_is_asked_for_is_asked_of_the_daemon_and_nothing_is_said(string line, string request)
    {
        await using var daemon = await DaemonAsync();
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync([.. line.Split(' '), "--socket", daemon.Socket]));
        Assert.Equal(request, Assert.Single(daemon.Asked));
        Assert.Equal("", around.Out + around.Error);
    }

    [Theory]
    [InlineData("mem-set 471 512", """POST /v1/domains/vm1/memory {"memoryMiB":512}""")]
    [InlineData("mem-set vm1 1g", """POST /v1/domains/vm1/memory {"memoryMiB":1024}""")]
    [InlineData("vcpu-set vm1 2", """POST /v1/domains/vm1/vcpus {"virtualCpus":2}""")]
    [InlineData("vcpu-set -i 471 2", """POST /v1/domains/vm1/vcpus {"virtualCpus":2}""")]
    public async Task Xms_words_are_handed_on(string line, string request)
    {
        await using var daemon = await DaemonAsync();
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync([.. line.Split(' '), "--socket", daemon.Socket]));
        Assert.Contains(request, daemon.Asked);
        Assert.Equal("", around.Out + around.Error);
    }

    [Fact]
    public async Task Programs_are_told_what_the_domain_has_by_now()
    {
        await using var daemon = await DaemonAsync();
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("mem-set", "vm1", "512", "--json", "--socket", daemon.Socket));
        var domain = JsonDocument.Parse(around.Out).RootElement;
        Assert.Equal((256, 512, 4), (domain.GetProperty("memoryMiB").GetInt32(), domain.GetProperty("maxMemoryMiB").GetInt32(), domain.GetProperty("maxVirtualCpus").GetInt32()));
    }

    [Theory]
    [InlineData("mem-set vm1 lots", "SIZE is whole MiB, such as 512, 512m or 2g, not `lots`")]
    [InlineData("mem-set vm1 0", "SIZE is whole MiB")]
    [InlineData("mem-set vm1 1000k", "SIZE is whole MiB")]
    [InlineData("mem-set vm1 9999999t", "SIZE is whole MiB")]
    [InlineData("vcpu-set vm1 0", "COUNT is a whole number from 1 on, not `0`")]
    [InlineData("vcpu-set vm1 two", "COUNT is a whole number from 1 on, not `two`")]
    public async Task What_is_no_amount_is_refused_before_anybody_is_asked(string line, string said)
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Usage, await around.RunAsync(line.Split(' ')));
        Assert.Contains(said, around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_printed_with_its_remedy()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .Refuses("POST /v1/domains/vm1/memory", new ApiError("beyond-maximum", "vm1 can have at most 512 MiB of memory while it runs.", "Write maxmem = 1024"));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("mem-set", "vm1", "1024", "--socket", daemon.Socket));
        Assert.Equal("godwit: vm1 can have at most 512 MiB of memory while it runs.\n  Write maxmem = 1024\n", around.Error);
    }

    [Fact]
    public async Task What_a_domain_can_have_is_shown_beside_what_it_has()
    {
        await using var daemon = await DaemonAsync();
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("info", "vm1", "--socket", daemon.Socket));
        Assert.Contains("memory        256 MiB, up to 512 MiB\nvcpus         1, up to 4\n", around.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_guest_was_given_and_has_not_yet_is_shown()
    {
        var domain = Samples.Domain() with
        {
            MaxMemoryMiB = 512, MaxVirtualCpus = 4, Spec = new DomainSpec { Name = "vm1", MemoryMiB = 384, VirtualCpus = 2 },
        };
        await using var daemon = (await FakeDaemon.StartAsync()).On("GET /v1/domains/vm1", domain, GodwitJson.Default.DomainInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("info", "vm1", "--socket", daemon.Socket));
        Assert.Contains("memory        256 MiB, on its way to 384 MiB, up to 512 MiB\nvcpus         1, on its way to 2, up to 4\n", around.Out, StringComparison.Ordinal);
    }

    private static async Task<FakeDaemon> DaemonAsync()
    {
        var domain = Samples.Domain() with { ProcessId = 471, MaxMemoryMiB = 512, MaxVirtualCpus = 4 };
        return (await FakeDaemon.StartAsync())
            .On("GET /v1/domains", [domain], GodwitJson.Default.ImmutableArrayDomainInfo)
            .On("GET /v1/domains/vm1", domain, GodwitJson.Default.DomainInfo)
            .On("POST /v1/domains/vm1/memory", domain, GodwitJson.Default.DomainInfo)
            .On("POST /v1/domains/vm1/vcpus", domain, GodwitJson.Default.DomainInfo);
    }
}
