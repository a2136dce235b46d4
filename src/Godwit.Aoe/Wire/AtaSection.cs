namespace Godwit.Aoe.Wire;

/// <summary>
/// Command 0, ATA (AoEr11 section 3): the registers of an ATA device, followed by the data.
/// <code>
///   24       25            26             27                28         34         36
///   +--------+-------------+--------------+-----------------+----------+----------+------
///   | AFlags | err/feature | sector count | command/status  | LBA 0..5 | reserved | data
///   +--------+-------------+--------------+-----------------+----------+----------+------
/// </code>
/// The LBA bytes run from the lowest, unlike all else.
/// </summary>
public readonly record struct AtaSection
{
    public const int Bytes = 12;
    public const int DataAt = AoeHeader.Bytes + Bytes;
    public const long LastLba28 = 0x0FFF_FFFF;
    private const int FlagsAt = 24, FeatureAt = 25, CountAt = 26, CommandAt = 27, LbaAt = 28, ReservedAt = 34;

    public AtaFlags Flags { get; init; }

    /// <summary>Feature in a request, error register in an answer.</summary>
    public byte Feature { get; init; }

    public byte SectorCount { get; init; }

    /// <summary>Command in a request, status in an answer.</summary>
    public byte Command { get; init; }

    /// <summary>48 bits.</summary>
    public long Lba { get; init; }

    public static MalformedFrame TryRead(ReadOnlySpan<byte> frame, out AtaSection section)
    {
        section = default;
        if (frame.Length < DataAt) return MalformedFrame.TooShort;
        long lba = 0;
        for (var i = 5; i >= 0; i--) lba = (lba << 8) | frame[LbaAt + i];
        section = new AtaSection
        {
            Flags = (AtaFlags)frame[FlagsAt],
            Feature = frame[FeatureAt],
            SectorCount = frame[CountAt],
            Command = frame[CommandAt],
            Lba = lba,
        };
        return MalformedFrame.No;
    }

    /// <summary>Writes the section; the frame must hold <see cref="DataAt"/> bytes.</summary>
    public void Write(Span<byte> frame)
    {
        frame[FlagsAt] = (byte)Flags;
        frame[FeatureAt] = Feature;
        frame[CountAt] = SectorCount;
        frame[CommandAt] = Command;
        for (var i = 0; i < 6; i++) frame[LbaAt + i] = (byte)(Lba >> (8 * i));
        frame.Slice(ReservedAt, 2).Clear();
    }
}

/// <summary>AoEr11 section 3.1, "AFlags".</summary>
[Flags]
public enum AtaFlags : byte
{
    None = 0,

    /// <summary>Data goes to the device.</summary>
    Write = 0x01,

    /// <summary>The answer may precede the medium. The specification leaves it to the target; this one pays no heed.</summary>
    Asynchronous = 0x02,

    DeviceHead = 0x10,

    /// <summary>The command uses 48-bit addresses.</summary>
    Extended = 0x40,
}

/// <summary>ATA/ATAPI-7 volume 1, the commands that cross AoE in practice.</summary>
public static class AtaCommand
{
    public const byte DataSetManagement = 0x06;
    public const byte Read = 0x20;
    public const byte ReadExt = 0x24;
    public const byte Write = 0x30;
    public const byte WriteExt = 0x34;
    public const byte Smart = 0xB0;
    public const byte FlushCache = 0xE7;
    public const byte FlushCacheExt = 0xEA;
    public const byte Identify = 0xEC;
    public const byte SetFeatures = 0xEF;

    /// <summary>
    /// Sub-commands of <see cref="SetFeatures"/>, in the feature register. Godwit's initiator puts a number of its process into
    /// the address, by which Godwit's target knows it on all of its interfaces; to ATA the address means nothing there.
    /// </summary>
    public const byte EnableWriteCache = 0x02;
    public const byte DisableWriteCache = 0x82;

    /// <summary>The one way of <see cref="DataSetManagement"/>, in the feature register.</summary>
    public const byte Trim = 0x01;

    /// <summary>Whether it changes what is on the disk.</summary>
    public static bool IsWrite(byte command) => command is Write or WriteExt or DataSetManagement;
}

/// <summary>ATA/ATAPI-7 volume 1, status and error registers.</summary>
public static class AtaStatus
{
    public const byte Error = 0x01;
    public const byte Fault = 0x20;
    public const byte Ready = 0x40;

    /// <summary>Any of BSY, DF, DRQ, ERR: what the Linux driver takes for a failure.</summary>
    public const byte AnyFailure = 0xA9;

    /// <summary>Error register: the command was refused.</summary>
    public const byte Aborted = 0x04;

    /// <summary>Error register: the address lies outside.</summary>
    public const byte IdNotFound = 0x10;

    /// <summary>
    /// Error register, "media changed": the target was started anew since its mark was asked for, and may have lost what
    /// was not flushed. Nothing was done.
    /// </summary>
    public const byte StartedAnew = 0x20;

    /// <summary>Error register: the medium could not be read.</summary>
    public const byte Uncorrectable = 0x40;
}
