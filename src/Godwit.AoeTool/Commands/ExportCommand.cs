using System.CommandLine;
using Godwit.AoeTool.Running;

namespace Godwit.AoeTool.Commands;

internal static class ExportCommand
{
    public static Command Build()
    {
        var export = new ExportOptions();
        var control = new Option<string?>("--control")
        {
            Description = "Control socket to serve, for 'godwit-aoe target'; it exists once the disk is served",
            HelpName = "SOCKET",
        };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("export", "Serve a file or block device; ends on SIGTERM")
        {
            Examples =
            [
                ("godwit-aoe export /srv/vm1.img --shelf 0 --slot 0 --interface eth1",
                    "as e0.0 for all on the network of eth1"),
                ("godwit-aoe export /dev/vg_xen/lv_vm1 --shelf 0 --slot 1 --interface eth1 --interface eth2 --mac 02:00:00:00:00:01",
                    "over two networks, for one initiator only"),
                ("godwit-aoe export /dev/vg_xen/lv_vm1 --shelf 0 --slot 1 --interface eth1 --managed --new-state "
                    + "--state /var/lib/godwit/aoe --control /run/godwit/e0.1.sock",
                    "in a pool, for the first time; later without --new-state"),
            ],
        };
        export.AddTo(command);
        command.Options.Add(control);
        command.Options.Add(json);
        return command.Runs((parsed, ct) => ExportRun.RunAsync(export.Order(parsed), parsed.GetValue(control), parsed.GetValue(json), ct));
    }
}
