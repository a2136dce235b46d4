using System.Buffers.Binary;

namespace Godwit.Aoe.Wire;

/// <summary>
/// Sectors that hold nothing any more, as DATA SET MANAGEMENT with TRIM lists them (ATA8-ACS 7.9): eight bytes each,
/// little-endian, first sector in the lower 48 bits and number of sectors in the upper 16; a number of 0 stands for nothing.
/// </summary>
public readonly record struct TrimRange(long FirstSector, int Sectors)
{
    public const int Bytes = 8;

    /// <summary>Most sectors of one, kept to whole 4 KiB.</summary>
    public const int MostSectors = ushort.MaxValue & ~7;

    public static TrimRange Read(ReadOnlySpan<byte> data)
    {
        var entry = BinaryPrimitives.ReadUInt64LittleEndian(data);
        return new TrimRange((long)(entry & 0xFFFF_FFFF_FFFF), (int)(entry >> 48));
    }

    public void Write(Span<byte> data) => BinaryPrimitives.WriteUInt64LittleEndian(data, (ulong)Sectors << 48 | (ulong)FirstSector);
}
