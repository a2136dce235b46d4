using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Lab.Tests;

/// <summary>Bare hosts: namespaces, links, power. Needs root.</summary>
[Collection("lab")]
public sealed class LabTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private Lab Lab
    {
        get
        {
            Assert.SkipUnless(Environment.IsPrivilegedProcess, "a lab needs root");
            return fixture.Lab;
        }
    }

    [Fact]
    public async Task AHostHasItsOwnNameProcessesAndFiles()
    {
        Assert.Equal("resource-1", await OutputAsync("resource-1", "uname", "-n"));
        Assert.Equal("1", await OutputAsync("resource-1", "sh", "-c", "ps -o pid= -p 1 | tr -d ' '"));
        await OutputAsync("resource-1", "sh", "-c", "echo mine > /var/lib/godwit/file");
        Assert.Equal("mine\n", await File.ReadAllTextAsync(Lab.Paths.Host("resource-1", "lib") + "/file"));
        Assert.Equal("gone", await OutputAsync("resource-2", "sh", "-c", "[ -e /var/lib/godwit/file ] || echo gone"));
        Assert.False(File.Exists("/var/lib/godwit/file"));
        Assert.Equal("", await OutputAsync("resource-1", "ls", "/boot"));
    }

    [Fact]
    public async Task HostsReachEachOtherByNameOnTheGuestsNetwork()
    {
        var ping = await Lab.RunAsync("storage", ["ping", "-c", "1", "-W", "2", "resource-2"]);
        Assert.True(ping.Succeeded, ping.Output + ping.Error);
        Assert.Contains("(10.9.0.12)", ping.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8972, true)]
    [InlineData(8973, false)]
    public async Task TheStorageNetworkPassesFramesOf9000BytesAndNoMore(int payload, bool passes)
    {
        foreach (var (host, address) in new[] { ("storage", "10.8.0.1/24"), ("resource-1", "10.8.0.2/24") })
            await OutputAsync(host, "ip", "address", "replace", address, "dev", "san0");
        var ping = await Lab.RunAsync(
            "storage", ["ping", "-c", "1", "-W", "2", "-M", "do", "-s", $"{payload}", "10.8.0.2"]);
        Assert.Equal(passes, ping.Succeeded);
    }

    [Fact]
    public async Task TheMachinesOwnNetworkHoldsNoLinkOfTheLab()
    {
        var links = Directory.GetDirectories("/sys/class/net").Select(Path.GetFileName);
        Assert.DoesNotContain(links, l => l!.EndsWith("-lan", StringComparison.Ordinal) || l == "xenbr0");
        Assert.Equal(["eth0", "lo", "san0", "xenbr0"],
            (await OutputAsync("resource-1", "ls", "/sys/class/net")).Split('\n').Where(l => l != "bonding_masters"));
    }

    [Fact]
    public async Task PulledPowerEndsEverythingOnTheHostAndItReturnsWithItsDisks()
    {
        await OutputAsync("resource-2", "sh", "-c", "echo kept > /var/lib/godwit/disk; : > /run/godwit/socket");
        await OutputAsync("resource-2", "sh", "-c", "setsid sleep 1000 > /dev/null 2>&1 < /dev/null &");
        var status = (await Lab.StatusAsync(LabFixture.Name))!.Hosts.Single(h => h.Name == "resource-2");
        Assert.True(status.Powered);
        var inside = ProcessIdentity.InsideHost("/run/netns/" + status.Namespace);
        Assert.True(inside.Count >= 2);

        await Lab.PullPowerAsync("resource-2");

        Assert.DoesNotContain(inside, p => p.IsAlive);
        Assert.False((await Lab.StatusAsync(LabFixture.Name))!.Hosts.Single(h => h.Name == "resource-2").Powered);
        Assert.False((await Lab.RunAsync("storage", ["ping", "-c", "1", "-W", "1", "resource-2"])).Succeeded);
        var refusal = await Assert.ThrowsAsync<GodwitException>(() => Lab.RunAsync("resource-2", ["true"]));
        Assert.Equal("lab-host-off", refusal.Code);

        await Lab.PowerOnAsync("resource-2");

        Assert.Equal("kept", await OutputAsync("resource-2", "cat", "/var/lib/godwit/disk"));
        Assert.Equal("", await OutputAsync("resource-2", "ls", "/run/godwit"));
        Assert.True((await Lab.RunAsync("storage", ["ping", "-c", "1", "-W", "2", "resource-2"])).Succeeded);
    }

    [Fact]
    public async Task UpTwiceChangesNothing()
    {
        var before = (await Lab.StatusAsync(LabFixture.Name))!.Hosts.Select(h => h.InitPid).ToArray();
        await Lab.UpAsync(LabFixture.Spec);
        Assert.Equal(before, (await Lab.StatusAsync(LabFixture.Name))!.Hosts.Select(h => h.InitPid));
    }

    private async Task<string> OutputAsync(string host, params string[] command)
    {
        var result = await Lab.RunAsync(host, command);
        Assert.True(result.Succeeded, ProgramRunner.Quote(command) + ": " + result.Error);
        return result.Output.TrimEnd();
    }
}
