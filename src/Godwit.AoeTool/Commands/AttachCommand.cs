using System.CommandLine;
using Godwit.Aoe.Wire;
using Godwit.AoeTool.Running;
using Godwit.Domains;

namespace Godwit.AoeTool.Commands;

internal static class AttachCommand
{
    public static Command Build()
    {
        var device = CommonOptions.Device();
        var interfaces = CommonOptions.AttachInterfaces();
        var socket = new Option<string>("--socket") { Description = "NBD socket to serve", HelpName = "SOCKET", Required = true };
        var socketFd = new Option<int?>("--socket-fd") { Description = "Descriptor that listens at that socket already, inherited", HelpName = "N", Hidden = true };
        var control = new Option<string?>("--control") { Description = "Control socket to serve; it exists once the disk can be used", HelpName = "SOCKET" };
        var session = CommonOptions.Number("--session", "N", "Session that the target's fence gave to this host; 0 for none", 0, FrameTag.LastSession, 0);
        var timeout = CommonOptions.Number("--timeout-seconds", "N", "Seconds after which an unanswered request fails", 1, 86400, 180);
        var stopEngine = new Option<string?>("--stop-engine")
        {
            Description = "Monitor socket (QMP) of the engine that uses the disk: it is paused once another host is the disk's writer",
            HelpName = "SOCKET",
        };
        var inUse = new Option<bool>("--in-use") { Description = "Takes the place of a process that died: the engine is running already", Hidden = true };
        var memory = new Option<string?>("--memory") { Description = "File in memory that tells a successor of this process what was not flushed", HelpName = "FILE", Hidden = true };
        var local = new Option<string?>("--local") { Description = "Socket of an 'export --local' of this host, in place of interfaces", HelpName = "SOCKET" };
        var address = new Option<MacAddress?>("--address")
        {
            Description = "With --local: the Ethernet address by which the target's fence knows this host",
            HelpName = "MAC",
            CustomParser = result =>
            {
                if (MacAddress.TryParse(result.Tokens[0].Value, null, out var mac)) return mac;
                result.AddError($"'{result.Tokens[0].Value}' is no Ethernet address; write it as in 02:00:00:00:00:01.");
                return null;
            },
        };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("attach", "Use a disk of the network: serve it as NBD on a Unix socket; ends on SIGTERM")
        {
            Arguments = { device },
            Options = { interfaces, socket, socketFd, control, session, timeout, stopEngine, inUse, memory, local, address, json },
            Examples =
            [
                ("godwit-aoe attach e0.0 --interface eth1 --socket /run/e0.0.nbd",
                    "then: qemu-img info 'nbd+unix:///?socket=/run/e0.0.nbd'"),
                ("godwit-aoe attach e0.0 -i eth1 -i eth2 --socket /run/e0.0.nbd",
                    "over both interfaces, and over one when the other fails"),
                ("godwit-aoe attach e0.0 -i eth1 --socket /run/e0.0.nbd --control /run/e0.0.ctl --session 3",
                    "in a pool, under the session that the storage host gave"),
                ("godwit-aoe attach e0.0 --local /run/e0.0.frames --address 02:00:00:00:00:01 --socket /run/e0.0.nbd --session 3",
                    "on the host that exports it"),
            ],
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(interfaces) is { Length: > 0 } == result.GetValue(local) is not null)
                result.AddError("attach needs --interface, or --local on the host that exports the disk.");
            if (result.GetValue(local) is null != result.GetValue(address) is null)
                result.AddError("--local and --address belong together.");
        });
        return command.Runs((parsed, ct) => AttachRun.RunAsync(
            new AttachRunOptions
            {
                Device = parsed.GetValue(device),
                Interfaces = [.. (parsed.GetValue(interfaces) ?? []).Distinct()],
                Local = parsed.GetValue(local) is { } path ? (path, parsed.GetValue(address)!.Value) : null,
                NbdSocket = parsed.GetRequiredValue(socket),
                NbdSocketDescriptor = parsed.GetValue(socketFd),
                ControlSocket = parsed.GetValue(control),
                Session = parsed.GetValue(session),
                FailAfter = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                EngineSocket = parsed.GetValue(stopEngine),
                InUse = parsed.GetValue(inUse),
                Memory = parsed.GetValue(memory),
                Json = parsed.GetValue(json),
            }, ct));
    }
}
