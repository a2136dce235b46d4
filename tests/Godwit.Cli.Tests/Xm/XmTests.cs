using System.Collections.Immutable;
using Godwit.Api;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Xm;

/// <summary>The program called as <c>xm</c> or <c>xl</c>.</summary>
public sealed class XmTests
{
    private static readonly HostFacts Host = new(
        "resource-1", Samples.Noon, "0.1.0", "6.1.0-37-amd64", 2, 16000, 9000, 512.34, [], "7.2.19");

    [Fact]
    public async Task A_list_has_the_host_as_domain_0_and_xms_columns()
    {
        await using var daemon = await DaemonAsync(Samples.Domain() with { ProcessId = 471 }, Samples.Domain("vm0", DomainState.Paused));
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync("list", "--socket", daemon.Socket));
        Assert.Equal(
            """
            Name                                        ID   Mem VCPUs      State   Time(s)
            Domain-0                                     0 15488     2     r-----    487.7
            vm0                                              256     1     --p---     12.3
            vm1                                        471   256     1     r-----     12.3

            """, around.Out);
        Assert.Equal("", around.Error);
    }

    [Theory]
    [InlineData(DomainState.Running, "r-----")]
    [InlineData(DomainState.Migrating, "r-----")]
    [InlineData(DomainState.Paused, "--p---")]
    [InlineData(DomainState.IoError, "--p---")]
    [InlineData(DomainState.ShutOff, "---s--")]
    [InlineData(DomainState.Crashed, "----c-")]
    [InlineData(DomainState.Starting, "------")]
    [InlineData(DomainState.Unknown, "------")]
    [InlineData(DomainState.Settling, "------")]
    public async Task States_have_xens_letters(DomainState state, string letters)
    {
        await using var daemon = await DaemonAsync(Samples.Domain(state: state));
        using var around = new TestSurroundings(program: "xl");
        Assert.Equal(ExitCode.Success, await around.RunAsync("list", "vm1", "--socket", daemon.Socket));
        var lines = around.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Equal(letters, lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]);
    }

    [Fact]
    public async Task Memory_and_time_of_domain_0_never_become_negative()
    {
        await using var daemon = await DaemonAsync(Samples.Domain() with { MemoryMiB = 32768, CpuSeconds = 1000 });
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync("list", "Domain-0", "--socket", daemon.Socket));
        Assert.Equal("Domain-0                                     0     0     2     r-----      0.0", around.Out.Split('\n')[1]);
    }

    [Fact]
    public async Task A_domain_that_is_not_there_is_said_so()
    {
        await using var daemon = await DaemonAsync(Samples.Domain());
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Failed, await around.RunAsync("list", "vm9", "--socket", daemon.Socket));
        Assert.StartsWith("xm: Domain 'vm9' does not exist.\n", around.Error, StringComparison.Ordinal);
        Assert.Equal("", around.Out);
    }

    [Fact]
    public async Task A_list_for_programs_is_godwits()
    {
        await using var daemon = (await DaemonAsync()).On<ImmutableArray<DomainInfo>>("GET /v1/domains", [Samples.Domain()], GodwitJson.Default.ImmutableArrayDomainInfo);
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync("list", "--json", "--socket", daemon.Socket));
        Assert.StartsWith("[\n", around.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--live", "vm1", "resource-2")]
    [InlineData("-l", "471", "10.9.0.12")]
    [InlineData("--live", "vm1", "10.9.0.12")]
    public async Task A_move_takes_names_numbers_and_addresses(string live, string domain, string host)
    {
        await using var daemon = (await DaemonAsync(Samples.Domain() with { ProcessId = 471 }))
            .On<ImmutableArray<HostInfo>>("GET /v1/hosts", [new("resource-2", "10.9.0.12:8002", ["compute"], true, "0.1.0")], GodwitJson.Default.ImmutableArrayHostInfo)
            .On("POST /v1/domains/vm1/migrations", Samples.Migration(), GodwitJson.Default.MigrationInfo)
            .On($"GET /v1/migrations/{Samples.Migration().Id}/events", context => FakeDaemon.WriteLineAsync(
                context, Samples.Event(1, "confirm") with { Result = Samples.Completed }));
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync("migrate", live, domain, host, "--socket", daemon.Socket));
        Assert.Contains(daemon.Asked, asked => asked.StartsWith("""POST /v1/domains/vm1/migrations {"destination":"resource-2",""", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_that_no_host_has_is_refused()
    {
        await using var daemon = (await DaemonAsync(Samples.Domain()))
            .On<ImmutableArray<HostInfo>>("GET /v1/hosts", [new("resource-2", "10.9.0.12:8002", ["compute"], true, "0.1.0")], GodwitJson.Default.ImmutableArrayHostInfo);
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Failed, await around.RunAsync("migrate", "vm1", "10.9.0.99", "--socket", daemon.Socket));
        Assert.Equal("xm: no host of the pool has the address 10.9.0.99\n  godwit host list shows their names and addresses\n", around.Error);
    }

    [Theory]
    [InlineData("destroy vm1", "POST /v1/domains/vm1/destroy")]
    [InlineData("destroy 471", "POST /v1/domains/vm1/destroy")]
    [InlineData("pause vm1", "POST /v1/domains/vm1/pause")]
    [InlineData("unpause vm1", "POST /v1/domains/vm1/unpause")]
    [InlineData("reboot vm1", "POST /v1/domains/vm1/reboot")]
    [InlineData("shutdown vm1", "POST /v1/domains/vm1/shutdown")]
    [InlineData("shutdown -H vm1", "POST /v1/domains/vm1/shutdown")]
    [InlineData("shutdown -R vm1", "POST /v1/domains/vm1/reboot")]
    [InlineData("shutdown -a", "POST /v1/domains/vm1/shutdown")]
    public async Task Verbs_do_what_godwits_do(string line, string request)
    {
        await using var daemon = (await DaemonAsync(Samples.Domain() with { ProcessId = 471 })).On(request, Done);
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync([.. line.Split(' '), "--socket", daemon.Socket]));
        Assert.Contains(request, daemon.Asked);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("Domain-0")]
    public async Task Domain_0_is_left_alone(string domain)
    {
        await using var daemon = await DaemonAsync(Samples.Domain());
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Failed, await around.RunAsync("destroy", domain, "--socket", daemon.Socket));
        Assert.StartsWith("xm: Domain-0 is the host itself\n", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Creating_says_what_xm_said()
    {
        await using var daemon = (await DaemonAsync()).On("POST /v1/domains", Samples.Domain(), GodwitJson.Default.DomainInfo);
        var directory = Directory.CreateTempSubdirectory("gwxm");
        try
        {
            var file = Path.Combine(directory.FullName, "vm1");
            await File.WriteAllTextAsync(file, "name = \"vm1\"\nmemory = 256\nkernel = \"/boot/vmlinuz\"\n", TestContext.Current.CancellationToken);
            using var around = new TestSurroundings(program: "xm");
            Assert.Equal(ExitCode.Success, await around.RunAsync("create", file, "--socket", daemon.Socket));
            Assert.Equal($"Using config file \"{file}\".\nStarted domain vm1\n", around.Out);
            using var quiet = new TestSurroundings(program: "xm");
            Assert.Equal(ExitCode.Success, await quiet.RunAsync("create", "-q", "-f", file, "--socket", daemon.Socket));
            Assert.Equal("", quiet.Out);
            using var variables = new TestSurroundings(program: "xm");
            Assert.Equal(ExitCode.Failed, await variables.RunAsync("create", file, "memory=512", "--socket", daemon.Socket));
            Assert.StartsWith("xm: godwit takes no variables on the command line, such as memory=512\n", variables.Error, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_host_is_told_in_xms_way()
    {
        await using var daemon = (await DaemonAsync()).On(
            "GET /v1/host", new HostInfo("resource-1", "10.9.0.11:8002", ["compute"], true, "0.1.0", "qemu", "7.2.19", "tcg"), GodwitJson.Default.HostInfo);
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync("info", "--socket", daemon.Socket));
        Assert.Equal(
            """
            host                   : resource-1
            release                : 6.1.0-37-amd64
            nr_cpus                : 2
            total_memory           : 16000
            free_memory            : 9000
            engine                 : qemu 7.2.19
            accelerator            : tcg
            godwit_version         : 0.1.0

            """, around.Out);
    }

    [Theory]
    [InlineData("domid", "vm1", "471\n")]
    [InlineData("domname", "471", "vm1\n")]
    [InlineData("domname", "0", "Domain-0\n")]
    public async Task Names_and_numbers_are_told(string word, string asked, string answer)
    {
        await using var daemon = await DaemonAsync(Samples.Domain() with { ProcessId = 471 });
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync(word, asked, "--socket", daemon.Socket));
        Assert.Equal(answer, around.Out);
    }

    [Theory]
    [InlineData("save vm1", "POST /v1/domains/vm1/save")]
    [InlineData("save 471", "POST /v1/domains/vm1/save")]
    [InlineData("restore vm1", "POST /v1/domains/vm1/restore {}")]
    [InlineData("restore -p vm1", """POST /v1/domains/vm1/restore {"paused":true}""")]
    public async Task A_domain_is_saved_and_restored_by_its_name(string line, string request)
    {
        var job = new JobInfo { Id = Guid.Empty, Kind = "domain-save", Subject = "vm1", Host = "resource-1", AgeSeconds = 0, Now = new JobEvent { Step = "a", Share = 0 } };
        await using var daemon = (await DaemonAsync(Samples.Domain() with { ProcessId = 471 }))
            .On(request.Split(" {")[0], job, GodwitJson.Default.JobInfo)
            .On($"GET /v1/jobs/{Guid.Empty}/events", new JobEvent { Step = "a", Share = 1, Result = new JobResult() }, GodwitJson.Default.JobEvent)
            .On("GET /v1/domains/vm1", Samples.Domain(), GodwitJson.Default.DomainInfo);
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Success, await around.RunAsync([.. line.Split(' '), "--socket", daemon.Socket]));
        Assert.Contains(daemon.Asked, asked => asked == request || asked == request.Replace(" {}", " {\"paused\":false}"));
    }

    [Theory]
    [InlineData("save vm1 /var/tmp/vm1.save", "xm: godwit keeps the memory of a saved domain itself, and writes no /var/tmp/vm1.save\n  godwit save vm1\n")]
    [InlineData("restore /var/tmp/vm1.save", "xm: there is no saved domain /var/tmp/vm1.save, and godwit restores no files\n  godwit save vm1 keeps its memory, and godwit restore vm1 lets it go on\n")]
    public async Task Files_of_a_users_choice_are_neither_written_nor_read(string line, string words)
    {
        await using var daemon = await DaemonAsync(Samples.Domain());
        using var around = new TestSurroundings(program: "xm");
        Assert.NotEqual(ExitCode.Success, await around.RunAsync([.. line.Split(' '), "--socket", daemon.Socket]));
        Assert.Equal(words, around.Error);
        Assert.DoesNotContain(daemon.Asked, asked => asked.StartsWith("POST", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("suspend", "godwit save vm1")]
    [InlineData("top", "godwit list")]
    [InlineData("block-attach", "godwit info")]
    [InlineData("mem-max", "godwit create")]
    [InlineData("sched-credit", "CPUWeight")]
    [InlineData("dmesg", "journalctl")]
    public async Task What_xen_had_and_godwit_has_not_names_what_comes_nearest(string word, string nearest)
    {
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Usage, await around.RunAsync(word, "vm1"));
        Assert.StartsWith($"xm: godwit has nothing for xm {word}\n  ", around.Error, StringComparison.Ordinal);
        Assert.Contains(nearest, around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_that_nobody_knew_is_answered_with_the_nearest()
    {
        using var around = new TestSurroundings(program: "xm");
        Assert.Equal(ExitCode.Usage, await around.RunAsync("lst"));
        Assert.Equal("xm: xm has no command lst\n  did you mean list? else see xm --help\n", around.Error);
    }

    [Fact]
    public async Task Called_by_its_own_name_it_is_godwit()
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Usage, await around.RunAsync("domid", "vm1"));
        Assert.StartsWith("godwit: godwit has no command domid\n", around.Error, StringComparison.Ordinal);
    }

    private static Task Done(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static async Task<FakeDaemon> DaemonAsync(params ImmutableArray<DomainInfo> domains) => (await FakeDaemon.StartAsync())
        .On("GET /v1/host/facts", Host, GodwitJson.Default.HostFacts)
        .On("GET /v1/domains", domains, GodwitJson.Default.ImmutableArrayDomainInfo);
}
