using System.Buffers.Binary;
using Godwit.Domains;

namespace Godwit.Storage.Images.Build;

/// <summary>
/// A disk that boots by itself on a PC: one partition, and the boot loader before it. It is laid out here without a
/// loop device or a mount, so that building takes nothing of the host's.
/// </summary>
/// <code>
/// sector 0      boot.img, which loads sector 1; from 446 on four partition entries of 16 bytes, then 55 AA
///        1      core.img, whose block list says "what follows me", as grub-mkimage leaves it
///        2048   the one partition, of type 83 (Linux) and active: an ext4 file system
/// partition entry:  0 active (80)   1 CHS first   4 type   5 CHS last   8 first sector   12 number of sectors
/// </code>
public static class BootDisk
{
    public const int SectorLength = 512;

    /// <summary>Where the partition begins, in bytes.</summary>
    public const long PartitionOffset = 1L << 20;

    /// <summary>Partitions begin and end at multiples of it.</summary>
    public const long Alignment = 1L << 20;

    /// <summary>A partition table of this kind counts sectors in 32 bits.</summary>
    public const long LargestBytes = 2L << 40;

    private const int TableOffset = 446, EntryLength = 16, SignatureOffset = 510;
    private const ushort Signature = 0xAA55;
    private const byte Active = 0x80, LinuxType = 0x83;

    /// <summary>The boot loader's code and data end before it: Windows' disk signature, then the table.</summary>
    private const int CodeLength = 440;

    /// <summary>The file system in the partition, as e2fsprogs take it.</summary>
    public static string FilesystemOn(string disk) => $"{disk}?offset={PartitionOffset}";

    /// <summary>Bytes that the partition has on a disk of that size.</summary>
    public static long PartitionBytes(long diskBytes) => (Math.Min(diskBytes, LargestBytes) / Alignment * Alignment) - PartitionOffset;

    /// <summary>Writes boot loader and partition table before the partition.</summary>
    public static void WriteHead(Stream disk, ReadOnlySpan<byte> bootImage, ReadOnlySpan<byte> coreImage, long diskBytes)
    {
        if (bootImage.Length != SectorLength || coreImage.Length > PartitionOffset - SectorLength)
            throw new GodwitException(ImageErrors.BuildFailed, $"GRUB's parts have {bootImage.Length} and {coreImage.Length} bytes, which do not fit before the partition.");
        Span<byte> sector = stackalloc byte[SectorLength];
        sector.Clear();
        bootImage[..CodeLength].CopyTo(sector);
        WriteEntry(sector, diskBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(sector[SignatureOffset..], Signature);
        disk.Position = 0;
        disk.Write(sector);
        disk.Write(coreImage);
    }

    /// <summary>Lets the partition take all of a disk that has become larger. The file system in it is not touched.</summary>
    /// <exception cref="GodwitException">The disk does not begin as one that was built here.</exception>
    public static void GrowPartition(Stream disk, long diskBytes)
    {
        Span<byte> sector = stackalloc byte[SectorLength];
        disk.Position = 0;
        disk.ReadExactly(sector);
        var entry = sector[TableOffset..];
        if (BinaryPrimitives.ReadUInt16LittleEndian(sector[SignatureOffset..]) != Signature
            || entry[4] != LinuxType || BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]) != PartitionOffset / SectorLength
            || sector[(TableOffset + EntryLength)..SignatureOffset].ContainsAnyExcept((byte)0))
        {
            throw new GodwitException("bad-image-disk", "The image's disk does not have the one partition of an image that was built.", "Remove the image, and build it anew.");
        }
        WriteEntry(sector, diskBytes);
        disk.Position = 0;
        disk.Write(sector);
    }

    private static void WriteEntry(Span<byte> sector, long diskBytes)
    {
        // "Beyond what cylinder, head and sector can say": everybody reads the sector numbers instead.
        ReadOnlySpan<byte> entry = [Active, 0xFE, 0xFF, 0xFF, LinuxType, 0xFE, 0xFF, 0xFF];
        entry.CopyTo(sector[TableOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[(TableOffset + 8)..], (uint)(PartitionOffset / SectorLength));
        BinaryPrimitives.WriteUInt32LittleEndian(sector[(TableOffset + 12)..], (uint)(PartitionBytes(diskBytes) / SectorLength));
    }
}
