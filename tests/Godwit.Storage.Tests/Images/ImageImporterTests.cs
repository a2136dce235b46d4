using System.Security.Cryptography;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Images.Import;
using Godwit.Storage.Images.Library;

namespace Godwit.Storage.Tests.Images;

/// <summary>Files as the real qemu-img makes them, whole and otherwise.</summary>
public sealed class ImageImporterTests : IDisposable
{
    private const long MiB = 1L << 20;
    private readonly TemporaryDirectory _directory = new();
    private readonly ImageLibrary _library;

    public ImageImporterTests() => _library = new ImageLibrary(_directory.File("images"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("qcow2", "")]
    [InlineData("qcow2", "-c")]
    [InlineData("vmdk", "")]
    [InlineData("raw", "")]
    public async Task ADiskIsTakenWholeAndStaysSparse(string format, string how)
    {
        var disk = MakeDisk();
        var file = _directory.File("file");
        await ProgramRunner.RunAsync(["qemu-img", "convert", "-O", format, .. how.Length > 0 ? [how] : Array.Empty<string>(), disk, file], ct: Token);
        var sum = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, Token)));

        var record = await ImportAsync(file, sum.ToUpperInvariant());

        Assert.Equal((ImageKind.Cloud, 64 * MiB, sum, format), (record.Kind, record.SizeBytes, record.Sha256, record.ImportedFrom));
        var image = _library.DiskOf(_library.Find("cloud"));
        Assert.Equal(await File.ReadAllBytesAsync(disk, Token), await File.ReadAllBytesAsync(image, Token));
        var kilobytes = (await ProgramRunner.RunAsync(["du", "-k", image], ct: Token)).Split('\t')[0];
        Assert.True(int.Parse(kilobytes) < 8 * 1024, kilobytes + " KiB are taken");
    }

    [Fact]
    public async Task AFileThatIsCutShortIsRefused()
    {
        var file = await ConvertedAsync("-c");
        await using (var cut = new FileStream(file, FileMode.Open))
            cut.SetLength(cut.Length / 2);
        await RefusedAsync(file, "bad-image-file", "The file is damaged");
    }

    [Fact]
    public async Task AFileWithADamagedHeadIsRefused()
    {
        var file = await ConvertedAsync();
        await using (var damaged = new FileStream(file, FileMode.Open))
        {
            damaged.Position = 100;
            damaged.Write(RandomNumberGenerator.GetBytes(5000));
        }
        await RefusedAsync(file, "bad-image-file", "The file is damaged");
    }

    /// <summary>Each would read what it names from the storage host, and hand it to whoever gets the image.</summary>
    [Theory]
    [InlineData("-f qcow2 -b /etc/hostname -F raw", "/etc/hostname")]
    [InlineData("-f vmdk -o subformat=monolithicFlat 10M", "file-flat.img")]
    [InlineData("-f qcow2 -o data_file=OTHER,data_file_raw=on 10M", "other.raw")]
    public async Task AFileThatNamesAnotherIsRefused(string how, string named)
    {
        var file = _directory.File("file.img");
        var words = how.Replace("OTHER", _directory.File("other.raw"), StringComparison.Ordinal).Split(' ');
        var size = words[^1] == "10M" ? words[^1] : null;
        await ProgramRunner.RunAsync(["qemu-img", "create", "-q", .. words.Take(words.Length - (size is null ? 0 : 1)), file, .. size is null ? Array.Empty<string>() : [size]], ct: Token);
        if (words.Contains("vmdk"))
        {
            // By an absolute path, which leads to it from wherever the file is sent.
            var text = await File.ReadAllTextAsync(file, Token);
            await File.WriteAllTextAsync(file, text.Replace(named, _directory.File(named), StringComparison.Ordinal), Token);
        }
        await RefusedAsync(file, "bad-image-file", named);
    }

    [Fact]
    public async Task AnAbsurdSizeIsRefused()
    {
        var file = _directory.File("file");
        await ProgramRunner.RunAsync(["qemu-img", "create", "-q", "-f", "qcow2", file, "17T"], ct: Token);
        await RefusedAsync(file, "bad-image-file", "at most 16 TiB are taken");
    }

    [Theory]
    [InlineData("a text and no disk")]
    [InlineData("")]
    public async Task WhatIsNoDiskIsRefused(string content)
    {
        var file = _directory.File("file");
        await File.WriteAllTextAsync(file, content, Token);
        await RefusedAsync(file, "bad-image-file", "");
    }

    [Fact]
    public async Task ACompressedDiskIsRefusedWithWhatToDo()
    {
        var disk = MakeDisk();
        await ProgramRunner.RunAsync(["gzip", "-1", disk], ct: Token);
        Assert.Contains("unpack it first", (await RefusedAsync(disk + ".gz", "bad-image-file", "would not boot")).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherFormIsRefused()
    {
        var file = _directory.File("file");
        await ProgramRunner.RunAsync(["qemu-img", "convert", "-O", "vdi", MakeDisk(), file], ct: Token);
        await RefusedAsync(file, "bad-image-file", "vdi");
    }

    [Fact]
    public async Task AWrongChecksumIsRefused()
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(async () => await ImportAsync(await ConvertedAsync(), new string('0', 64)));
        Assert.Equal("bad-checksum", refused.Code);
        Assert.Empty(_library.List());
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    public void WhatIsNoChecksumIsRefused(string text) =>
        Assert.Equal("bad-checksum", Assert.Throws<GodwitException>(() => ImageImporter.ParseChecksum(text)).Code);

    private async Task<GodwitException> RefusedAsync(string file, string code, string words)
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(() => ImportAsync(file, null));
        Assert.Equal(code, refused.Code);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Remedy);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.File("images")));
        return refused;
    }

    private async Task<ImageRecord> ImportAsync(string file, string? checksum)
    {
        using var image = _library.Begin("cloud");
        await using var content = File.OpenRead(file);
        var sum = await ImageImporter.ReceiveAsync(image, content, ImageImporter.ParseChecksum(checksum), Token);
        var record = await ImageImporter.ConvertAsync(image, "cloud", sum, null, TimeProvider.System, Token);
        image.Keep(record);
        return record;
    }

    private async Task<string> ConvertedAsync(params string[] how)
    {
        var file = _directory.File("file");
        await ProgramRunner.RunAsync(["qemu-img", "convert", "-O", "qcow2", .. how, MakeDisk(), file], ct: Token);
        return file;
    }

    /// <summary>64 MiB that begin as a disk does, with data in the middle.</summary>
    private string MakeDisk()
    {
        var path = _directory.File("disk");
        using var disk = new FileStream(path, FileMode.Create);
        disk.SetLength(64 * MiB);
        disk.Position = 510;
        disk.Write([0x55, 0xAA]);
        disk.Position = 30 * MiB;
        disk.Write(RandomNumberGenerator.GetBytes((int)(2 * MiB)));
        return path;
    }
}
