using System.Buffers.Binary;

namespace Godwit.Hypervisors.Xen.Migration;

/// <summary>
/// Follows xl's migration stream to the end of guest memory, which shows that the guest is suspended, and on to its end, and counts
/// rounds. It copies nothing but headers, and steps over the bodies of records.
/// <code>
/// stream     = save-header libxl-stream                                  tools/xl/xl.h, struct save_file_header
/// save-header= magic[32] u32 byte-order(0x01020304) u32 mandatory u32 optional u32 length, config[length]
/// libxl      = u64 "LibxlFmt" u32 version(2) u32 options, record*        docs/specs/libxl-migration-stream; big-endian
/// record     = u32 type u32 length, body padded to 8                     little-endian
///              type 1 has no body: a libxc image stands in its place
/// image      = u64 ~0 u32 "XENF" u32 version(3) u16 options, 6 zeros     docs/specs/libxc-migration-stream; big-endian
///              u32 type u16 page-shift u16 zero u32 major u32 minor      from here on little-endian
///              record*                                                   type 1: u32 count u32 zero u64 pfn[count] pages
///              type 0 is the last record: of the image, after which those of libxl go on; and of libxl, which ends the stream
/// </code>
/// The pages of one round come in the order of their numbers, so one that is no greater than the last begins the next round. Memory has passed
/// with the first record after pages that is not one of pages: the state of the processors, which only a suspended guest
/// has to give. Anything else than the above makes it <see cref="Outcome.Lost"/>; it never throws.
/// </summary>
internal sealed class XenStreamParser
{
    private const int SaveHeaderBytes = 48, LibxlHeaderBytes = 16, ImageHeaderBytes = 24, DomainHeaderBytes = 16, RecordHeaderBytes = 8, PagesHeaderBytes = 16, PageNumberBytes = 8;
    private const int SaveByteOrderAt = 32, SaveLengthAt = 44;
    private const uint SaveByteOrder = 0x01020304;
    private const ulong LibxlMagic = 0x4c6962786c466d74, ImageMarker = ulong.MaxValue;
    private const uint LibxlVersion = 2, ImageMagic = 0x58454e46, ImageVersion = 3, BigEndianOption = 1;
    private const uint LibxcContext = 1, PageData = 1, EndRecord = 0;
    private const ulong PfnMask = (1UL << 52) - 1;

    /// <summary>tools/libs/guest/xg_sr_stream_format.h, REC_LENGTH_MAX.</summary>
    private const uint LongestRecord = 128 << 20;

    private static ReadOnlySpan<byte> SaveMagic => "Xen saved domain, xl format\n \0 \r"u8;

    private readonly byte[] _header = new byte[SaveHeaderBytes];
    private int _gathered;
    private int _wanted = SaveHeaderBytes;
    private long _skip;
    private State _state = State.SaveHeader;
    private bool _seenPages;
    private uint _pagesLength;
    private ulong _lastPfn;
    private long _afterLast;

    public enum Outcome
    {
        Following = 1,

        /// <summary>All of memory has passed, and the guest is suspended.</summary>
        MemoryPassed,

        /// <summary>All of the stream has passed.</summary>
        Ended,

        /// <summary>The stream holds something unknown; where it ends, or memory if that has not passed, will not be found.</summary>
        Lost,
    }

    private enum State
    {
        SaveHeader = 1,
        LibxlHeader,
        LibxlRecord,
        ImageHeader,
        DomainHeader,
        Record,
        Pages,
        LastPage,
    }

    public Outcome Result { get; private set; } = Outcome.Following;

    /// <summary>The round of pre-copy that the pages belong to, from 1; 0 before them.</summary>
    public int Round { get; private set; }

    /// <summary>Bytes of records of pages that began to pass.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Takes the next bytes of the stream, cut anywhere.</summary>
    public Outcome Take(ReadOnlySpan<byte> chunk)
    {
        while (Result is Outcome.Following or Outcome.MemoryPassed && !chunk.IsEmpty)
        {
            if (_skip > 0)
            {
                var step = (int)Math.Min(_skip, chunk.Length);
                _skip -= step;
                chunk = chunk[step..];
                continue;
            }
            var taken = Math.Min(_wanted - _gathered, chunk.Length);
            chunk[..taken].CopyTo(_header.AsSpan(_gathered));
            _gathered += taken;
            chunk = chunk[taken..];
            if (_gathered < _wanted) continue;
            _gathered = 0;
            Result = Step(_header.AsSpan(0, _wanted));
        }
        return Result;
    }

