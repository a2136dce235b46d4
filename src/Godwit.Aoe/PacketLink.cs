using System.Diagnostics;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe;

/// <summary>A network interface, through a packet socket that takes AoE frames only.</summary>
public sealed class PacketLink : IFrameLink
{
    /// <summary>Of jumbo frames; an interface may get them while it is open.</summary>
    private const int JumboMtu = 9216;

    /// <summary>Frames that wait for a busy one: what four initiators send at once (see <see cref="Target.ExportSettings.BufferCount"/>), 4.8 MiB.</summary>
    private const int RingFrames = 512;

    /// <summary>Of Ethernet, in bytes without its check sum.</summary>
    private const int ShortestFrame = 60;

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly PacketSocket _socket;
    private int _mtu;
    private long _mtuAsked;

    private PacketLink(PacketSocket socket)
    {
        _socket = socket;
        _mtu = socket.Interface.Mtu;
        _mtuAsked = Stopwatch.GetTimestamp();
        Address = MacAddress.Read(socket.Interface.Address.Span);
    }

    public string Name => _socket.Interface.Name;

    public MacAddress Address { get; }

    public int Mtu
    {
        get
        {
            // Asked for with every frame, and asked of the kernel once in a while.
            if (Stopwatch.GetElapsedTime(_mtuAsked) < LookAgain) return _mtu;
            _mtuAsked = Stopwatch.GetTimestamp();
            return _mtu = Math.Min(_socket.FindMtu() ?? _mtu, MtuLimit);
        }
    }

    public int MtuLimit => Math.Max(_socket.Interface.Mtu, JumboMtu);

    public long Dropped => _socket.Dropped + _socket.ReceiveDropped;

    /// <exception cref="GodwitException">The interface is not there, is down, or may not be opened.</exception>
    /// <param name="interfaceName">As <c>ip link</c> shows it.</param>
    /// <param name="filter">What frames are taken.</param>
    /// <param name="mayBeDown">An interface that is down is taken as well: it may come up later.</param>
    /// <param name="busy">Many frames are to come: room is made for them at once, and waits are short (see <see cref="PacketSocketOptions"/>).</param>
    public static PacketLink Open(string interfaceName, IReadOnlyList<BpfInstruction> filter, bool busy = false, bool mayBeDown = false)
    {
        PacketSocket socket;
        try
        {
            socket = PacketSocket.Open(
                interfaceName,
                new PacketSocketOptions
                {
                    EtherType = AoeProtocol.EtherType,
                    Filter = filter,
                    Spins = busy,
                    Ring = busy ? new PacketRingSize(RingFrames, AoeProtocol.FrameBytes(JumboMtu)) : null,
                });
        }
        catch (IOException e)
        {
            throw new GodwitException("no-interface", $"Cannot use the network interface {interfaceName}: {e.Message}",
                "See 'ip link' for the interfaces; raw frames need root or CAP_NET_RAW and CAP_NET_ADMIN.", e);
        }
        if ((socket.Interface.Up || mayBeDown) && AoeProtocol.SectorsPerFrame(socket.Interface.Mtu) > 0) return new PacketLink(socket);
        socket.Dispose();
        throw new GodwitException("no-interface",
            $"The network interface {interfaceName} is down, or its MTU of {socket.Interface.Mtu} holds no sector.",
            $"ip link set {interfaceName} up mtu 9000");
    }

    public void Receive(PacketBatch batch, int timeoutMs) => _socket.Receive(batch, timeoutMs);

    public void Send(PacketBatch batch)
    {
        // Network cards do that; virtual ones do not, and there are readers (aoeping) that insist on it.
        batch.Pad(ShortestFrame);
        _socket.Send(batch);
    }

    public void Wake() => _socket.Wake();

    public void Dispose() => _socket.Dispose();
}
