using Godwit.Domains;

namespace Godwit.Aoe.Wire;

/// <summary>
/// Command 3, reserve/release (AoEr11 section 6): the addresses that alone may send ATA commands.
/// <code>
///   24     25        26
///   +------+---------+-------------------+----
///   | RCmd | count n | Ethernet address  | ... n addresses of 6 bytes
///   +------+---------+-------------------+----
/// </code>
/// </summary>
public readonly ref struct ReserveSection
{
    public const int Bytes = 2;
    public const int AddressesAt = AoeHeader.Bytes + Bytes;

    /// <summary>Most addresses of a list: what the count's byte holds.</summary>
    public const int Longest = 255;

    /// <summary>Most addresses of a list that a frame of an interface has room for.</summary>
    public static int RoomFor(int mtu) => Math.Min(Longest, (AoeProtocol.FrameBytes(mtu) - AddressesAt) / MacAddress.Length);

    private const int CommandAt = 24, CountAt = 25;
    private readonly ReadOnlySpan<byte> _addresses;

    private ReserveSection(ReserveCommand command, ReadOnlySpan<byte> addresses)
    {
        Command = command;
        _addresses = addresses;
    }

    public ReserveCommand Command { get; }

    public int Count => _addresses.Length / MacAddress.Length;

    public MacAddress this[int index] => MacAddress.Read(_addresses.Slice(index * MacAddress.Length, MacAddress.Length));

    public static MalformedFrame TryRead(ReadOnlySpan<byte> frame, out ReserveSection section)
    {
        section = default;
        if (frame.Length < AddressesAt) return MalformedFrame.TooShort;
        var bytes = frame[CountAt] * MacAddress.Length;
        if (bytes > frame.Length - AddressesAt) return MalformedFrame.TruncatedList;
        section = new ReserveSection((ReserveCommand)frame[CommandAt], frame.Slice(AddressesAt, bytes));
        return MalformedFrame.No;
    }

    /// <returns>Length of the whole frame, in bytes.</returns>
    public static int Write(Span<byte> frame, ReserveCommand command, ReadOnlySpan<MacAddress> addresses)
    {
        frame[CommandAt] = (byte)command;
        frame[CountAt] = (byte)addresses.Length;
        var at = AddressesAt;
        foreach (var mac in addresses)
        {
            mac.Write(frame[at..]);
            at += MacAddress.Length;
        }
        return at;
    }
}

public enum ReserveCommand : byte
{
    Read = 0,

    /// <summary>Allowed to the holders of the reservation, or to all where there is none. An empty list releases.</summary>
    Set = 1,

    ForceSet = 2,
}
