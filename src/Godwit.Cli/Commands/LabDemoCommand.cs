using System.CommandLine;
using Godwit.Cli.Running;
using Godwit.Lab.Demo;

namespace Godwit.Cli.Commands;

/// <summary>The whole story on a lab, measured; what <c>./demo</c> runs.</summary>
internal static class LabDemoCommand
{
    public static Command Build(Surroundings around)
    {
        var image = Arguments.Choice("--image", "Guest to take: a minimal Debian, or a busybox that boots in seconds", "debian", "tiny");
        var trips = Arguments.Number("--round-trips", "N", "How often the domain goes there and back (default 3)");
        // Takes the place of the option without a value that the other commands have: the report is a file here.
        var json = new Option<string?>("--json") { HelpName = "FILE", Description = "Write the figures to a file as JSON" };
        var keep = new Option<bool>("--keep") { Description = "Leave the lab up at the end" };
        var lab = new Option<string>("--lab") { HelpName = "LAB", Description = "Name of the lab", DefaultValueFactory = _ => "godwit" };
        return new DocumentedCommand("demo", "Move a domain to and fro, pull a power plug, and measure whether anybody noticed")
        {
            Options = { image, trips, json, keep, lab },
            Examples =
            [
                ("godwit lab demo --image tiny", "in a minute and a half"),
                ("godwit lab demo --round-trips 10 --json out.json", "with the figures for a program"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            var options = new DemoOptions
            {
                Image = call.Get(image)!,
                RoundTrips = call.Get(trips) ?? 3,
                JsonFile = call.Get(json),
                Keep = call.Get(keep),
                LabName = call.Get(lab)!,
            };
            return await new Demo(options, call.Out).RunAsync(ct).ConfigureAwait(false) ? ExitCode.Success : ExitCode.Failed;
        });
    }
}
