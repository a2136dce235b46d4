using System.CommandLine;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Domains;
using Godwit.Lab;

namespace Godwit.Cli.Commands;

/// <summary>A whole pool on this machine, to try Godwit out.</summary>
internal static class LabCommands
{
    public static Command Build(Surroundings around) => new Command("lab", "A whole pool on this machine, to try Godwit on")
    {
        Up(around),
        Down(around),
        Status(around),
        Power(around, "power-off", "Pull the power plug of a host", (lab, host, ct) => lab.PullPowerAsync(host, ct),
            ("godwit lab power-off resource-1", "everything on it ends in the same instant")),
        Power(around, "power-on", "Switch a host on again", (lab, host, ct) => lab.PowerOnAsync(host, ct),
            ("godwit lab power-on resource-1", "it joins its pool again")),
        LabDemoCommand.Build(around),
    };

    private static Argument<string> LabName() => new("LAB")
    {
        Description = "Name of the lab",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => "godwit",
    };

    private static DocumentedCommand Up(Surroundings around)
    {
        var name = LabName();
        var resources = Arguments.Number("--resources", "N", "Number of hosts that run domains, besides the storage host (default 2)");
        return new DocumentedCommand("up", "Make the lab, or what is missing of it; needs root")
        {
            Arguments = { name },
            Options = { resources },
            Examples =
            [
                ("godwit lab up", "hosts storage, resource-1 and resource-2"),
                ("godwit lab up --resources 4", "and two more"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            var spec = LabSpec.WithResources(call.Get(resources) ?? 2, call.Get(name));
            var progress = call.Json ? null : new PlainProgress(call.Out);
            var lab = await Godwit.Lab.Lab.UpAsync(spec, progress, ct).ConfigureAwait(false);
            var status = await Godwit.Lab.Lab.StatusAsync(lab.Spec.Name, ct).ConfigureAwait(false);
            return call.Show(status!, CliJson.Default.LabStatus, Write);
        });
    }

    private static DocumentedCommand Down(Surroundings around)
    {
        var name = LabName();
        return new DocumentedCommand("down", "Clear the lab away: its processes, namespaces and files")
        {
            Arguments = { name },
            Examples = [("godwit lab down", "nothing else of the machine is touched")],
        }.Runs(around, async (call, ct) =>
        {
            await Godwit.Lab.Lab.DownAsync(call.Get(name), ct).ConfigureAwait(false);
            return ExitCode.Success;
        });
    }

    private static DocumentedCommand Status(Surroundings around)
    {
        var name = LabName();
        return new DocumentedCommand("status", "Show the hosts of the lab")
        {
            Arguments = { name },
            Examples = [("godwit lab status", "exit code 1 when there is no lab")],
        }.Runs(around, async (call, ct) =>
        {
            var status = await Godwit.Lab.Lab.StatusAsync(call.Get(name), ct).ConfigureAwait(false)
                ?? throw NoLab(call.Get(name));
            return call.Show(status, CliJson.Default.LabStatus, Write);
        });
    }

    private static DocumentedCommand Power(
        Surroundings around, string word, string description,
        Func<Godwit.Lab.Lab, string, CancellationToken, Task> change, (string, string) example)
    {
        var host = new Argument<string>("HOST") { Description = "Host of the lab" };
        var lab = new Option<string>("--lab") { HelpName = "LAB", Description = "Name of the lab", DefaultValueFactory = _ => "godwit" };
        return new DocumentedCommand(word, description)
        {
            Arguments = { host },
            Options = { lab },
            Examples = [example],
        }.Runs(around, async (call, ct) =>
        {
            var name = call.Get(lab)!;
            var found = await Godwit.Lab.Lab.OpenAsync(name, ct).ConfigureAwait(false) ?? throw NoLab(name);
            await change(found, call.Get(host), ct).ConfigureAwait(false);
            return ExitCode.Success;
        });
    }

    private static GodwitException NoLab(string name) =>
        new("no-such-lab", $"there is no lab {name} on this machine", name == "godwit" ? "godwit lab up" : $"godwit lab up {name}");

    private static void Write(TextWriter output, LabStatus status)
    {
        var table = new Table(new Column("Host", MinWidth: 12), "Address", "Power", "Godwitd", "Roles", "Namespace");
        foreach (var h in status.Hosts)
        {
            table.Add(h.Name, h.Address, h.Powered ? "on" : "off", h.DaemonAnswers ? "answers" : "silent",
                h.Roles.ToString().ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal), h.Namespace);
        }
        table.Write(output);
    }
}
