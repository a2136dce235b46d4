using System.Buffers.Binary;
using Godwit.Domains;

namespace Godwit.Aoe.Wire;

/// <summary>
/// The header of every frame (AoEr11 section 2). All numbers are big-endian.
/// <code>
///    0                             6                            12
///   +-----------------------------+-----------------------------+
///   | destination MAC             | source MAC                  |
///   +---------+---------+---------+----+---------+---------+----+
///  12         14        15        16   18        19        20   24
///   | 0x88A2  | ver|flg | error   | major (shelf) | minor | cmd | tag |
/// </code>
/// </summary>
public readonly record struct AoeHeader
{
    public const int Bytes = 24;

    internal const int DestinationAt = 0, SourceAt = 6, EtherTypeAt = 12, VersionAt = 14, ErrorAt = 15, MajorAt = 16,
        MinorAt = 18, CommandAt = 19, TagAt = 20;

    public required MacAddress Destination { get; init; }

    public required MacAddress Source { get; init; }

    /// <summary>4 bits.</summary>
    public byte Version { get; init; }

    public AoeFlags Flags { get; init; }

    public AoeError Error { get; init; }

    public required AoeAddress Address { get; init; }

    public required AoeCommand Command { get; init; }

    /// <summary>The initiator's; a target sends it back as it came.</summary>
    public uint Tag { get; init; }

    public bool IsResponse => (Flags & AoeFlags.Response) != 0;

    public static MalformedFrame TryRead(ReadOnlySpan<byte> frame, out AoeHeader header)
    {
        header = default;
        if (frame.Length < Bytes) return MalformedFrame.TooShort;
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[EtherTypeAt..]) != AoeProtocol.EtherType)
            return MalformedFrame.ForeignEtherType;
        header = new AoeHeader
        {
            Destination = MacAddress.Read(frame[DestinationAt..]),
            Source = MacAddress.Read(frame[SourceAt..]),
            Version = (byte)(frame[VersionAt] >> 4),
            Flags = (AoeFlags)(frame[VersionAt] & 0xF),
            Error = (AoeError)frame[ErrorAt],
            Address = new AoeAddress(BinaryPrimitives.ReadUInt16BigEndian(frame[MajorAt..]), frame[MinorAt]),
            Command = (AoeCommand)frame[CommandAt],
            Tag = BinaryPrimitives.ReadUInt32BigEndian(frame[TagAt..]),
        };
        return MalformedFrame.No;
    }

    /// <summary>Writes the header; the room must hold <see cref="Bytes"/>.</summary>
    public void Write(Span<byte> frame)
    {
        Destination.Write(frame[DestinationAt..]);
        Source.Write(frame[SourceAt..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[EtherTypeAt..], AoeProtocol.EtherType);
        frame[VersionAt] = (byte)((Version << 4) | ((byte)Flags & 0xF));
        frame[ErrorAt] = (byte)Error;
        BinaryPrimitives.WriteUInt16BigEndian(frame[MajorAt..], Address.Shelf);
        frame[MinorAt] = Address.Slot;
        frame[CommandAt] = (byte)Command;
        BinaryPrimitives.WriteUInt32BigEndian(frame[TagAt..], Tag);
    }

    /// <summary>A request of this version of the protocol.</summary>
    public static AoeHeader Request(MacAddress to, MacAddress from, AoeAddress address, AoeCommand command, uint tag) => new()
    {
        Destination = to,
        Source = from,
        Version = AoeProtocol.Version,
        Address = address,
        Command = command,
        Tag = tag,
    };

    /// <summary>The header of the answer to this request, from a target's own addresses.</summary>
    public AoeHeader Answer(MacAddress from, AoeAddress address, AoeError error = AoeError.None) => this with
    {
        Destination = Source,
        Source = from,
        Address = address,
        Version = AoeProtocol.Version,
        Flags = error == AoeError.None ? AoeFlags.Response : AoeFlags.Response | AoeFlags.Error,
        Error = error,
    };
}
