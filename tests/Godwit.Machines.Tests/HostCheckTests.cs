using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Api;
using Godwit.Machines.Tests.Pool;

namespace Godwit.Machines.Tests;

/// <summary>Godwit finds real machines fit, by what a real kernel shows: KVM, the aoe driver, a bridge, 9000 bytes both ways.</summary>
[Collection(PoolCollection.Name)]
public sealed class HostCheckTests(PoolFixture pool)
{
    private const int Attempts = 10;

    [Fact]
    public async Task AllMachinesAreFitAndKvmIsFound()
    {
        var ct = TestContext.Current.CancellationToken;
        // The way to the storage host is measured by what it serves.
        await pool.Storage.RunAsync($"godwit volume create {PoolFixture.Group}/probe --size 4m", ct);
        var reports = await CheckAsync(ct);
        await pool.Storage.RunAsync($"godwit volume delete {PoolFixture.Group}/probe", ct);
        Assert.Equal(["resource-1", "resource-2", "storage"], reports.Select(r => r.Host).Order());
        foreach (var report in reports) Assert.True(report.Fit, $"{report.Host}: {string.Join('\n', report.Findings)}");
        foreach (var report in reports.Where(r => r.Host != "storage"))
        {
            AssertFine(report, "kvm");
            AssertFine(report, "bridge");
            AssertFine(report, "storage-path");
        }
    }

    // What is measured has the patience of real hosts, which machines that share two processors may need more than. A fault is found each time.
    private async Task<ImmutableArray<HostCheckReport>> CheckAsync(CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await pool.Storage.TryRunAsync("godwit host check --all --json", ct);
            var reports = JsonSerializer.Deserialize(answer.Output, GodwitJson.Default.ImmutableArrayHostCheckReport);
            if (attempt == Attempts || reports.All(r => r.Fit && r.Findings.All(f => f.Check != "storage-path" || f.Level == FindingLevel.Ok)))
                return reports;
        }
    }

    private static void AssertFine(HostCheckReport report, string check)
    {
        var findings = report.Findings.Where(f => f.Check == check).ToImmutableArray();
        Assert.NotEmpty(findings);
        Assert.All(findings, f => Assert.True(f.Level == FindingLevel.Ok, $"{report.Host}: {f}"));
    }
}