    private Outcome Step(ReadOnlySpan<byte> header) => _state switch
    {
        State.SaveHeader => header.StartsWith(SaveMagic) && Little(header, SaveByteOrderAt) == SaveByteOrder
            && Little(header, SaveLengthAt) <= LongestRecord
                ? Next(State.LibxlHeader, LibxlHeaderBytes, Little(header, SaveLengthAt)) : Outcome.Lost,
        State.LibxlHeader => BinaryPrimitives.ReadUInt64BigEndian(header) == LibxlMagic && Big(header, 8) == LibxlVersion
            && (Big(header, 12) & BigEndianOption) == 0
                ? Next(State.LibxlRecord, RecordHeaderBytes) : Outcome.Lost,
        State.LibxlRecord => LibxlRecord(Little(header, 0), Little(header, 4)),
        State.ImageHeader => BinaryPrimitives.ReadUInt64BigEndian(header) == ImageMarker && Big(header, 8) == ImageMagic
            && Big(header, 12) == ImageVersion && (BinaryPrimitives.ReadUInt16BigEndian(header[16..]) & BigEndianOption) == 0
                ? Next(State.DomainHeader, DomainHeaderBytes) : Outcome.Lost,
        State.DomainHeader => Next(State.Record, RecordHeaderBytes),
        State.Record => Record(Little(header, 0), Little(header, 4)),
        State.Pages => Pages(Little(header, 0), BinaryPrimitives.ReadUInt64LittleEndian(header[8..])),
        State.LastPage => LastPage(BinaryPrimitives.ReadUInt64LittleEndian(header)),
        _ => Outcome.Lost,
    };

    private Outcome LibxlRecord(uint type, uint length)
    {
        if (type == LibxcContext) return length == 0 && Result == Outcome.Following ? Next(State.ImageHeader, ImageHeaderBytes) : Outcome.Lost;
        if (type == EndRecord) return length == 0 && Result == Outcome.MemoryPassed ? Outcome.Ended : Outcome.Lost;
        return length <= LongestRecord ? Next(State.LibxlRecord, RecordHeaderBytes, Padded(length)) : Outcome.Lost;
    }

    private Outcome Record(uint type, uint length)
    {
        if (length > LongestRecord) return Outcome.Lost;
        if (type == PageData)
        {
            if (length < PagesHeaderBytes || Result == Outcome.MemoryPassed) return Outcome.Lost;
            (_seenPages, _pagesLength) = (true, length);
            MemoryBytes += length;
            return Next(State.Pages, PagesHeaderBytes);
        }
        if (type == EndRecord && (!_seenPages || length != 0)) return Outcome.Lost;
        Next(type == EndRecord ? State.LibxlRecord : State.Record, RecordHeaderBytes, Padded(length));
        return _seenPages ? Outcome.MemoryPassed : Outcome.Following;
    }

    private Outcome Pages(uint count, ulong first)
    {
        var bodyBytes = Padded(_pagesLength) - PagesHeaderBytes;
        if (count == 0 || (count - 1L) * PageNumberBytes > bodyBytes) return Outcome.Lost;
        if (Round == 0 || (first & PfnMask) <= _lastPfn) Round++;
        _lastPfn = first & PfnMask;
        if (count == 1) return Next(State.Record, RecordHeaderBytes, bodyBytes);
        _afterLast = bodyBytes - (count - 1L) * PageNumberBytes;
        return Next(State.LastPage, PageNumberBytes, (count - 2L) * PageNumberBytes);
    }

    private Outcome LastPage(ulong last)
    {
        _lastPfn = last & PfnMask;
        return Next(State.Record, RecordHeaderBytes, _afterLast);
    }

    /// <param name="skip">Bytes before that header which are not looked at.</param>
    private Outcome Next(State state, int headerBytes, long skip = 0)
    {
        (_state, _wanted, _skip) = (state, headerBytes, skip);
        return Result;
    }

    private static long Padded(uint length) => (length + 7L) & ~7L;

    private static uint Little(ReadOnlySpan<byte> header, int at) => BinaryPrimitives.ReadUInt32LittleEndian(header[at..]);

    private static uint Big(ReadOnlySpan<byte> header, int at) => BinaryPrimitives.ReadUInt32BigEndian(header[at..]);
}
