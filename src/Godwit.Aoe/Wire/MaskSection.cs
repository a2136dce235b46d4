using Godwit.Domains;

namespace Godwit.Aoe.Wire;

/// <summary>
/// Command 2, MAC mask list (AoEr11 section 5): the addresses that a target listens to at all.
/// <code>
///   24         25     26       27        28         29     30
///   +----------+------+--------+---------+----------+------+-----------------+----
///   | reserved | MCmd | MError | count n | reserved | DCmd | Ethernet address | ... n directives of 8 bytes
///   +----------+------+--------+---------+----------+------+-----------------+----
/// </code>
/// </summary>
public readonly ref struct MaskSection
{
    public const int Bytes = 4;
    public const int DirectivesAt = AoeHeader.Bytes + Bytes;
    public const int DirectiveBytes = 8;

    /// <summary>Most addresses of a list: what the count's byte holds.</summary>
    public const int Longest = 255;

    /// <summary>Most addresses of a list that a frame of an interface has room for.</summary>
    public static int RoomFor(int mtu) => Math.Min(Longest, (AoeProtocol.FrameBytes(mtu) - DirectivesAt) / DirectiveBytes);

    private const int CommandAt = 25, ErrorAt = 26, CountAt = 27;
    private readonly ReadOnlySpan<byte> _directives;

    private MaskSection(MaskCommand command, MaskError error, ReadOnlySpan<byte> directives)
    {
        Command = command;
        Error = error;
        _directives = directives;
    }

    public MaskCommand Command { get; }

    public MaskError Error { get; }

    public int Count => _directives.Length / DirectiveBytes;

    public MaskDirective this[int index]
    {
        get
        {
            var bytes = _directives.Slice(index * DirectiveBytes, DirectiveBytes);
            return new MaskDirective((MaskChange)bytes[1], MacAddress.Read(bytes[2..]));
        }
    }

    public static MalformedFrame TryRead(ReadOnlySpan<byte> frame, out MaskSection section)
    {
        section = default;
        if (frame.Length < DirectivesAt) return MalformedFrame.TooShort;
        var bytes = frame[CountAt] * DirectiveBytes;
        if (bytes > frame.Length - DirectivesAt) return MalformedFrame.TruncatedList;
        section = new MaskSection(
            (MaskCommand)frame[CommandAt], (MaskError)frame[ErrorAt], frame.Slice(DirectivesAt, bytes));
        return MalformedFrame.No;
    }

    /// <returns>Length of the whole frame, in bytes.</returns>
    public static int Write(
        Span<byte> frame, MaskCommand command, MaskError error, ReadOnlySpan<MaskDirective> directives)
    {
        frame[AoeHeader.Bytes] = 0;
        frame[CommandAt] = (byte)command;
        frame[ErrorAt] = (byte)error;
        frame[CountAt] = (byte)directives.Length;
        var at = DirectivesAt;
        foreach (var directive in directives)
        {
            frame[at] = 0;
            frame[at + 1] = (byte)directive.Change;
            directive.Mac.Write(frame[(at + 2)..]);
            at += DirectiveBytes;
        }
        return at;
    }
}

public readonly record struct MaskDirective(MaskChange Change, MacAddress Mac);

public enum MaskCommand : byte
{
    Read = 0,
    Edit = 1,
}

public enum MaskChange : byte
{
    None = 0,
    Add = 1,
    Delete = 2,
}

public enum MaskError : byte
{
    None = 0,
    Unspecified = 1,
    BadDirective = 2,
    ListFull = 3,
}
