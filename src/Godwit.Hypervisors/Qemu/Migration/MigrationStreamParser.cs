using System.Buffers.Binary;

namespace Godwit.Hypervisors.Qemu.Migration;

/// <summary>
/// Follows QEMU's migration stream to the end of guest memory, to tell the last round from the device state. It copies
/// nothing but what lies across two chunks, and steps over the bodies of pages.
/// <code>
/// stream   = "QEVM" u32 version(3) section*                              docs/devel/migration.rst, migration/savevm.c
/// section  = 7 u32 length, name                                          configuration (no subsections are expected)
///          | 1|4 u32 id, string name, u32 instance, u32 version, body    start, full
///          | 2|3 u32 id, body                                            part, end
///          | 8 u16 command, u16 length, data                             command
/// footer   = 0x7e u32 id                                                 after the body of 1, 2, 3, 4
/// string   = u8 length, bytes
/// body     = item*, as long as the section is one of "ram"               migration/ram.c
/// item     = u64 offset|flags, then by flag
///            MEM_SIZE 0x04   (string block, u64 length)* until the lengths make up the offset
///            ZERO     0x02   [string block] u8
///            PAGE     0x08   [string block] page
///            XBZRLE   0x40   [string block] u8, u16 length, data
///            EOS      0x10   end of the body
///            CONTINUE 0x20   the block's name is left out
///            MULTIFD_FLUSH 0x200
/// </code>
/// All numbers are big-endian. Memory has passed with the footer of the END section of "ram"; what follows is not looked
/// at. Anything else than the above makes it <see cref="Outcome.Lost"/>; it never throws.
/// </summary>
internal sealed class MigrationStreamParser
{
    private const uint Magic = 0x5145564d, Version = 3;
    private const int HeaderLength = 8;
    private const byte Start = 1, Part = 2, End = 3, Configuration = 7, Command = 8, Footer = 0x7e;
    private const ulong FlagZero = 0x02, FlagMemorySize = 0x04, FlagPage = 0x08, FlagEndOfSection = 0x10;
    private const ulong FlagContinue = 0x20, FlagXbzrle = 0x40, FlagMultifdFlush = 0x200;
    private const int PageLength = 4096;
    private const ulong FlagMask = PageLength - 1;

    /// <summary>Longer than any item without its page: a word, a name of 255 bytes, and a few bytes more.</summary>
    private const int LongestItem = 512;

    private readonly byte[] _carry = new byte[2 * LongestItem];
    private int _carried;
    private long _skip;
    private State _state = State.Header;
    private uint _ramSection;
    private bool _ramKnown;
    private bool _inEnd;
    private ulong _blockBytesLeft;

    public enum Outcome
    {
        Following = 1,

        /// <summary>All of memory has passed.</summary>
        MemoryPassed,

        /// <summary>The stream holds something unknown; where memory ends will not be found.</summary>
        Lost,
    }

    private enum State
    {
        Header = 1,
        Section,
        Item,
        BlockList,
        Footer,
        Done,
    }

    public Outcome Result { get; private set; } = Outcome.Following;

    /// <summary>Takes the next bytes of the stream, cut anywhere.</summary>
    public Outcome Take(ReadOnlySpan<byte> chunk)
    {
        if (_carried > 0) chunk = TakeCarried(chunk);
        var used = Follow(chunk);
        if (Result == Outcome.Following)
        {
            // Less than one item is left.
            chunk[used..].CopyTo(_carry.AsSpan(_carried));
            _carried += chunk.Length - used;
        }
        return Result;
    }

    /// <summary>Follows the bytes left over from the last chunk with the first of this one; gives the rest of it.</summary>
    private ReadOnlySpan<byte> TakeCarried(ReadOnlySpan<byte> chunk)
    {
        var before = _carried;
        var added = Math.Min(_carry.Length - before, chunk.Length);
        chunk[..added].CopyTo(_carry.AsSpan(before));
        var used = Follow(_carry.AsSpan(0, before + added), stopAt: before);
        if (used >= before)
        {
            _carried = 0;
            return chunk[(used - before)..];
        }
        if (Result != Outcome.Following)
        {
            _carried = 0;
            return [];
        }
        // Still not one whole item, so all of the chunk went into the carry.
        _carry.AsSpan(used, before + added - used).CopyTo(_carry);
        _carried = before + added - used;
        return chunk[added..];
    }

    /// <summary>Follows whole items, and gives the number of bytes used.</summary>
    /// <param name="stopAt">No item is begun at or after this offset.</param>
    private int Follow(ReadOnlySpan<byte> bytes, int stopAt = int.MaxValue)
    {
        var used = 0;
        while (Result == Outcome.Following && used < stopAt)
        {
            if (_skip > 0)
            {
                var step = (int)Math.Min(_skip, bytes.Length - used);
                _skip -= step;
                used += step;
                if (_skip > 0) break;
                continue;
            }
            var length = TryItem(bytes[used..]);
            if (length == 0) break;
            used += length;
        }
        return used;
    }

