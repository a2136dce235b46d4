using Godwit.Domains;
using Godwit.Host;
using Godwit.Pool;
using Godwit.Relocation;
using Godwit.Simulation.Scheduling;
using Godwit.Simulation.World;
using Godwit.Storage.Volumes;

namespace Godwit.Simulation.Histories;

/// <summary>How a history ended.</summary>
/// <param name="Failure">The invariant that broke; null when all held.</param>
internal sealed record Outcome(
    Plan Plan, string? Failure, IReadOnlyList<string> Trace, IReadOnlyList<RelocationEnding> Endings, IReadOnlyList<(RelocationStep, Fault)> Brought,
    int Faults, IReadOnlyCollection<string> Transitions, long Steps);

/// <summary>
/// One life of a domain: created, then moved to and fro while faults hit, with a rest after each move in which all must
/// come right by itself.
/// </summary>
internal static class History
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public static Outcome Run(Plan plan, SimOptions options)
    {
        var losesPower = plan.Faults.Any(f => f.Fault is Fault.RegistryLosesPower or Fault.SourceLosesPower or Fault.DestinationLosesPower);
        using var world = new SimWorld(plan.Seed, options with { OnFiles = losesPower });
        var director = new Director(world, plan);
        var endings = new List<RelocationEnding>();
        string? failure = null;
        try
        {
            world.Scheduler.Run(async () =>
            {
                await LiveAsync(world, plan, director, endings);
                return true;
            });
        }
        catch (SimulationException e)
        {
            failure = e.Message;
        }
        catch (Exception e)
        {
            // One of the harness's own: a history that cannot go on has shown nothing.
            failure = e.ToString();
        }
        return new Outcome(plan, failure, world.Trace.Lines, endings, director.Brought, director.Count, world.Transitions, world.Scheduler.Steps);
    }

    private static async Task LiveAsync(SimWorld world, Plan plan, Director director, List<RelocationEnding> endings)
    {
        var restores = plan.Faults.Any(f => f.Fault is Fault.RegistryRestored or Fault.RegistryRestoredWithoutMark or Fault.RegistryRestoredWithItsMark);
        if (restores)
            world.Store.Save();
        foreach (var host in world.Hosts)
            host.StartDaemon();
        await UntilAsync(world, () => world.Hosts.All(host => host.IsReady) ? null : "the daemons do not start");
        for (var i = 0; i < plan.Moves; i++)
        {
            var domain = await EnsureDomainAsync(world);
            if (restores && world.Random.Next(2) == 0)
                world.Store.Save();
            if (world.Random.Next(8) == 0)
                await PauseAsync(world, domain);
            await MoveAsync(world, world.Record() ?? domain, director, endings);
        }
    }

    /// <summary>A user makes the domain, and makes it again once it has ended.</summary>
    private static async Task<DomainRecord> EnsureDomainAsync(SimWorld world)
    {
        if (world.Record() is { RunState: RunState.ShutOff or RunState.Crashed } ended)
        {
            await DoAsync(world, world.Host(ended.Owner), "the ended domain is not removed", async domains =>
            {
                await domains.DestroyAsync(SimWorld.Domain, CancellationToken.None);
                return true;
            });
        }
        if (world.Record() is { } there)
            return there;
        world.ExpectNewGuest();
        return await DoAsync(world, world.Hosts[0], "the domain is not created",
            async domains => (await domains.CreateAsync(world.Spec, new CreateOptions(), CancellationToken.None)).Record);
    }

    /// <summary>Asks until it is done: a daemon may still be clearing away what was before.</summary>
    private static async Task<T> DoAsync<T>(SimWorld world, SimHost host, string what, Func<IDomainHost, Task<T>> request)
    {
        var asked = host.AskAsync(request);
        await UntilAsync(world, () =>
        {
            if (asked is { IsFaulted: true, Exception.InnerException: GodwitException })
                asked = host.AskAsync(request);
            return asked.IsCompletedSuccessfully ? null : $"{what}: {asked.Exception?.InnerException?.Message}";
        });
        return await asked;
    }

    private static async Task MoveAsync(SimWorld world, DomainRecord domain, Director director, List<RelocationEnding> endings)
    {
        var source = world.Host(domain.Owner);
        var others = world.Hosts.Where(host => host != source).ToList();
        var destination = others[world.Random.Next(others.Count)];
        world.Trace.Add("world", $"move {source.Name} > {destination.Name}");

        RelocationTicket? ticket = null;
        var began = world.Scheduler.Elapsed;
        director.BeginMove(source, destination, () => ticket);
        var options = new RelocationOptions
        {
            Timeout = world.Random.Next(8) == 0 ? TimeSpan.FromMilliseconds(world.Random.Next(50, 500)) : null,
        };
        var asked = source.AskAsync(async domains => ticket = await domains.RelocateAsync(SimWorld.Domain, destination.Name, options, CancellationToken.None));
        var until = world.Scheduler.Elapsed + TimeSpan.FromMilliseconds(world.Random.Next(500, 6000));
        while (world.Scheduler.Elapsed < until && ticket?.Result is null && !asked.IsFaulted)
            await Task.Delay(TimeSpan.FromMilliseconds(5), world.Time);
        director.BringRest();
        while (world.Scheduler.Elapsed < director.BusyUntil)
            await Task.Delay(director.BusyUntil - world.Scheduler.Elapsed + TimeSpan.FromMilliseconds(1), world.Time);
        await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(10, 600)), world.Time);
        director.End();
        await WakeAsync(world, director);
        await UntilAsync(world, () => director.IsAsking ? "a request has not been answered" : Invariants.Unsettled(world));
        if (ticket?.Result is { } result)
        {
            endings.Add(result.Ending);
            if (Figures.FindWrong(result, world.Scheduler.Elapsed - began) is { } wrong)
                throw new SimulationException(wrong);
            world.Trace.Add("world", $"{result.Ending}: {result.Message}");
        }
        if (asked.IsFaulted)
            world.Trace.Add("world", $"refused: {asked.Exception.InnerException!.Message}");
    }

    /// <summary>A user lets a domain that is still saved go on; where its memory is refused, it is removed, to be made anew from its disks.</summary>
    private static async Task WakeAsync(SimWorld world, Director director)
    {
        GodwitException? refused = null;
        await UntilAsync(world, () => director.IsAsking ? "a request has not been answered"
            : !world.Hosts.All(host => host.IsReady) ? "a daemon is not ready"
            : world.Record() is { RunState: RunState.Saved, Arriving: true } ? "a restore is not settled" : null);
        var until = world.Scheduler.Elapsed + Rest;
        // Looked at anew each time: a registry that was put back may say so only until it has caught up.
        while (world.Record() is { RunState: RunState.Saved } saved)
        {
            if (world.Scheduler.Elapsed > until)
                throw new SimulationException($"the domain is not restored: {refused?.Message}");
            try
            {
                await world.Host(saved.Owner).AskAsync(domains =>
                    domains.RestoreAsync(SimWorld.Domain, new RestoreOptions(), new Progress<WorkProgress>(), CancellationToken.None));
                world.Trace.Add("world", "has been restored at last");
            }
            catch (GodwitException e) when (e.Code is "saved-memory-is-stale" or "saved-memory-missing")
            {
                if (!world.MayBeCold)
                    throw new SimulationException($"memory was given up for nothing: {e.Message}");
                world.Trace.Add("world", $"is made anew: {e.Message}");
                world.DomainMayEnd();
                await DoAsync(world, world.Host(saved.Owner), "the saved domain is not removed", async domains =>
                {
                    await domains.DestroyAsync(SimWorld.Domain, CancellationToken.None);
                    return true;
                });
            }
            catch (GodwitException e)
            {
                refused = e;
                await Task.Delay(Look, world.Time);
            }
        }
    }

    private static async Task PauseAsync(SimWorld world, DomainRecord record)
    {
        var running = record.RunState == RunState.Running;
        await DoAsync(world, world.Host(record.Owner), "it is not paused", async domains =>
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
