using System.Net;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Tests.Hosting;

namespace Godwit.Daemon.Tests.Members;

/// <summary>Hosts whose file says nothing of what they are enter a pool: their daemons begin anew, as what was settled.</summary>
public sealed class EnteringTests : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gwe").FullName;
    private readonly List<(CancellationTokenSource Stop, Task Running)> _daemons = [];
    private readonly List<ReservedPort> _ports = [];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var port in _ports)
            port.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Two_hosts_become_a_pool_by_commands_alone()
    {
        using var first = await StartAsync("first");
        Assert.Equal("no-pool", (await Assert.ThrowsAsync<ApiException>(() => first.PoolStatusAsync(default))).Code);
        var pool = await first.PoolInitAsync(new PoolInitRequest(null, new HostChoices(["registry"], null, "127.0.0.1")), default);
        Assert.Equal(("first", "registry", "127.0.0.1", false), (pool.Host, Assert.Single(pool.Role!.Roles), pool.Role.Address, pool.Restarting));
        Assert.Equal("already-in-pool", (await Assert.ThrowsAsync<ApiException>(() => first.PoolInitAsync(default))).Code);

        using var second = await StartAsync("second");
        var token = (await first.PoolTokenAsync(default)).Token;
        var joined = await second.PoolJoinAsync(new PoolJoinRequest($"127.0.0.1:{PortOf("first")}", token), default);
        // Found out: the address on the way to the member.
        Assert.Equal(("second", "first", "127.0.0.1"), (joined.Host, joined.RegistryHost, joined.Role!.Address));
        Assert.Equal(["compute"], joined.Role.Roles);
        var hosts = await first.ListHostsAsync(default);
        Assert.Equal([("first", true), ("second", true)], hosts.Select(host => (host.Name, host.Reachable)));

        // What was settled was kept.
        await StopAsync();
        using var again = await StartAsync("first");
        var status = await again.PoolReadyAsync(default);
        Assert.Equal(("godwit", "registry"), (status.Name, Assert.Single(status.Role!.Roles)));
    }

    [Fact]
    public async Task A_refused_host_is_as_it_was()
    {
        using var client = await StartAsync("first");
        var e = await Assert.ThrowsAsync<ApiException>(
            () => client.PoolInitAsync(new PoolInitRequest(null, new HostChoices(["compute"])), default));
        Assert.Equal("no-registry-role", e.Code);
        e = await Assert.ThrowsAsync<ApiException>(
            () => client.PoolInitAsync(new PoolInitRequest(null, new HostChoices(null, ["nosuch0"])), default));
        Assert.Equal("no-such-interface", e.Code);
        Assert.Equal("no-pool", (await Assert.ThrowsAsync<ApiException>(() => client.PoolStatusAsync(default))).Code);
        Assert.False(File.Exists(Path.Combine(_directory, "first", "state", "godwitd.toml")));
    }

    private async Task<GodwitClient> StartAsync(string name)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;
        var file = Path.Combine(directory, "godwitd.toml");
        if (!File.Exists(file))
        {
            var port = new ReservedPort();
            _ports.Add(port);
            File.WriteAllText(file,
                $"""
                name = "{name}"
                port = {port.Number}
                state_dir = "{directory}/state"
                run_dir = "{directory}/run"
                log_dir = "{directory}/log"
                """);
        }
        var stop = new CancellationTokenSource();
        var words = new CommandLine(file);
        var running = DaemonProcess.RunAsync(() => words.Load(LocalDefaults.OfThisHost()), stop.Token);
        _daemons.Add((stop, running));
        var client = GodwitClient.OverSocket(Path.Combine(directory, "run", "godwitd.sock"));
        while (true)
        {
            try
            {
                await client.GetHostAsync(default);
                return client;
            }
            catch (ApiException) when (!running.IsCompleted)
            {
                await Task.Delay(10);
            }
        }
    }

    private async Task StopAsync()
    {
        foreach (var (stop, running) in _daemons)
        {
            await stop.CancelAsync();
            await running;
            stop.Dispose();
        }
        _daemons.Clear();
    }

    private int PortOf(string name) => ConfigFile.Parse(
        File.ReadAllText(Path.Combine(_directory, name, "godwitd.toml")), "", new LocalDefaults(name, IPAddress.Loopback)).Port;
}
