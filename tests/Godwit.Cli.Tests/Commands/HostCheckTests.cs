using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Api;

namespace Godwit.Cli.Tests.Commands;

public sealed class HostCheckTests
{
    private static readonly HostCheckReport Fit = new("storage", [new("space", FindingLevel.Ok, "900 MiB are free.")]);

    private static readonly HostCheckReport Unfit = new("resource-1",
    [
        new("kvm", FindingLevel.Warning, "The processor shows neither vmx nor svm.", "Switch it on."),
        new("space", FindingLevel.Ok, "900 MiB are free."),
        new("bridge", FindingLevel.Error, "There is no bridge for guests.", "Make one."),
        new("storage-path", FindingLevel.Unknown, "It serves no volume yet."),
    ]);

    [Fact]
    public async Task All_that_is_wrong_is_shown_at_once_the_worst_first()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("GET /v1/host/check", Unfit, GodwitJson.Default.HostCheckReport);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("host", "check", "--socket", daemon.Socket));
        Assert.Equal(
            """
            resource-1: not fit, 1 error, 1 warning, 1 not found out
              error    bridge             There is no bridge for guests.
                                          -> Make one.
              warning  kvm                The processor shows neither vmx nor svm.
                                          -> Switch it on.
              unknown  storage-path       It serves no volume yet.
              ok       space              900 MiB are free.

            """, around.Out);
        Assert.Equal("godwit: not fit: resource-1\n  see the errors above\n", around.Error);
    }

    [Fact]
    public async Task A_host_without_errors_is_fit()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("GET /v1/host/check", Fit, GodwitJson.Default.HostCheckReport);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("host", "check", "--socket", daemon.Socket));
        Assert.Equal("storage: fit\n  ok       space              900 MiB are free.\n", around.Out);
        Assert.Equal("", around.Error);
    }

    [Fact]
    public async Task All_hosts_are_shown_to_programs_as_well()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .On<ImmutableArray<HostCheckReport>>("GET /v1/hosts/check", [Unfit, Fit], GodwitJson.Default.ImmutableArrayHostCheckReport);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("host", "check", "--all", "--json", "--socket", daemon.Socket));
        var reports = JsonDocument.Parse(around.Out).RootElement;
        Assert.Equal(["resource-1", "storage"], reports.EnumerateArray().Select(report => report.GetProperty("host").GetString()));
        Assert.Equal([false, true], reports.EnumerateArray().Select(report => report.GetProperty("fit").GetBoolean()));
        Assert.Equal("warning", reports[0].GetProperty("findings")[0].GetProperty("level").GetString());
        Assert.Equal("host-unfit", JsonDocument.Parse(around.Error).RootElement.GetProperty("code").GetString());
    }
}
