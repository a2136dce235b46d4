namespace Godwit.Nbd;

/// <summary>Numbers of the NBD protocol, named as in its specification, doc/proto.md of the reference implementation.</summary>
internal static class NbdProtocol
{
    public const ulong NBDMAGIC = 0x4E42444D41474943;
    public const ulong IHAVEOPT = 0x49484156454F5054;
    public const ulong OptionReplyMagic = 0x0003_E889_0455_65A9;
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint StructuredReplyMagic = 0x668e33ef;

    public const int RequestBytes = 28;
    public const int SimpleReplyBytes = 16;
    public const int StructuredReplyBytes = 20;
    public const int OptionBytes = 16;
    public const int OptionReplyBytes = 20;

    /// <summary>Longest option that is read, in bytes: export names are at most 4,096.</summary>
    public const int LongestOption = 8192;
}

[Flags]
internal enum HandshakeFlags : ushort
{
    FixedNewstyle = 1,
    NoZeroes = 2,
}

internal enum NbdOption : uint
{
    ExportName = 1,
    Abort = 2,
    List = 3,
    StartTls = 5,
    Info = 6,
    Go = 7,
    StructuredReply = 8,
    ListMetaContext = 9,
    SetMetaContext = 10,
}

internal enum OptionReply : uint
{
    Ack = 1,
    Server = 2,
    Info = 3,
    MetaContext = 4,
    Unsupported = 0x8000_0001,
    Invalid = 0x8000_0003,
    Unknown = 0x8000_0006,
    TooBig = 0x8000_0009,
}

internal enum InfoType : ushort
{
    Export = 0,
    Name = 1,
    BlockSize = 3,
}

[Flags]
internal enum TransmissionFlags : ushort
{
    HasFlags = 1,
    ReadOnly = 2,
    SendFlush = 4,
    SendFua = 8,
    SendTrim = 32,
    SendWriteZeroes = 64,
    SendDf = 128,
    CanMultiConn = 256,
}

internal enum NbdCommand : ushort
{
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    Cache = 5,
    WriteZeroes = 6,
    BlockStatus = 7,
}

[Flags]
internal enum ReplyFlags : ushort
{
    Done = 1,
}

internal enum ReplyType : ushort
{
    OffsetData = 1,
    BlockStatus = 5,
    Error = 0x8001,
}

[Flags]
internal enum CommandFlags : ushort
{
    None = 0,
    Fua = 1,
    NoHole = 2,
    Df = 4,
    ReqOne = 8,
    FastZero = 16,
}

internal enum NbdError : uint
{
    None = 0,
    Permission = 1,
    Io = 5,
    Invalid = 22,
    NoSpace = 28,
    Overflow = 75,
    NotSupported = 95,
    Shutdown = 108,
}
