using Godwit.Api;
using Godwit.Daemon.Checks;
using Godwit.Daemon.Config;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Tests.Hosting;

namespace Godwit.Daemon.Tests.Checks;

/// <summary>Checks by real daemons, which ask each other.</summary>
public sealed class PoolCheckTests
{
    [Fact]
    public async Task Before_a_pool_a_host_checks_what_it_can_alone()
    {
        await using var host = await TestHost.StartAsync("resource-1", null, Role.Compute);
        using var client = host.Client();
        var report = await client.CheckHostAsync(default);
        Assert.Equal("resource-1", report.Host);
        JudgementTests.Is(FindingLevel.Unknown, "in no pool yet", Single(report, "registry"));
        JudgementTests.Is(FindingLevel.Ok, "is free", Single(report, "port"));
        JudgementTests.Is(FindingLevel.Error, "configured", Single(report, "storage-interface"));
        JudgementTests.Is(FindingLevel.Ok, $"godwitd {HostQuery.Version}", Single(report, "versions"));
        Assert.False(report.Fit);
        Assert.DoesNotContain(report.Findings, finding => finding.Check == "clock");
        Assert.Equal(["unknown"], report.Findings.Where(finding => finding.Level == FindingLevel.Unknown).Select(finding => finding.Level.ToString().ToLowerInvariant()));
    }

    [Fact]
    public async Task Hosts_of_a_pool_look_at_each_other()
    {
        var late = new ShiftedTime();
        await using var storage = await TestHost.StartAsync("storage", null, Role.Storage, Role.Registry);
        await using var other = await TestHost.StartAsync("resource-1", late, Role.Compute);
        using var client = storage.Client();
        await client.PoolInitAsync(default);
        await other.JoinAsync(storage);
        late.Shift = TimeSpan.FromSeconds(-30);

        var report = await client.CheckHostAsync(default);
        JudgementTests.Is(FindingLevel.Warning, "The clock of resource-1 is 30.0 s behind", Single(report, "clock"));
        JudgementTests.Is(FindingLevel.Ok, "storage and resource-1 reach each other", Single(report, "port"));
        JudgementTests.Is(FindingLevel.Ok, "serves", Single(report, "registry"));
        // What concerns only hosts that run domains is not looked at.
        Assert.DoesNotContain(report.Findings, finding => finding.Check is "kvm" or "engine" or "bridge" or "memory" or "aoe-module" or "storage-path");

        using var there = storage.Client("resource-1");
        JudgementTests.Is(FindingLevel.Warning, "The clock of storage is 30.0 s ahead", Single(await there.CheckHostAsync(default), "clock"));

        await other.StopAsync();
        var all = await client.CheckHostsAsync(default);
        Assert.Equal(["resource-1", "storage"], all.Select(report => report.Host).Order());
        JudgementTests.Is(FindingLevel.Error, "resource-1 does not answer", Assert.Single(all.Single(report => report.Host == "resource-1").Findings));
        JudgementTests.Is(FindingLevel.Error, "resource-1 is not reached from storage", Single(all.Single(report => report.Host == "storage"), "port"));
    }

    [Fact]
    public async Task A_host_says_whom_it_reaches()
    {
        var pool = new TestPool();
        await pool.InitializeAsync();
        using var client = pool.First.Client();
        Assert.Null((await client.ReachHostAsync("resource-2", default)).Failure);
        await pool.Second.StopAsync();
        Assert.NotNull((await client.ReachHostAsync("resource-2", default)).Failure);
        Assert.Equal("no-such-host", (await Assert.ThrowsAsync<ApiException>(() => client.ReachHostAsync("resource-9", default))).Code);
        await pool.DisposeAsync();
    }

    [Fact]
    public async Task Facts_are_those_of_the_machine()
    {
        await using var host = await TestHost.StartAsync("resource-1", null, Role.Compute);
        using var client = host.Client();
        var facts = await client.GetHostFactsAsync(default);
        Assert.Equal((Environment.ProcessorCount, File.ReadAllText("/proc/sys/kernel/osrelease").Trim()), (facts.Processors, facts.Kernel));
        Assert.InRange(facts.FreeMemoryMiB, 1, facts.MemoryMiB);
        Assert.InRange((DateTimeOffset.UtcNow - facts.Now).Duration().TotalSeconds, 0, 60);
        Assert.True(facts.CpuSeconds > 0);
    }

    [Fact]
    public void Processor_time_is_that_which_was_not_idle() =>
        Assert.Equal((100 + 20 + 300 + 5 + 6) / 100.0, HostFactsQuery.ReadCpuSeconds("cpu  100 20 300 4000 50 5 6 70 80 9"));

    private static HostFinding Single(HostCheckReport report, string check) => Assert.Single(report.Findings, finding => finding.Check == check);
}
