using System.Globalization;
using System.Security.Cryptography;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Storage.Images;

/// <summary>Puts an image on a volume. Nothing is mounted: the volume is written as a file or device.</summary>
public static class ImageWriter
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>
    /// Replaces all that is on the volume by the image, grown to the volume's size, with the files that are the
    /// domain's own. The volume must exist and nobody may have it in use.
    /// </summary>
    /// <exception cref="GodwitException">The volume is too small; this machine's root has no password to take.</exception>
    public static async Task WriteAsync(
        GuestImage image, string volumePath, GuestCustomization customization, CancellationToken ct)
    {
        var files = await FilesAsync(image, customization, ct).ConfigureAwait(false);
        await CopyAsync(image.RootFilesystemPath, volumePath, ct).ConfigureAwait(false);
        await ProgramRunner.RunAsync(["resize2fs", volumePath], null, ct).ConfigureAwait(false);
        foreach (var (path, content) in files)
            await Ext4Files.WriteAsync(volumePath, path, content, ct).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyDictionary<string, string>> FilesAsync(
        GuestImage image, GuestCustomization customization, CancellationToken ct)
    {
        var shadow = await Ext4Files.ReadAsync(image.RootFilesystemPath, "/etc/shadow", ct).ConfigureAwait(false);
        var hash = customization.Password is { } password
            ? await RootPassword.HashAsync(image, password, ct).ConfigureAwait(false)
            : await RootPassword.OfThisMachineAsync(ct).ConfigureAwait(false);
        var files = new Dictionary<string, string>
        {
            ["/etc/hostname"] = customization.HostName + "\n",
            ["/etc/hosts"] = $"127.0.0.1 localhost\n127.0.1.1 {customization.HostName}\n::1 localhost\n",
            ["/etc/machine-id"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n",
            ["/etc/network/interfaces"] = Interfaces(customization),
            ["/etc/shadow"] = RootPassword.Replace(shadow, hash),
        };
        foreach (var flag in customization.Flags) files[flag] = "";
        return files;
    }

    /// <summary>interfaces(5), in the part that ifupdown and busybox have in common.</summary>
    internal static string Interfaces(GuestCustomization customization)
    {
        var slash = customization.Address.IndexOf('/');
        if (slash < 0 || !int.TryParse(
                customization.Address.AsSpan(slash + 1), CultureInfo.InvariantCulture, out var prefix)
            || prefix is < 1 or > 32)
            throw new GodwitException("bad-address", $"`{customization.Address}` is no address with a prefix length",
                "write it like 10.9.0.100/24");
        var mask = new System.Net.IPAddress(
            System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(uint.MaxValue << (32 - prefix)));
        return $"""
            auto lo
            iface lo inet loopback

            auto eth0
            iface eth0 inet static
                address {customization.Address[..slash]}
                netmask {mask}

            """ + (customization.Gateway is { } gateway ? $"    gateway {gateway}\n" : "");
    }

    /// <summary>Only what is not zero is written, so that a sparse volume stays sparse.</summary>
    private static async Task CopyAsync(string image, string volume, CancellationToken ct)
    {
        using var source = File.OpenHandle(image, options: FileOptions.SequentialScan);
        using var target = File.OpenHandle(volume, FileMode.Open, FileAccess.ReadWrite);
        var length = RandomAccess.GetLength(source);
        var isDevice = volume.StartsWith("/dev/", StringComparison.Ordinal);
        if (!isDevice)
        {
            var room = RandomAccess.GetLength(target);
            if (room < length)
            {
                throw new GodwitException("volume-too-small",
                    $"{volume} has {room >> 20} MiB, and the image needs {length >> 20} MiB");
            }
            await ProgramRunner.RunAsync(
                ["fallocate", "--punch-hole", "--offset", "0", "--length", $"{room}", volume], null, ct)
                .ConfigureAwait(false);
        }
        var block = new byte[BlockBytes];
        for (long at = 0; at < length; at += BlockBytes)
        {
            var read = await RandomAccess.ReadAsync(source, block, at, ct).ConfigureAwait(false);
            // A device may hold old data that reads as anything: there the zeros count as well.
            if (isDevice || block.AsSpan(0, read).ContainsAnyExcept((byte)0))
                await RandomAccess.WriteAsync(target, block.AsMemory(0, read), at, ct).ConfigureAwait(false);
        }
        RandomAccess.FlushToDisk(target);
    }
}
