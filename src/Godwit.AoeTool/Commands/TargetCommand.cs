using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Godwit.Aoe.Control;
using Godwit.AoeTool.Running;

namespace Godwit.AoeTool.Commands;

/// <summary><c>godwit-aoe target</c>: what a running export process serves, looked at and changed.</summary>
internal static class TargetCommand
{
    public static Command Build() => new("target", "Look at and change what a running 'godwit-aoe export' serves")
    {
        Add(), Remove(), List(), Stats(),
    };

    private static DocumentedCommand Add()
    {
        var (export, control, json) = (new ExportOptions(), Control(), CommonOptions.Json());
        var command = new DocumentedCommand("add", "Serve one more disk, beside those that are served")
        {
            Examples = [("godwit-aoe target add /srv/vm2.img --shelf 0 --slot 2 --interface eth1 --control /run/aoe.sock", "as e0.2, from the process of that socket")],
        };
        export.AddTo(command);
        command.Options.Add(control);
        command.Options.Add(json);
        return command.Runs(async (parsed, ct) =>
        {
            var status = await Client(parsed, control).AddAsync(export.Order(parsed), ct).ConfigureAwait(false);
            Print([status], parsed.GetValue(json));
            return ExitCode.Success;
        });
    }

    private static DocumentedCommand Remove()
    {
        var (device, control, json) = (CommonOptions.Device(), Control(), CommonOptions.Json());
        return new DocumentedCommand("remove", "Serve a disk no longer; what was written to it is on stable storage then")
        {
            Arguments = { device },
            Options = { control, json },
            Examples = [("godwit-aoe target remove e0.2 --control /run/aoe.sock", "the others are not disturbed")],
        }.Runs(async (parsed, ct) =>
        {
            var address = parsed.GetRequiredValue(device).ToString();
            await Client(parsed, control).RemoveAsync(address, ct).ConfigureAwait(false);
            if (parsed.GetValue(json)) Console.Out.WriteLine(JsonSerializer.Serialize(new RemovedDevice(address), ToolJson.Default.RemovedDevice));
            return ExitCode.Success;
        });
    }

    private static DocumentedCommand List()
    {
        var (control, json) = (Control(), CommonOptions.Json());
        return new DocumentedCommand("list", "List what is served")
        {
            Options = { control, json },
            Examples = [("godwit-aoe target list --control /run/aoe.sock", "address, size, interfaces, path and state, a line each")],
        }.Runs(async (parsed, ct) =>
        {
            Print(await Client(parsed, control).ListAsync(ct).ConfigureAwait(false), parsed.GetValue(json));
            return ExitCode.Success;
        });
    }

    private static DocumentedCommand Stats()
    {
        var (device, control, json) = (CommonOptions.OptionalDevice(), Control(), CommonOptions.Json());
        return new DocumentedCommand("stats", "Show what was asked of each disk since it is served")
        {
            Arguments = { device },
            Options = { control, json },
            Examples =
            [
                ("godwit-aoe target stats --control /run/aoe.sock", "requests, refusals, repetitions and lost frames"),
                ("godwit-aoe target stats e0.1 --control /run/aoe.sock --json", "one disk, for programs"),
            ],
        }.Runs(async (parsed, ct) =>
        {
            var client = Client(parsed, control);
            var shown = parsed.GetValue(device) is { } only
                ? [await client.StatusAsync(ct, only.ToString()).ConfigureAwait(false)]
                : await client.ListAsync(ct).ConfigureAwait(false);
            if (parsed.GetValue(json)) PrintJson(shown);
            else PrintCounters(shown);
            return ExitCode.Success;
        });
    }

    private static void Print(IReadOnlyList<ExportStatus> exports, bool json)
    {
        if (json)
        {
            PrintJson(exports);
            return;
        }
        foreach (var e in exports)
        {
            var state = e.Problem is { } problem ? $"no writes: {problem}" : e.ReadOnly ? "read-only"
                : e.Managed ? string.Create(CultureInfo.InvariantCulture, $"fenced, epoch {e.Epoch}") : "open";
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{e.Device,-8} {e.Size,15} {string.Join(",", e.Interfaces.Select(i => i.Name)),-16} {e.Path}  {state}"));
        }
    }

    private static void PrintCounters(IReadOnlyList<ExportStatus> exports)
    {
        Console.Out.WriteLine($"{"DEVICE",-8} {"READS",12} {"WRITES",12} {"FLUSHES",10} {"REFUSED",10} {"REPEATED",10} {"MALFORMED",10} {"DROPPED",10} {"TOOLONG",10}");
        foreach (var e in exports)
        {
            var c = e.Counters;
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{e.Device,-8} {c.Reads,12} {c.Writes,12} {c.Flushes,10} {c.Refused,10} {c.Repeated,10} {c.Malformed + e.Interfaces.Sum(i => i.Malformed),10} {e.Interfaces.Sum(i => i.Dropped),10} {e.Interfaces.Sum(i => i.TooLong),10}"));
        }
    }

    private static void PrintJson(IReadOnlyList<ExportStatus> exports) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(exports, ToolJson.Default.IReadOnlyListExportStatus));

    private static Option<string> Control() =>
        new("--control") { Description = "Control socket of the process", HelpName = "SOCKET", Required = true };

    private static ExportControlClient Client(ParseResult parsed, Option<string> control) => new(parsed.GetRequiredValue(control));
}
