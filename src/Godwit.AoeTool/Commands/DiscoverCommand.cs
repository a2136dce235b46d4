using System.CommandLine;
using System.Text.Json;
using Godwit.AoeTool.Running;

namespace Godwit.AoeTool.Commands;

internal static class DiscoverCommand
{
    public static Command Build()
    {
        var interfaces = CommonOptions.Interfaces();
        var wait = CommonOptions.Number("--wait-ms", "N", "Milliseconds to wait for answers", 10, 60_000, 500);
        var json = CommonOptions.Json();
        return new DocumentedCommand("discover", "Find the disks that targets serve to this network")
        {
            Options = { interfaces, wait, json },
            Examples =
            [
                ("godwit-aoe discover", "on all interfaces that are up"),
                ("godwit-aoe discover -i eth1 --json", "on one, for a program"),
            ],
        }.Runs(async (parsed, _) =>
        {
            var found = await LookAround.FindAsync(
                parsed.GetValue(interfaces) ?? [], null, TimeSpan.FromMilliseconds(parsed.GetValue(wait)), describe: false).ConfigureAwait(false);
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize([.. found.Select(f => DiscoveredDevice.From(f.Target))], ToolJson.Default.IReadOnlyListDiscoveredDevice));
            else
                Print(found.Select(f => DiscoveredDevice.From(f.Target)));
            return found.Count > 0 ? ExitCode.Success : ExitCode.Failure;
        });
    }

    private static void Print(IEnumerable<DiscoveredDevice> devices)
    {
        Console.Out.WriteLine($"{"DEVICE",-12}{"INTERFACE",-17}{"MAC",-19}{"BUFFERS",9}{"FIRMWARE",10}{"SECTORS",9}");
        foreach (var d in devices)
            Console.Out.WriteLine($"{d.Device,-12}{d.Interface,-17}{d.Mac,-19}{d.BufferCount,9}{d.Firmware,10}{d.SectorsPerFrame,9}");
    }
}
