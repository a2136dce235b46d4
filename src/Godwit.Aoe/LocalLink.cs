using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Packets;

namespace Godwit.Aoe;

/// <summary>
/// The wire between a target and the initiators of its own host, who do not hear each other on a network interface: the same
/// frames over a Unix socket, and so the same sessions and the same fence. Only this process's user may connect.
/// </summary>
public static class LocalLink
{
    /// <summary>Greatest payload of a frame: that of jumbo frames.</summary>
    private const int Mtu = 9000;

    /// <summary>Of the target; locally administered. Initiators have that of their host, by which the fence knows them.</summary>
    private static readonly MacAddress s_target = new(0x0267_7700_0001);

    /// <summary>The target's end.</summary>
    /// <exception cref="GodwitException">The socket cannot be made.</exception>
    public static IFrameLink Listen(string path)
    {
        try
        {
            return new HubLink(FrameHub.Listen(path), path);
        }
        catch (Exception e) when (e is NativeException or UnauthorizedAccessException or ArgumentException)
        {
            throw new GodwitException("no-local-socket", $"{path} cannot be served: {e.Message}", "Give a path in a directory that is there.", e);
        }
    }

    /// <summary>An initiator's end. It need not be served yet, and is connected again when its target is started anew.</summary>
    public static IFrameLink Connect(string path, MacAddress address) => new LineLink(new FrameLine(path), path, address);

    private sealed class HubLink(FrameHub hub, string path) : IFrameLink
    {
        public string Name => path;

        public MacAddress Address => s_target;

        public int Mtu => LocalLink.Mtu;

        public int MtuLimit => LocalLink.Mtu;

        public long Dropped => hub.Dropped;

        public void Receive(PacketBatch batch, int timeoutMs) => hub.Receive(batch, timeoutMs);

        public void Send(PacketBatch batch) => hub.Send(batch);

        public void Wake() => hub.Wake();

        public void Dispose() => hub.Dispose();
    }

    private sealed class LineLink(FrameLine line, string path, MacAddress address) : IFrameLink
    {
        public string Name => path;

        public MacAddress Address => address;

        public int Mtu => LocalLink.Mtu;

        public int MtuLimit => LocalLink.Mtu;

        public long Dropped => line.Dropped;

        public void Receive(PacketBatch batch, int timeoutMs) => line.Receive(batch, timeoutMs);

        public void Send(PacketBatch batch) => line.Send(batch);

        public void Wake() => line.Wake();

        public void Dispose() => line.Dispose();
    }
}
