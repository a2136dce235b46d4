using System.Buffers.Binary;
using System.Text;

namespace Godwit.Aoe.Wire;

/// <summary>
/// The answer to IDENTIFY DEVICE (ATA/ATAPI-7 volume 1, 6.17): 256 little-endian words. Words 129 to 159 are the
/// vendor's; Godwit's target tells there what it thinks of the asking initiator.
/// <code>
///   words 129-130  "GODW"           134  standing: 0 not fenced, 1 none, 2 reader, 3 writer
///   word  131      boot mark        135-138  epoch          139-146  boot id
///   words 132-133  reserved (0)                                147-154  machine id
/// </code>
/// </summary>
public sealed record AtaIdentity
{
    public const int Bytes = 512;

    /// <summary>Word 105: blocks of 512 bytes with ranges that one TRIM may list.</summary>
    public const int TrimBlocks = 1;

    /// <summary>Word 69: what is read after a TRIM is the same each time, and zero.</summary>
    private const int ReadsZeroes = 1 << 14 | 1 << 5;

    public required long Sectors { get; init; }

    public string Serial { get; init; } = "";

    public string Firmware { get; init; } = "";

    public string Model { get; init; } = "";

    /// <summary>Whether this initiator's writes are answered before they are on stable storage.</summary>
    public bool WriteCache { get; init; }

    /// <summary>Whether it takes DATA SET MANAGEMENT with TRIM, after which the sectors read as zeroes.</summary>
    public bool Trims { get; init; }

    /// <summary>Null from targets other than Godwit's.</summary>
    public GodwitWords? Godwit { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> data, out AtaIdentity identity)
    {
        identity = new AtaIdentity { Sectors = 0 };
        if (data.Length < Bytes) return false;
        var lba48 = (Word(data, 83) & 1 << 10) != 0;
        var sectors = lba48
            ? BinaryPrimitives.ReadInt64LittleEndian(data[200..])
            : BinaryPrimitives.ReadUInt32LittleEndian(data[120..]);
        if (sectors is < 0 or > 1L << 48) return false;
        identity = new AtaIdentity
        {
            Sectors = sectors,
            Serial = Text(data.Slice(20, 20)),
            Firmware = Text(data.Slice(46, 8)),
            Model = Text(data.Slice(54, 40)),
            WriteCache = (Word(data, 85) & 1 << 5) != 0,
            Trims = (Word(data, 169) & 1) != 0 && (Word(data, 69) & ReadsZeroes) == ReadsZeroes,
            Godwit = GodwitWords.Read(data),
        };
        return true;
    }

    /// <summary>Writes all 512 bytes.</summary>
    public void Write(Span<byte> data)
    {
        data = data[..Bytes];
        data.Clear();
        Put(data, 0, 0x0040);
        Text(data.Slice(20, 20), Serial);
        Text(data.Slice(46, 8), Firmware);
        Text(data.Slice(54, 40), Model);
        Put(data, 47, 0x8000);
        Put(data, 49, 1 << 9);
        Put(data, 53, 1 << 1);
        BinaryPrimitives.WriteUInt32LittleEndian(data[120..], (uint)Math.Min(Sectors, AtaSection.LastLba28));
        Put(data, 105, Trims ? TrimBlocks : 0);
        Put(data, 69, Trims ? ReadsZeroes : 0);
        Put(data, 169, Trims ? 1 : 0);
        Put(data, 80, 0x01F0);
        // Supported, then enabled: write cache and SMART; FLUSH CACHE, FLUSH CACHE EXT and 48-bit addresses.
        Put(data, 82, 1 << 5 | 1);
        Put(data, 83, 1 << 14 | 1 << 13 | 1 << 12 | 1 << 10);
        Put(data, 84, 1 << 14);
        Put(data, 85, (WriteCache ? 1 << 5 : 0) | 1);
        Put(data, 86, 1 << 13 | 1 << 12 | 1 << 10);
        Put(data, 87, 1 << 14);
        BinaryPrimitives.WriteInt64LittleEndian(data[200..], Sectors);
        // Physical sectors of 2^3 logical ones: writers do well to keep to 4 KiB.
        Put(data, 106, 1 << 14 | 1 << 13 | 3);
        Godwit?.Write(data);
        // Integrity word: a signature and what makes all bytes add up to 0.
        data[510] = 0xA5;
        byte sum = 0;
        foreach (var b in data[..511]) sum += b;
        data[511] = (byte)-sum;
    }

    private static int Word(ReadOnlySpan<byte> data, int word) => BinaryPrimitives.ReadUInt16LittleEndian(data[(word * 2)..]);

    private static void Put(Span<byte> data, int word, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(data[(word * 2)..], (ushort)value);

    // The two characters of each word stand the other way round.
    private static string Text(ReadOnlySpan<byte> bytes)
    {
        Span<byte> swapped = stackalloc byte[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            var b = bytes[i ^ 1];
            swapped[i] = b is >= 0x20 and < 0x7F ? b : (byte)' ';
        }
        return Encoding.ASCII.GetString(swapped).Trim();
    }

    private static void Text(Span<byte> bytes, string text)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var c = i < text.Length ? text[i] : ' ';
            bytes[i ^ 1] = char.IsAscii(c) ? (byte)c : (byte)'?';
        }
    }
}
