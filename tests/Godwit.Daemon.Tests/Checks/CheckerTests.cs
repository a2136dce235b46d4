using Godwit.Api;
using Godwit.Daemon.Checks;
using Godwit.Daemon.Config;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Daemon.Transport;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Checks;

public sealed class CheckerTests
{
    [Fact]
    public async Task A_check_that_fails_says_so_and_leaves_the_others_alone()
    {
        await using var host = await TestHost.StartAsync("resource-1", null, Role.Compute);
        var checker = new HostChecker(
            host.Config,
            [
                new Given("first", () => throw new IOException("the disk is gone")),
                new Given("second", () => throw new GodwitException("odd", "it is odd")),
                new Given("third", () => [new Finder("third").Ok("well")]),
            ],
            host.Get<PeerSurvey>(), host.Get<PeerDirectory>(), host.Peers);
        var findings = (await checker.CheckAsync(default)).Findings;
        Assert.Equal([FindingLevel.Unknown, FindingLevel.Unknown, FindingLevel.Ok], findings.Select(finding => finding.Level));
        Assert.Equal("It could not be found out: the disk is gone", findings[0].Message);
        Assert.Equal("second", findings[1].Check);
    }

    private sealed class Given(string name, Func<IEnumerable<HostFinding>> run) : IHostCheck
    {
        public string Name => name;

        public Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) => Task.FromResult(run());
    }
}
