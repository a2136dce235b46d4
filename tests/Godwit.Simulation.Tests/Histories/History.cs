using Godwit.Domains;
using Godwit.Host;
using Godwit.Relocation;
using Godwit.Simulation.Tests.Scheduling;
using Godwit.Simulation.Tests.World;

namespace Godwit.Simulation.Tests.Histories;

/// <summary>How a history ended.</summary>
internal sealed record Outcome(string? Failure, IReadOnlyList<string> Trace, IReadOnlyList<RelocationEnding> Endings, long Steps)
{
    public string Explain(int seed) => $"seed {seed}: {Failure}\n{string.Join('\n', Trace)}";
}

/// <summary>
/// One life of a domain, all of it from a seed: created, then moved to and fro while faults hit, with a rest after
/// each move in which all must come right by itself.
/// </summary>
internal static class History
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public static Outcome Run(int seed, SimOptions options)
    {
        using var world = new SimWorld(seed, hosts: 2 + (seed & 1), options);
        var endings = new List<RelocationEnding>();
        string? failure = null;
        try
        {
            world.Scheduler.Run(async () =>
            {
                await LiveAsync(world, endings);
                return true;
            });
        }
        catch (SimulationException e)
        {
            failure = e.Message;
        }
        return new Outcome(failure, world.Trace.Lines, endings, world.Scheduler.Steps);
    }

    private static async Task LiveAsync(SimWorld world, List<RelocationEnding> endings)
    {
        var faults = new Faults(world);
        foreach (var host in world.Hosts)
            host.StartDaemon();
        await UntilAsync(world, () => world.Hosts.All(host => host.IsReady) ? null : "the daemons do not start");
        var created = world.Hosts[0].AskAsync(domains => domains.CreateAsync(SimWorld.Spec, new CreateOptions(), CancellationToken.None));
        await UntilAsync(world, () => created.IsCompleted ? null : "the domain is not created");
        await created;

        var moves = world.Random.Next(1, 4);
        for (var i = 0; i < moves && !world.GuestLost; i++)
        {
            if (world.Random.Next(8) == 0)
                await PauseAsync(world);
            await MoveAsync(world, faults, endings);
        }
    }

    private static async Task MoveAsync(SimWorld world, Faults faults, List<RelocationEnding> endings)
    {
        var source = world.Host(world.Record()!.Owner);
        var others = world.Hosts.Where(host => host != source).ToList();
        var destination = others[world.Random.Next(others.Count)];
        world.Trace.Add("world", $"move {source.Name} > {destination.Name}");

        RelocationTicket? ticket = null;
        faults.Plan(source, destination, () => ticket);
        var options = new RelocationOptions
        {
            Timeout = world.Random.Next(8) == 0 ? TimeSpan.FromMilliseconds(world.Random.Next(50, 500)) : null,
        };
        var asked = source.AskAsync(domains => domains.RelocateAsync(SimWorld.Domain, destination.Name, options, CancellationToken.None));
        var until = world.Scheduler.Elapsed + TimeSpan.FromMilliseconds(world.Random.Next(500, 6000));
        while (world.Scheduler.Elapsed < until && ticket?.Result is null)
        {
            if (asked.IsCompletedSuccessfully)
                ticket = asked.Result;
            await Task.Delay(TimeSpan.FromMilliseconds(5), world.Time);
        }
        // Faults may still be to come; they end all the same.
        await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(400, 1000)), world.Time);
        faults.End();
        await UntilAsync(world, () => Invariants.Unsettled(world));
        if (ticket?.Result is { } result)
        {
            endings.Add(result.Ending);
            world.Trace.Add("world", $"{result.Ending}: {result.Message}");
        }
        if (asked.IsFaulted)
            world.Trace.Add("world", $"refused: {asked.Exception.InnerException!.Message}");
    }

    private static async Task PauseAsync(SimWorld world)
    {
        var host = world.Host(world.Record()!.Owner);
        var running = world.Record()!.RunState == RunState.Running;
        // Refused while the last move is still being written down there: then it is asked again.
        var done = Ask();
        await UntilAsync(world, () =>
        {
            if (done is { IsFaulted: true, Exception.InnerException: GodwitException })
                done = Ask();
            return done.IsCompletedSuccessfully ? null : "it is not paused";
        });

        Task<bool> Ask() => host.AskAsync(async domains =>
        {
            await (running
                ? domains.PauseAsync(SimWorld.Domain, CancellationToken.None)
                : domains.UnpauseAsync(SimWorld.Domain, CancellationToken.None));
            return true;
        });
    }

    private static async Task UntilAsync(SimWorld world, Func<string?> unsettled)
    {
        var until = world.Scheduler.Elapsed + Rest;
        while (unsettled() is { } what)
        {
            if (world.Scheduler.Elapsed > until)
                throw new SimulationException($"after {Rest.TotalSeconds} s without faults: {what}");
            await Task.Delay(Look, world.Time);
        }
    }
}
