using System.CommandLine;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.AoeTool.Running;

namespace Godwit.AoeTool.Commands;

internal static class ExportCommand
{
    public static Command Build()
    {
        var path = new Argument<string>("PATH") { Description = "File (sparse or not) or block device to serve" };
        var shelf = CommonOptions.Number("--shelf", "N", "Shelf of the address", 0, AoeAddress.LastShelf);
        var slot = CommonOptions.Number("--slot", "N", "Slot of the address", 0, AoeAddress.LastSlot);
        var @interface = CommonOptions.Interface();
        var managed = new Option<bool>("--managed")
        {
            Description = "In a pool: one writer at a time, set through the control socket; reservations over the wire are refused",
        };
        var newState = new Option<bool>("--new-state")
        {
            Description = "With --managed: begin the fence of a disk that never had one. Without it, a missing state serves nobody",
        };
        var state = new Option<string?>("--state")
        {
            Description = "Directory that keeps fence, reservations, masks and configuration string over restarts",
            HelpName = "DIR",
        };
        var control = new Option<string?>("--control") { Description = "Control socket to serve; it exists once the disk is served", HelpName = "SOCKET" };
        var readOnly = new Option<bool>("--read-only", "-r") { Description = "Refuse writes" };
        var buffers = CommonOptions.Number("--buffers", "N", "Frames that initiators may have on their way", 1, 1024, 128);
        var json = CommonOptions.Json();
        return new DocumentedCommand("export", "Serve a file or block device; ends on SIGTERM")
        {
            Arguments = { path },
            Options = { shelf, slot, @interface, managed, newState, state, control, readOnly, buffers, json },
            Examples =
            [
                ("godwit-aoe export /srv/vm1.img --shelf 0 --slot 0 --interface eth1",
                    "as e0.0 for all on the network of eth1"),
                ("godwit-aoe export /dev/vg_xen/lv_vm1 --shelf 0 --slot 1 --interface eth1 --managed --new-state "
                    + "--state /var/lib/godwit/aoe --control /run/godwit/e0.1.sock",
                    "in a pool, for the first time; later without --new-state"),
            ],
        }.Runs((parsed, ct) => ExportRun.RunAsync(
            new ExportSettings
            {
                Address = new AoeAddress((ushort)parsed.GetValue(shelf), (byte)parsed.GetValue(slot)),
                Path = Path.GetFullPath(parsed.GetRequiredValue(path)),
                ReadOnly = parsed.GetValue(readOnly),
                StateDirectory = parsed.GetValue(state),
                BufferCount = (ushort)parsed.GetValue(buffers),
            },
            new ExportRunOptions(parsed.GetRequiredValue(@interface), parsed.GetValue(managed), parsed.GetValue(newState),
                parsed.GetValue(control), parsed.GetValue(json)),
            ct));
    }
}
