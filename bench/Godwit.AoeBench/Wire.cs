using System.Globalization;
using Godwit.Native.Network;
using Godwit.Native.Processes;

namespace Godwit.AoeBench;

/// <summary>Two network namespaces, joined by a veth pair with 9000-byte frames.</summary>
internal sealed class Wire : IAsyncDisposable
{
    public const string Interface = "aoe0";
    private static readonly string s_unique = "gwaoe" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private Wire()
    {
    }

    public static string TargetSide => s_unique + "t";

    public static string InitiatorSide => s_unique + "i";

    public static async Task<Wire> UpAsync()
    {
        var wire = new Wire();
        try
        {
            foreach (var side in new[] { TargetSide, InitiatorSide }) await IpAsync("netns", "add", side);
            await IpAsync("link", "add", Interface, "netns", TargetSide, "type", "veth", "peer", "name", Interface, "netns", InitiatorSide);
            foreach (var side in new[] { TargetSide, InitiatorSide }) await IpAsync("-n", side, "link", "set", Interface, "up", "mtu", "9000");
            return wire;
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a function on the initiator's side.</summary>
    public static T Run<T>(Func<T> function)
    {
        using var side = NetworkNamespace.OpenNamed(InitiatorSide);
        return side.Run(function);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var side in new[] { TargetSide, InitiatorSide }) await ProgramRunner.TryRunAsync(["ip", "netns", "del", side]);
    }

    private static async Task IpAsync(params string[] arguments)
    {
        var result = await ProgramRunner.TryRunAsync(["ip", .. arguments]);
        if (!result.Succeeded) throw new ProgramFailedException("ip " + string.Join(' ', arguments), result);
    }
}
