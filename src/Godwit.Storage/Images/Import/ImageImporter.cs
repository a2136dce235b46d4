using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Godwit.Domains;
using Godwit.Storage.Images.Build;
using Godwit.Storage.Images.Library;

namespace Godwit.Storage.Images.Import;

/// <summary>
/// Takes a disk that somebody else made. The file is not trusted: it may be cut short, claim any size, or name files
/// of this host as parts of itself.
/// </summary>
public static partial class ImageImporter
{
    /// <summary>The largest disk that is taken; the file itself may say anything.</summary>
    public const long LargestBytes = 16L << 40;

    private const int Sha256Digits = 64;
    private const int BlockBytes = 1 << 20;
    private const string Package = "qemu-utils";
    private static readonly string[] s_formats = ["qcow2", "raw", "vmdk"];

    /// <summary>What somebody gives as a checksum, as it is compared.</summary>
    /// <exception cref="GodwitException">It is none.</exception>
    public static string? ParseChecksum(string? text) => text is null ? null
        : text.Trim().ToLowerInvariant() is { Length: Sha256Digits } digits && digits.All(char.IsAsciiHexDigit) ? digits
        : throw new GodwitException(ImageErrors.BadChecksum, "The checksum is not a SHA-256.", "Give its 64 hexadecimal digits, as sha256sum prints them.");

    /// <summary>Writes what comes to a file of the image in the making.</summary>
    /// <returns>Its SHA-256.</returns>
    /// <exception cref="GodwitException">It is not what was promised, or the storage is full.</exception>
    public static async Task<string> ReceiveAsync(ImageLibrary.UnfinishedImage image, Stream content, string? expected, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            await using var file = new FileStream(image.Scratch("upload"), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            var block = new byte[BlockBytes];
            for (int read; (read = await content.ReadAsync(block, ct).ConfigureAwait(false)) > 0;)
            {
                hash.AppendData(block, 0, read);
                await file.WriteAsync(block.AsMemory(0, read), ct).ConfigureAwait(false);
            }
        }
        catch (IOException e) when (ImagePrograms.IsFull(e))
        {
            throw ImagePrograms.Full(e.Message);
        }
        var sum = Convert.ToHexStringLower(hash.GetHashAndReset());
        return expected is null || sum == expected ? sum : throw new GodwitException(
            ImageErrors.BadChecksum, $"The file's SHA-256 is {sum}, not {expected}.", "It is damaged, or another one: fetch it again from where the checksum is from.");
    }

    /// <summary>Makes the image's disk of what was received.</summary>
    /// <exception cref="GodwitException">It is no disk that can be taken.</exception>
    public static async Task<ImageRecord> ConvertAsync(
        ImageLibrary.UnfinishedImage image, string name, string sha256, IProgress<StepProgress>? progress, TimeProvider time, CancellationToken ct)
    {
        var file = image.Scratch("upload");
        progress?.Report(new StepProgress("looking at the file", 0));
        var info = await LookAsync(file, ct).ConfigureAwait(false);
        Judge(info, file);
        if (info.Format == "qcow2")
            await ImagePrograms.RunAsync(Package, ["qemu-img", "check", "-q", "-f", info.Format, file], Broken, null, ct).ConfigureAwait(false);
        await ImagePrograms.RunAsync(
            Package, ["qemu-img", "convert", "-p", "-f", info.Format, "-O", "raw", "-S", "64k", file, image.DiskPath], Broken,
            line =>
            {
                if (Percent().Match(line) is { Success: true } match)
                    progress?.Report(new StepProgress($"unpacking {info.Format}", double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) / 100));
            }, ct).ConfigureAwait(false);
        return new ImageRecord
        {
            Name = name,
            Kind = ImageKind.Cloud,
            SizeBytes = new FileInfo(image.DiskPath).Length,
            Sha256 = sha256,
            Made = time.GetUtcNow(),
            ImportedFrom = info.Format,
        };
    }

    private static async Task<DiskFileInfo> LookAsync(string file, CancellationToken ct)
    {
        // What a file claims of itself may take any memory to look at; real ones take little.
        var said = await ImagePrograms.RunAsync(
            Package, ["prlimit", "--as=2147483648", "--cpu=60", "qemu-img", "info", "--output=json", file], Broken, null, ct).ConfigureAwait(false);
        return DiskFileInfo.Parse(said);
    }

    private static void Judge(DiskFileInfo info, string file)
    {
        if (!s_formats.Contains(info.Format))
            throw Bad($"Files of the form {info.Format} are not taken.", $"Convert it to one of {string.Join(", ", s_formats)} first.");
        if (info.OtherFile(file) is { } other)
        {
            throw Bad(
                $"The file is not whole: it refers to {other}, which would be read from the storage host.",
                "Make one that holds everything: qemu-img convert -O qcow2 FILE WHOLE.qcow2");
        }
        if (info.Encrypted)
            throw Bad("The file is encrypted.", "Decrypt it first.");
        if (info.VirtualSize is <= 0 or > LargestBytes)
            throw Bad($"The file claims to be a disk of {info.VirtualSize} bytes; at most {LargestBytes >> 40} TiB are taken.", "See what `qemu-img info` says of it.");
        if (info.Format == "raw" && !Boots(file))
            throw Bad("The file is neither qcow2 nor vmdk, and as a raw disk it would not boot.", "If it is compressed (.xz, .gz, .zst), unpack it first.");
    }

    /// <summary>It begins as a disk does, with a boot sector and a table of partitions.</summary>
    private static bool Boots(string file)
    {
        using var handle = File.OpenHandle(file);
        var sector = new byte[BootDisk.SectorLength];
        return RandomAccess.Read(handle, sector, 0) == sector.Length && sector is [.., 0x55, 0xAA];
    }

    private static GodwitException Broken(string said) =>
        Bad($"The file is damaged: {(said.Length <= 300 ? said : said[..300] + "…")}", "Fetch it again, and give its checksum with --sha256.");

    private static GodwitException Bad(string message, string remedy) => new(ImageErrors.BadFile, message, remedy);

    /// <summary><c>    (41.81/100%)</c></summary>
    [GeneratedRegex(@"\((\d+\.\d+)/100%\)", RegexOptions.CultureInvariant)]
    private static partial Regex Percent();
}
