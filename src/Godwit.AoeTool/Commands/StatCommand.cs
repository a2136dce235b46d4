using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Godwit.AoeTool.Running;

namespace Godwit.AoeTool.Commands;

internal static class StatCommand
{
    public static Command Build()
    {
        var device = CommonOptions.OptionalDevice();
        var interfaces = CommonOptions.Interfaces();
        var wait = CommonOptions.Number("--wait-ms", "N", "Milliseconds to wait for answers", 10, 60_000, 500);
        var json = CommonOptions.Json();
        return new DocumentedCommand("stat", "Show the disks of the network with size, interface, state and who may use them")
        {
            Arguments = { device },
            Options = { interfaces, wait, json },
            Examples =
            [
                ("godwit-aoe stat", "all, one line each"),
                ("godwit-aoe stat e0.0 --json", "one; exit code 1 when it does not answer"),
            ],
        }.Runs(async (parsed, _) =>
        {
            var only = parsed.GetValue(device);
            var found = await LookAround.FindAsync(
                parsed.GetValue(interfaces) ?? [], only, TimeSpan.FromMilliseconds(parsed.GetValue(wait)), describe: true).ConfigureAwait(false);
            var devices = found.Select(DeviceStat.From).ToList();
            if (devices.Count == 0 && only is { } missing) devices.Add(DeviceStat.Down(missing));
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(devices, ToolJson.Default.IReadOnlyListDeviceStat));
            else
                Print(devices);
            return devices.Any(d => d.State == DeviceStat.Up) ? ExitCode.Success : ExitCode.Failure;
        });
    }

    private static void Print(IEnumerable<DeviceStat> devices)
    {
        foreach (var d in devices)
        {
            var size = d.Size is { } bytes ? (bytes / 1e9).ToString("0.000", CultureInfo.InvariantCulture) + "GB" : "-";
            Console.Out.WriteLine($"{d.Device,10}{size,16}{d.Interface ?? "-",16}{d.Mtu,6} {d.State,-5} {d.Access}");
        }
    }
}
