using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>What can be asked of a domain without more words: shutdown, reboot, destroy, pause, unpause.</summary>
internal static class VerbCommands
{
    /// <summary>How often a domain that shuts down is looked at.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    public static Command Reboot(Surroundings around) =>
        Plain(around, DomainVerb.Reboot, "reboot", "Ask the guest to reboot",
            ("godwit reboot vm1", "returns once the guest has been asked"));

    public static Command Destroy(Surroundings around) =>
        Plain(around, DomainVerb.Destroy, "destroy", "End a domain at once, as if its power was pulled",
            ("godwit destroy vm1", "what the guest has not flushed is lost"));

    public static Command Pause(Surroundings around) =>
        Plain(around, DomainVerb.Pause, "pause", "Stop the processors of a domain; it keeps its memory",
            ("godwit pause vm1", "it arrives paused when it is migrated"));

    public static Command Unpause(Surroundings around) =>
        Plain(around, DomainVerb.Unpause, "unpause", "Let a paused domain go on",
            ("godwit unpause vm1", "goes on where it was paused"));

    private static DocumentedCommand Plain(
        Surroundings around, DomainVerb verb, string word, string description, (string, string) example)
    {
        var name = Arguments.Domain();
        return new DocumentedCommand(word, description) { Arguments = { name }, Examples = [example] }
            .Runs(around, async (call, ct) =>
            {
                using var client = call.Connect();
                await client.DoAsync(call.Get(name), verb, ct).ConfigureAwait(false);
                return ExitCode.Success;
            });
    }

    public static Command Shutdown(Surroundings around)
    {
        var name = Arguments.Domain();
        var wait = new Option<bool>("--wait", "-w") { Description = "Return only when the domain has ended" };
        var timeout = Arguments.Number("--timeout", "SECONDS", "With -w, wait no longer than this");
        return new DocumentedCommand("shutdown", "Ask the guest to shut itself down")
        {
            Arguments = { name },
            Options = { wait, timeout },
            Examples =
            [
                ("godwit shutdown vm1", "returns once the guest has been asked"),
                ("godwit shutdown -w --timeout 60 vm1 || godwit destroy vm1", "gives it a minute"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            await client.DoAsync(call.Get(name), DomainVerb.Shutdown, ct).ConfigureAwait(false);
            return call.Get(wait)
                ? await WaitForEndAsync(call, client, call.Get(name), call.Get(timeout), ct).ConfigureAwait(false)
                : ExitCode.Success;
        });
    }

    private static async Task<ExitCode> WaitForEndAsync(
        Invocation call, GodwitClient client, string name, int? seconds, CancellationToken ct)
    {
        var time = call.Around.Time;
        var began = time.GetTimestamp();
        while (true)
        {
            var domains = await client.ListDomainsAsync(ct).ConfigureAwait(false);
            // A domain that is kept after its end (on_poweroff="preserve") stays in the list.
            if (domains.FirstOrDefault(d => d.Name == name) is not { State: not (DomainState.ShutOff or DomainState.Crashed) })
                return ExitCode.Success;
            if (time.GetElapsedTime(began).TotalSeconds >= seconds)
            {
                Failures.Print(new ApiError("timed-out", $"{name} has not shut down within {seconds} s",
                    $"godwit destroy {name} ends it at once"), call.Json, call.Around);
                return ExitCode.Interrupted;
            }
            await Task.Delay(LookAgain, time, ct).ConfigureAwait(false);
        }
    }
}
