using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe;

/// <summary>A network interface, through a packet socket that takes AoE frames only.</summary>
public sealed class PacketLink : IFrameLink
{
    /// <summary>Of jumbo frames; an interface may get them while it is open.</summary>
    private const int JumboMtu = 9216;

    /// <summary>Bytes that the frames of a ring take at most: the kernel does not swap them.</summary>
    private const int LargestRing = 64 << 20;

    /// <summary>Of Ethernet, in bytes without its check sum.</summary>
    private const int ShortestFrame = 60;

    /// <summary>In milliseconds of the coarse clock, which costs next to nothing: it is looked at with every frame.</summary>
    private const int LookAgain = 1000;

    private readonly Func<PacketSocket> _open;
    private readonly Lock _renewal = new();
    private volatile PacketSocket _socket;
    private int _mtu;
    private long _mtuAsked;
    private long _lookedAt;
    private bool _gone;
    private long _droppedBefore, _tooLongBefore;

    private PacketLink(Func<PacketSocket> open)
    {
        _open = open;
        _socket = open();
        Begin();
    }

    public string Name => _socket.Interface.Name;

    public MacAddress Address { get; private set; }

    public int Mtu
    {
        get
        {
            // Asked for with every frame, and asked of the kernel once in a while.
            if (Environment.TickCount64 - _mtuAsked < LookAgain) return _mtu;
            _mtuAsked = Environment.TickCount64;
            return _mtu = Math.Min(_socket.FindMtu() ?? _mtu, MtuLimit);
        }
    }

    public int MtuLimit => LimitFor(_socket.Interface.Mtu);

    public long Dropped
    {
        get
        {
            lock (_renewal) return _droppedBefore + _socket.Dropped + _socket.ReceiveDropped;
        }
    }

    public long TooLong
    {
        get
        {
            lock (_renewal) return _tooLongBefore + _socket.TooLong;
        }
    }

    /// <exception cref="GodwitException">The interface is not there, is down, or may not be opened.</exception>
    /// <param name="interfaceName">As <c>ip link</c> shows it.</param>
    /// <param name="filter">What frames are taken.</param>
    /// <param name="ringFrames">
    /// So many frames may come at once: room is made for them, and waits are short (see <see cref="PacketSocketOptions"/>). Null: it is
    /// seldom busy.
    /// </param>
    /// <param name="mayBeDown">An interface that is down is taken as well: it may come up later.</param>
    public static PacketLink Open(string interfaceName, IReadOnlyList<BpfInstruction> filter, int? ringFrames = null, bool mayBeDown = false)
    {
        var link = new PacketLink(() => OpenSocket(interfaceName, filter, ringFrames));
        if (mayBeDown || link._socket.Interface.Up) return link;
        link.Dispose();
        throw Unusable(link._socket.Interface);
    }

    public LinkChange Renew()
    {
        if (Environment.TickCount64 - _lookedAt < LookAgain) return LinkChange.None;
        _lookedAt = Environment.TickCount64;
        var found = _socket.FindInterface();
        if (found is null)
        {
            if (_gone) return LinkChange.None;
            _gone = true;
            return LinkChange.Gone;
        }
        if (_socket.IsBound && found.Mtu <= MtuLimit && MacAddress.Read(found.Address.Span) == Address)
        {
            _gone = false;
            return LinkChange.None;
        }
        PacketSocket socket;
        try
        {
            socket = _open();
        }
        catch (GodwitException)
        {
            // Gone again, or not ready yet: the next look tells.
            return LinkChange.None;
        }
        lock (_renewal)
        {
            var old = _socket;
            _droppedBefore += old.Dropped + old.ReceiveDropped;
            _tooLongBefore += old.TooLong;
            _socket = socket;
            old.Dispose();
        }
        Begin();
        return LinkChange.Renewed;
    }

    public void Receive(PacketBatch batch, int timeoutMs) => _socket.Receive(batch, timeoutMs);

    public void Send(PacketBatch batch)
    {
        // Network cards do that; virtual ones do not, and there are readers (aoeping) that insist on it.
        batch.Pad(ShortestFrame);
        _socket.Send(batch);
    }

    public void Wake()
    {
        lock (_renewal) _socket.Wake();
    }

    public void Dispose() => _socket.Dispose();

    private static int LimitFor(int mtu) => Math.Max(mtu, JumboMtu);

    private static PacketSocket OpenSocket(string interfaceName, IReadOnlyList<BpfInstruction> filter, int? ringFrames)
    {
        PacketSocket socket;
        int limit;
        try
        {
            limit = LimitFor(PacketInterface.FindMtu(interfaceName));
            var frameBytes = AoeProtocol.FrameBytes(limit);
            socket = PacketSocket.Open(
                interfaceName,
                new PacketSocketOptions
                {
                    EtherType = AoeProtocol.EtherType,
                    Filter = filter,
                    HeadBytes = AtaSection.DataAt,
                    Spins = ringFrames is not null,
                    Ring = ringFrames is { } frames ? new PacketRingSize(Math.Min(frames, LargestRing / frameBytes), frameBytes) : null,
                });
        }
        catch (IOException e)
        {
            throw new GodwitException("no-interface", $"Cannot use the network interface {interfaceName}: {e.Message}",
                "See 'ip link' for the interfaces; raw frames need root or CAP_NET_RAW and CAP_NET_ADMIN.", e);
        }
        // The MTU was raised meanwhile.
        if (LimitFor(socket.Interface.Mtu) > limit)
        {
            socket.Dispose();
            return OpenSocket(interfaceName, filter, ringFrames);
        }
        if (AoeProtocol.SectorsPerFrame(socket.Interface.Mtu) > 0) return socket;
        socket.Dispose();
        throw Unusable(socket.Interface);
    }

    private static GodwitException Unusable(PacketInterface found) => new("no-interface",
        $"The network interface {found.Name} is down, or its MTU of {found.Mtu} holds no sector.",
        $"ip link set {found.Name} up mtu 9000");

    private void Begin()
    {
        (_mtu, _gone) = (_socket.Interface.Mtu, false);
        _mtuAsked = _lookedAt = Environment.TickCount64;
        Address = MacAddress.Read(_socket.Interface.Address.Span);
    }
}
