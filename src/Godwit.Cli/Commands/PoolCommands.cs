using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>Makes one pool of several hosts: <c>init</c> on the first, <c>token</c> on a member, <c>join</c> on a new one.</summary>
internal static class PoolCommands
{
    public static Command Build(Surroundings around) => new Command("pool", "The hosts that belong together")
    {
        Init(around),
        Token(around),
        Join(around),
        Status(around),
        Excuse(around),
    };

    private static DocumentedCommand Init(Surroundings around)
    {
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "Name of the pool (default godwit)" };
        var host = new HostOptions("storage,registry");
        return new DocumentedCommand("init", "Make a new pool, with its own certificate authority, of this host")
        {
            Options = { name, host.Roles, host.Interfaces, host.Address },
            Explanation = HostOptions.Explanation,
            Examples =
            [
                ("godwit pool init", "on the host that keeps the volumes and the registry"),
                ("godwit pool init --storage-interface eth1", "with a storage network of its own"),
                ("godwit pool init --roles storage,registry,compute", "on a host that runs domains too"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var pool = await client.PoolInitAsync(new PoolInitRequest(call.Get(name), host.Of(call)), ct).ConfigureAwait(false);
            return call.Show(pool, CliJson.Api.PoolInfo, PoolSheet.Write);
        });
    }

    private static DocumentedCommand Token(Surroundings around) =>
        new DocumentedCommand("token", "Print a token with which one host may join")
        {
            Examples = [("godwit pool token", "good once, and for a short time")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var token = await client.PoolTokenAsync(ct).ConfigureAwait(false);
            return call.Show(token, CliJson.Api.PoolToken, (o, t) => o.WriteLine(t.Token));
        });

    private static DocumentedCommand Join(Surroundings around)
    {
        var member = new Argument<string>("MEMBER[:PORT]") { Description = "A host that belongs to the pool" };
        var token = new Option<string>("--token") { HelpName = "TOKEN", Description = "From godwit pool token on a member", Required = true };
        var host = new HostOptions("compute");
        return new DocumentedCommand("join", "Let this host join a pool")
        {
            Arguments = { member },
            Options = { token, host.Roles, host.Interfaces, host.Address },
            Explanation = HostOptions.Explanation,
            Examples =
            [
                ("godwit pool join storage --token TOKEN", "port 8002 when none is given"),
                ("godwit pool join storage --token TOKEN --storage-interface eth1", "with a storage network of its own"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var pool = await client.PoolJoinAsync(new PoolJoinRequest(call.Get(member), call.Get(token)!, host.Of(call)), ct).ConfigureAwait(false);
            return call.Show(pool, CliJson.Api.PoolInfo, PoolSheet.Write);
        });
    }

    private static DocumentedCommand Excuse(Surroundings around)
    {
        var host = new Argument<string>("HOST") { Description = "A host that is gone for good" };
        return new DocumentedCommand("excuse", "Let a restored registry go on without the report of a host that is gone")
        {
            Arguments = { host },
            Examples = [("godwit pool excuse resource-3", "after its registry was restored from a backup; see docs/ownership.md")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var answer = await client.PoolExcuseAsync(call.Get(host), ct).ConfigureAwait(false);
            return call.Show(answer, CliJson.Api.PoolExcuse, (o, a) => o.WriteLine(
                a.Missing.IsEmpty ? "the registry serves" : $"the registry still waits for {string.Join(", ", a.Missing)}"));
        });
    }

    private static DocumentedCommand Status(Surroundings around) =>
        new DocumentedCommand("status", "Show the pool of this host")
        {
            Examples = [("godwit pool status", "exit code 1 while the host belongs to none")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var pool = await client.PoolStatusAsync(ct).ConfigureAwait(false);
            return call.Show(pool, CliJson.Api.PoolInfo, PoolSheet.Write);
        });
}
