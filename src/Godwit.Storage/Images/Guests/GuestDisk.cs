using System.Globalization;
using Godwit.Domains;
using Godwit.Native.Files;
using Godwit.Storage.Images.Build;
using Godwit.Storage.Images.Library;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Images.Guests;

/// <summary>Makes the disk of one guest of an image. Nothing is mounted: the volume is written as a file or device.</summary>
public static class GuestDisk
{
    /// <summary>A group of ext4 with blocks of 4 KiB: as many as one block of bits can count.</summary>
    private const long GroupBytes = 8L * 4096 * 4096;

    /// <summary>Bitmaps, and a table of 8192 inodes of 256 bytes, and the same again.</summary>
    private const long LeastGroupBytes = 8L << 20;

    /// <summary>
    /// Copies the image to a new volume, which reads as zeroes. One that was built here is grown to the volume's size and gets
    /// the guest's own files; one that was imported does both by itself, with a <see cref="CloudSeed"/> beside it.
    /// </summary>
    /// <returns>The fingerprint of the guest's SSH host key; null where the guest makes it.</returns>
    /// <exception cref="GodwitException">The volume is too small or fails, or a program is missing.</exception>
    public static async Task<string?> FillAsync(
        ImageRecord image, string imagePath, string volume, GuestIdentity identity, MacAddress? mac,
        IProgress<StepProgress>? progress, CancellationToken ct)
    {
        var volumeBytes = Room(volume, imagePath);
        if (image.Kind == ImageKind.Cloud)
        {
            await CopyAsync(imagePath, volume, progress, ct).ConfigureAwait(false);
            return null;
        }
        if (volumeBytes > BootDisk.LargestBytes)
        {
            throw new GodwitException(
                ImageErrors.BadSize, $"The disk of a guest whose image was built here can have at most {BootDisk.LargestBytes >> 40} TiB.",
                "Give it a second volume for its data.");
        }
        // First of all, for a program that is missing is better missed before minutes have gone by.
        var keys = await HostKeys.MakeAsync(identity.HostName, ct).ConfigureAwait(false);
        await CopyAsync(imagePath, volume, new PartOfProgress(progress, 0, 0.9), ct).ConfigureAwait(false);
        var rest = new PartOfProgress(progress, 0.9, 1);
        rest.Report("growing the file system", 0);
        await GrowAsync(volume, volumeBytes, image.SizeBytes, ct).ConfigureAwait(false);
        rest.Report("writing the guest's own files", 0.5);
        var filesystem = BootDisk.FilesystemOn(volume);
        var shadow = await Ext4Files.ReadAsync(filesystem, "/etc/shadow", ct).ConfigureAwait(false);
        await Ext4Files.WriteAsync(filesystem, BuiltGuest.Files(identity, mac, shadow, keys.Files), ct).ConfigureAwait(false);
        return keys.Fingerprint;
    }

    /// <summary>Bytes that a volume has.</summary>
    /// <exception cref="GodwitException">They are fewer than an image needs.</exception>
    internal static long Room(string volume, string image)
    {
        using var file = File.OpenHandle(volume, share: FileShare.ReadWrite);
        var (room, needed) = (StableStorage.SizeOf(file), new FileInfo(image).Length);
        return room >= needed ? room : throw new GodwitException(
            ImageErrors.VolumeTooSmall, $"{volume} has {room >> 20} MiB, and the image needs {needed >> 20} MiB.", $"Give it at least {needed >> 20}m.");
    }

    internal static Task CopyAsync(string image, string volume, IProgress<StepProgress>? progress, CancellationToken ct)
    {
        var length = new FileInfo(image).Length;
        return DirectVolumeData.Instance.CopyAsync(
            VolumeExtent.Whole(image, length), VolumeExtent.Whole(volume, length), new BytesOfStep(progress, "copying the image"), ct);
    }

    /// <summary>
    /// Lets partition and file system take what the volume has. resize2fs cuts a file off where a file system of that size
    /// would end that begins at 0; what it cuts off of ours are the last <see cref="BootDisk.PartitionOffset"/> bytes, which
    /// are given back as zeroes. They are free blocks: what a group of blocks has of its own lies at its beginning, and a
    /// last group that is too short for that is left out.
    /// </summary>
    private static async Task GrowAsync(string volume, long volumeBytes, long imageBytes, CancellationToken ct)
    {
        using var disk = new FileStream(volume, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        BootDisk.GrowPartition(disk, volumeBytes);
        var partition = BootDisk.PartitionBytes(volumeBytes);
        var last = partition % GroupBytes;
        var wanted = last < LeastGroupBytes ? partition - last : partition;
        if (wanted <= BootDisk.PartitionBytes(imageBytes))
            return;
        await ImagePrograms.RunAsync(
            "e2fsprogs", ["resize2fs", BootDisk.FilesystemOn(volume), (wanted / 1024).ToString(CultureInfo.InvariantCulture) + "K"],
            said => new GodwitException("volume-write-failed", $"The file system on {volume} cannot be grown: {said}", "See the kernel's log on the storage host."),
            null, ct).ConfigureAwait(false);
        if (StableStorage.SizeOf(disk.SafeFileHandle) < volumeBytes)
            RandomAccess.SetLength(disk.SafeFileHandle, volumeBytes);
    }
}
