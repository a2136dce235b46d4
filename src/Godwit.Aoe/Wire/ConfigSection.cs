using System.Buffers.Binary;

namespace Godwit.Aoe.Wire;

/// <summary>
/// Command 1, query config (AoEr11 section 4).
/// <code>
///   24             26                 28             29         30              32
///   +--------------+------------------+--------------+----+-----+---------------+-------
///   | buffer count | firmware version | sector count | ver|ccmd | string length | string
///   +--------------+------------------+--------------+----+-----+---------------+-------
/// </code>
/// </summary>
public readonly ref struct ConfigSection
{
    public const int Bytes = 8;
    public const int StringAt = AoeHeader.Bytes + Bytes;
    public const int LongestString = 1024;
    private const int BufferCountAt = 24, FirmwareAt = 26, SectorsAt = 28, CommandAt = 29, LengthAt = 30;

    /// <summary>Frames that the target takes in before it drops some.</summary>
    public ushort BufferCount { get; init; }

    public ushort Firmware { get; init; }

    /// <summary>Most sectors in one ATA command; 0 from old targets stands for 2.</summary>
    public byte SectorsPerFrame { get; init; }

    public ConfigCommand Command { get; init; }

    public ReadOnlySpan<byte> String { get; init; }

    public int FrameBytes => StringAt + String.Length;

    public static MalformedFrame TryRead(ReadOnlySpan<byte> frame, out ConfigSection section)
    {
        section = default;
        if (frame.Length < StringAt) return MalformedFrame.TooShort;
        var length = BinaryPrimitives.ReadUInt16BigEndian(frame[LengthAt..]);
        if (length > LongestString || length > frame.Length - StringAt) return MalformedFrame.BadStringLength;
        section = new ConfigSection
        {
            BufferCount = BinaryPrimitives.ReadUInt16BigEndian(frame[BufferCountAt..]),
            Firmware = BinaryPrimitives.ReadUInt16BigEndian(frame[FirmwareAt..]),
            SectorsPerFrame = frame[SectorsAt],
            Command = (ConfigCommand)(frame[CommandAt] & 0xF),
            String = frame.Slice(StringAt, length),
        };
        return MalformedFrame.No;
    }

    /// <summary>Writes the section; the frame must hold <see cref="FrameBytes"/>.</summary>
    public void Write(Span<byte> frame)
    {
        BinaryPrimitives.WriteUInt16BigEndian(frame[BufferCountAt..], BufferCount);
        BinaryPrimitives.WriteUInt16BigEndian(frame[FirmwareAt..], Firmware);
        frame[SectorsAt] = SectorsPerFrame;
        frame[CommandAt] = (byte)(AoeProtocol.Version << 4 | (byte)Command & 0xF);
        BinaryPrimitives.WriteUInt16BigEndian(frame[LengthAt..], (ushort)String.Length);
        String.CopyTo(frame[StringAt..]);
    }
}

/// <summary>AoEr11 section 4.1, "CCmd".</summary>
public enum ConfigCommand : byte
{
    Read = 0,

    /// <summary>Answered only where the string is the same.</summary>
    Test = 1,

    /// <summary>Answered only where the string begins so.</summary>
    TestPrefix = 2,

    /// <summary>Sets it where there is none yet or the same; else error 4.</summary>
    Set = 3,

    ForceSet = 4,
}
