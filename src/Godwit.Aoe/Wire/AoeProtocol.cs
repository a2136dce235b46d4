namespace Godwit.Aoe.Wire;

/// <summary>The numbers of AoEr11 that more than one command uses.</summary>
public static class AoeProtocol
{
    public const ushort EtherType = 0x88A2;
    public const byte Version = 1;
    public const int EthernetHeaderBytes = 14;
    public const int SectorBytes = 512;

    /// <summary>
    /// Sectors that a frame of an interface carries. The payload holds 10 bytes of AoE header and 12 of ATA header;
    /// the specification reserves 36 with the Ethernet header.
    /// </summary>
    public static int SectorsPerFrame(int mtu) => Math.Clamp((mtu - 36) / SectorBytes, 0, byte.MaxValue);

    /// <summary>Payload of a frame that carries so many sectors, in bytes.</summary>
    public static int PayloadBytes(int sectors) => AtaSection.DataAt - EthernetHeaderBytes + sectors * SectorBytes;

    /// <summary>Longest frame of an interface, with its Ethernet header, in bytes.</summary>
    public static int FrameBytes(int mtu) => mtu + EthernetHeaderBytes;
}

/// <summary>AoEr11 section 2, "Command".</summary>
public enum AoeCommand : byte
{
    Ata = 0,
    QueryConfig = 1,
    MacMaskList = 2,
    ReserveRelease = 3,
}

/// <summary>AoEr11 section 2, "Flags": the low half of the first byte after the Ethernet header.</summary>
[Flags]
public enum AoeFlags : byte
{
    None = 0,
    Error = 0x4,
    Response = 0x8,
}

/// <summary>AoEr11 section 2, "Error".</summary>
public enum AoeError : byte
{
    None = 0,
    UnrecognizedCommand = 1,
    BadArgument = 2,
    DeviceUnavailable = 3,
    ConfigStringPresent = 4,
    UnsupportedVersion = 5,
    TargetIsReserved = 6,
}

/// <summary>Why a frame is no AoE frame that can be answered or used.</summary>
public enum MalformedFrame
{
    No = 0,

    /// <summary>Shorter than the headers of its command.</summary>
    TooShort,

    /// <summary>Another EtherType.</summary>
    ForeignEtherType,

    /// <summary>The command's own header promises more than the frame holds.</summary>
    TruncatedList,

    /// <summary>The configuration string is longer than 1,024 bytes or than the frame.</summary>
    BadStringLength,

    /// <summary>An ATA data command whose sector count is 0 or does not fit the frame's data.</summary>
    BadSectorCount,
}
