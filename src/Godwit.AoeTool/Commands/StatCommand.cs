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
        var controls = new Option<string[]>("--control")
        {
            Description = "Control socket of a running 'godwit-aoe attach', which is asked instead of the network; may be given several times",
            HelpName = "SOCKET",
            AllowMultipleArgumentsPerToken = false,
        };
        var wait = CommonOptions.Number("--wait-ms", "N", "Milliseconds to wait for answers", 10, 60_000, 500);
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("stat", "Show the disks of the network with size, interface, state and who may use them; or how those that are attached do")
        {
            Arguments = { device },
            Options = { interfaces, controls, wait, json },
            Examples =
            [
                ("godwit-aoe stat", "all, a line for each address that answers"),
                ("godwit-aoe stat e0.0 --json", "one; exit code 1 when it does not answer"),
                ("godwit-aoe stat --control /run/e0.0.ctl", "an attached one: paths, windows, timeouts, retransmits, latencies in microseconds"),
            ],
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(controls) is { Implicit: false } && (result.GetResult(interfaces) is { Implicit: false } || result.GetValue(device) is not null))
                result.AddError("--control asks a process, and goes with neither DEVICE nor --interface, which ask the network.");
        });
        return command.Runs(async (parsed, ct) =>
        {
            if (parsed.GetValue(controls) is { Length: > 0 } sockets) return await AttachStat.RunAsync(sockets, parsed.GetValue(json), ct).ConfigureAwait(false);
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
