using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Godwit.Domains;
using Godwit.Domains.Config;

namespace Godwit.Storage.Images.Build;

/// <summary>What an image is to be built of.</summary>
/// <param name="Suite">Release of Debian, one of <see cref="Suites"/>.</param>
/// <param name="Packages">Besides <see cref="Always"/>.</param>
/// <param name="SizeBytes">Size of its disk.</param>
public sealed partial record ImageRecipe(string Suite, ImmutableArray<string> Packages, long SizeBytes)
{
    public const long DefaultSizeBytes = 2L << 30;
    private const long LeastSizeBytes = 1L << 30;
    private const int MostPackages = 200;

    public static readonly string[] Suites = ["bookworm", "trixie"];

    /// <summary>A system that boots, has a network and lets its administrator in.</summary>
    public static readonly string[] Always =
    [
        "systemd-sysv", "systemd-resolved", "udev", "dbus", "linux-image-cloud-amd64", "initramfs-tools", "zstd",
        "e2fsprogs", "iproute2", "iputils-ping", "openssh-server", "procps",
    ];

    /// <summary>All of it is judged here, so that a build does not fail late for a word.</summary>
    /// <exception cref="GodwitException">A suite, package or size that cannot be.</exception>
    public static ImageRecipe Parse(string suite, ImmutableArray<string> packages, long? sizeBytes)
    {
        if (!Suites.Contains(suite))
        {
            throw new GodwitException(
                ImageErrors.NoSuchSuite, $"Images of '{suite.ReplaceLineEndings("\\n")}' are not built here.",
                Nearest.To(suite, Suites) is { } near ? $"Did you mean {near}?" : $"Take one of {string.Join(", ", Suites)}.");
        }
        if (packages.Length > MostPackages)
            throw new GodwitException(ImageErrors.BadPackage, $"{packages.Length} packages are too many; {MostPackages} can be named.", "Install the others in the guest.");
        if (packages.FirstOrDefault(package => !PackageName().IsMatch(package)) is { } wrong)
        {
            throw new GodwitException(
                ImageErrors.BadPackage, $"'{wrong.ReplaceLineEndings("\\n")}' cannot be the name of a package.",
                "Names have lower-case letters, digits and + - . and are separated by commas.");
        }
        var size = sizeBytes ?? DefaultSizeBytes;
        if (size is < LeastSizeBytes or > BootDisk.LargestBytes || size % BootDisk.Alignment != 0)
        {
            throw new GodwitException(
                ImageErrors.BadSize, $"A built image cannot have {size} bytes.",
                $"Give whole MiB, from {LeastSizeBytes >> 30} GiB to {BootDisk.LargestBytes >> 40} TiB; a domain's disk may be larger than its image.");
        }
        return new ImageRecipe(suite, [.. packages.Distinct()], size);
    }

    /// <summary>Debian Policy, 5.6.1.</summary>
    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.-]{1,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PackageName();
}