    /// <summary>Takes one item; gives its length, or 0 when it is not complete.</summary>
    private int TryItem(ReadOnlySpan<byte> b) => _state switch
    {
        State.Header => TryHeader(b),
        State.Section => TrySection(b),
        State.Item => TryRamItem(b),
        State.BlockList => TryBlock(b),
        State.Footer => TryFooter(b),
        _ => 0,
    };

    private int TryHeader(ReadOnlySpan<byte> b)
    {
        if (b.Length < HeaderLength) return 0;
        if (U32(b) != Magic || U32(b[4..]) != Version) return Lose();
        _state = State.Section;
        return HeaderLength;
    }

    private int TrySection(ReadOnlySpan<byte> b)
    {
        if (b.Length < 5) return 0;
        switch (b[0])
        {
            case Configuration:
                var nameLength = U32(b[1..]);
                if (nameLength > LongestItem) return Lose();
                _skip = nameLength;
                return 5;
            case Command:
                _skip = BinaryPrimitives.ReadUInt16BigEndian(b[3..]);
                return 5;
            case Start:
                return TryStart(b);
            case Part or End:
                if (!_ramKnown || U32(b[1..]) != _ramSection) return Lose();
                _inEnd = b[0] == End;
                _state = State.Item;
                return 5;
            default:
                return Lose();
        }
    }

    private int TryStart(ReadOnlySpan<byte> b)
    {
        const int NameOffset = 6, Numbers = 8;
        if (b.Length < NameOffset || b.Length < NameOffset + b[5] + Numbers) return 0;
        // Only memory is sent in parts by the devices that domains get.
        if (_ramKnown || !b.Slice(NameOffset, b[5]).SequenceEqual("ram"u8)) return Lose();
        (_ramKnown, _ramSection, _inEnd) = (true, U32(b[1..]), false);
        _state = State.Item;
        return NameOffset + b[5] + Numbers;
    }

    private int TryRamItem(ReadOnlySpan<byte> b)
    {
        if (b.Length < 8) return 0;
        var word = BinaryPrimitives.ReadUInt64BigEndian(b);
        var flags = word & FlagMask;
        switch (flags & ~FlagContinue)
        {
            case FlagZero:
                return TryPage(b, flags, 1, 0);
            case FlagPage:
                return TryPage(b, flags, 0, PageLength);
            case FlagXbzrle:
                return TryXbzrle(b, flags);
            case FlagMemorySize:
                _blockBytesLeft = word & ~FlagMask;
                if (_blockBytesLeft > 0) _state = State.BlockList;
                return 8;
            case FlagEndOfSection:
                _state = State.Footer;
                return 8;
            case FlagMultifdFlush:
                return 8;
            default:
                return Lose();
        }
    }

    private int TryPage(ReadOnlySpan<byte> b, ulong flags, int more, int body)
    {
        var head = HeadLength(b, flags);
        if (head == 0 || b.Length < head + more) return 0;
        _skip = body;
        return head + more;
    }

    private int TryXbzrle(ReadOnlySpan<byte> b, ulong flags)
    {
        var head = HeadLength(b, flags);
        if (head == 0 || b.Length < head + 3) return 0;
        _skip = BinaryPrimitives.ReadUInt16BigEndian(b[(head + 1)..]);
        return head + 3;
    }

    /// <summary>Length of an item's word and its block's name; 0 when they are not complete.</summary>
    private static int HeadLength(ReadOnlySpan<byte> b, ulong flags)
    {
        if ((flags & FlagContinue) != 0) return 8;
        return b.Length < 9 ? 0 : 9 + b[8];
    }

    private int TryBlock(ReadOnlySpan<byte> b)
    {
        if (b.Length < 1 || b.Length < 1 + b[0] + 8) return 0;
        var length = BinaryPrimitives.ReadUInt64BigEndian(b[(1 + b[0])..]);
        if (length > _blockBytesLeft) return Lose();
        _blockBytesLeft -= length;
        if (_blockBytesLeft == 0) _state = State.Item;
        return 1 + b[0] + 8;
    }

    private int TryFooter(ReadOnlySpan<byte> b)
    {
        if (b.Length < 5) return 0;
        if (b[0] != Footer || U32(b[1..]) != _ramSection) return Lose();
        _state = State.Section;
        if (_inEnd)
        {
            _state = State.Done;
            Result = Outcome.MemoryPassed;
        }
        return 5;
    }

    private int Lose()
    {
        Result = Outcome.Lost;
        return 0;
    }

    private static uint U32(ReadOnlySpan<byte> b) => BinaryPrimitives.ReadUInt32BigEndian(b);
}
