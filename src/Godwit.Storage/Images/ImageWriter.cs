using System.Globalization;
using System.Security.Cryptography;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Processes;
using Godwit.Storage.Images.Guests;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Images;

/// <summary>Puts an image on a volume. Nothing is mounted: the volume is written as a file or device.</summary>
public static class ImageWriter
{
    /// <summary>
    /// Replaces all that is on the volume by the image, grown to the volume's size, with the files that are the
    /// domain's own. The volume must exist and nobody may have it in use.
    /// </summary>
    /// <exception cref="GodwitException">The volume is too small; this machine's root has no password to take.</exception>
    public static async Task WriteAsync(
        GuestImage image, string volumePath, GuestCustomization customization, CancellationToken ct)
    {
        var files = await FilesAsync(image, customization, ct).ConfigureAwait(false);
        var room = GuestDisk.Room(volumePath, image.RootFilesystemPath);
        await DirectVolumeData.Instance.ZeroAsync(volumePath, 0, room, NoProgress.Instance, ct).ConfigureAwait(false);
        await GuestDisk.CopyAsync(image.RootFilesystemPath, volumePath, null, ct).ConfigureAwait(false);
        await ProgramRunner.RunAsync(["resize2fs", volumePath], null, ct).ConfigureAwait(false);
        await Ext4Files.WriteAsync(volumePath, files, ct).ConfigureAwait(false);
        await DirectVolumeData.Instance.SyncAsync(volumePath, ct).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<GuestFile>> FilesAsync(
        GuestImage image, GuestCustomization customization, CancellationToken ct)
    {
        var shadow = await Ext4Files.ReadAsync(image.RootFilesystemPath, "/etc/shadow", ct).ConfigureAwait(false);
        var hash = customization.Password is { } password
            ? PasswordHash.Make(password)
            : await RootPassword.OfThisMachineAsync(ct).ConfigureAwait(false);
        return
        [
            new("/etc/hostname", customization.HostName + "\n"),
            new("/etc/hosts", $"127.0.0.1 localhost\n127.0.1.1 {customization.HostName}\n::1 localhost\n"),
            new("/etc/machine-id", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n"),
            new("/etc/network/interfaces", Interfaces(customization)),
            new("/etc/shadow", RootPassword.Replace(shadow, hash), GuestFile.Secret),
            .. customization.Flags.Select(flag => new GuestFile(flag, "")),
        ];
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
}
