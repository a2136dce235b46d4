using System.CommandLine;
using System.Net;
using Godwit.Api;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Commands;

/// <summary>Takes a domain from a host that is gone for good, and waits until its new host has settled it.</summary>
internal static class TakeOverCommand
{
    /// <summary>How often the domain is looked at meanwhile.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    public static Command Build(Surroundings around)
    {
        var name = Arguments.Domain();
        var force = new Option<bool>("--force") { Description = "Take it although the daemon of its owner answers; a copy there is stopped by its disks" };
        var timeout = Arguments.Number("--timeout", "SECONDS", "Wait no longer than this until it is settled; it is settled all the same");
        return new DocumentedCommand("take-over", "Take a domain from a host that is gone for good")
        {
            Explanation =
                """
                For a host, or the other side of a move, that will not come back. As long as it may, a domain that waits
                for it settles by itself.

                The host that takes the domain is the one that --host names; else the one that still holds the memory of
                its last move, if it answers; else the local one. The memory goes on only where the fences of the disks
                show that the other side never ran it. Else the domain starts cold, or stays crashed, as its on_crash
                says. Refused while the owner's daemon answers: then it can be migrated.
                """,
            Arguments = { name },
            Options = { force, timeout },
            Examples =
            [
                ("godwit migration take-over vm1", "the host that holds its memory takes it, or this one"),
                ("godwit --host resource-1 migration take-over vm1", "resource-1 takes it"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var taken = await client.TakeOverAsync(call.Get(name), new TakeOverRequest { Force = call.Get(force) }, ct).ConfigureAwait(false);
            if (!call.Json)
                around.Error.WriteLine($"godwit: {taken.Host} has taken {taken.Domain} from {taken.From} and settles it; Ctrl-C leaves it to that");
            return await WaitAsync(call, client, taken, call.Get(timeout), ct).ConfigureAwait(false);
        });
    }

    private static async Task<ExitCode> WaitAsync(
        Invocation call, GodwitClient client, TakeOverInfo taken, int? seconds, CancellationToken ct)
    {
        var time = call.Around.Time;
        var began = time.GetTimestamp();
        string? waits = null;
        while (true)
        {
            if (await LookAsync(client, taken.Domain, ct).ConfigureAwait(false) is { } domain)
            {
                if (domain.Host != taken.Host)
                {
                    throw new GodwitException("superseded", $"{domain.Name} belongs to {domain.Host} by now: somebody else took or moved it",
                        $"see godwit info {domain.Name}");
                }
                if (IsSettled(domain.State))
                    return Settled(call, domain);
                if (domain.Reason != waits && !call.Json && domain.Reason is not null)
                    call.Around.Error.WriteLine($"godwit: {domain.Name}: {domain.Reason}");
                waits = domain.Reason;
            }
            if (time.GetElapsedTime(began).TotalSeconds >= seconds)
            {
                Failures.Print(new ApiError("timed-out",
                    $"{taken.Host} has {taken.Domain} and has not settled it within {seconds} s" + (waits is null ? "" : $": {waits}"),
                    $"it goes on settling it; see godwit info {taken.Domain}"), call.Json, call.Around);
                return ExitCode.Interrupted;
            }
            await Task.Delay(LookAgain, time, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Null where nobody can say at this moment.</summary>
    private static async Task<DomainInfo?> LookAsync(GodwitClient client, string name, CancellationToken ct)
    {
        try
        {
            return await client.GetDomainAsync(name, ct).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.Status == HttpStatusCode.ServiceUnavailable)
        {
            return null;
        }
    }

    private static bool IsSettled(DomainState state) =>
        state is DomainState.Running or DomainState.Paused or DomainState.Crashed or DomainState.ShutOff or DomainState.IoError;

    /// <summary>A domain that crashed is where it was to be, but does not run: a script must see that.</summary>
    private static ExitCode Settled(Invocation call, DomainInfo domain)
    {
        if (domain.State is not (DomainState.Crashed or DomainState.IoError))
            return call.Show(domain, CliJson.Api.DomainInfo, (o, d) => o.WriteLine($"{d.Name} is {DomainTable.State(d.State)} on {d.Host}"));
        Failures.Print(new ApiError("not-running", $"{domain.Name} belongs to {domain.Host} now and does not run there: its state is {DomainTable.State(domain.State)}",
            $"see godwit info {domain.Name}, and the log of godwitd on {domain.Host}"), call.Json, call.Around);
        return ExitCode.Failed;
    }
}
