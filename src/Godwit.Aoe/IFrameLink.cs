using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe;

/// <summary>
/// A wire that carries frames: a network interface, or memory in tests. One thread receives; others may send, each
/// with a batch of its own, and wake it.
/// </summary>
public interface IFrameLink : IDisposable
{
    string Name { get; }

    /// <summary>The address that frames are sent from.</summary>
    MacAddress Address { get; }

    /// <summary>Greatest payload of a frame, in bytes; it may change while the link is in use.</summary>
    int Mtu { get; }

    /// <summary>What <see cref="Mtu"/> does not exceed until the link is renewed: room is made for frames of this payload.</summary>
    int MtuLimit { get; }

    /// <summary>Frames that came, and that were to be sent, and found no room.</summary>
    long Dropped { get; }

    /// <summary>Frames that came and were longer than there is room for.</summary>
    long TooLong => 0;

    /// <summary>
    /// Looks, once in a while, whether the interface is still the one that was opened. Where it was taken away and made again, has
    /// another address now or carries longer frames than there is room for, it is opened anew, and what had come is lost. For who
    /// receives, and sends alone.
    /// </summary>
    LinkChange Renew() => LinkChange.None;

    /// <summary>
    /// Waits for frames and takes all that are there and fit; they stay until the next call. Comes back with none when the
    /// time is over or after <see cref="Wake"/>.
    /// </summary>
    /// <param name="timeoutMs">Milliseconds; 0 does not wait, -1 waits for ever.</param>
    void Receive(PacketBatch batch, int timeoutMs);

    /// <summary>Sends what is in the batch. Frames may be lost without notice.</summary>
    void Send(PacketBatch batch);

    void Wake();
}

/// <summary>What became of a link.</summary>
public enum LinkChange
{
    None,

    /// <summary>The interface is gone; told once. It may come back.</summary>
    Gone,

    /// <summary>It was opened anew: address and room may be others.</summary>
    Renewed,
}
