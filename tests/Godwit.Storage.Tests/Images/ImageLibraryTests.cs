using Godwit.Domains;
using Godwit.Storage.Images.Library;

namespace Godwit.Storage.Tests.Images;

public sealed class ImageLibraryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("images");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void AnImageIsThereOnceItIsKept()
    {
        var library = new ImageLibrary(Root);
        using (var image = library.Begin("debian"))
        {
            File.WriteAllText(image.DiskPath, "disk");
            File.WriteAllText(image.Scratch("upload"), "no longer needed");
            Directory.CreateDirectory(image.Scratch("tree"));
            Assert.Empty(library.List());
            Assert.Equal("no-such-image", Assert.Throws<GodwitException>(() => library.Find("debian")).Code);
            image.Keep(Record("debian"));
        }
        Assert.Equivalent(Record("debian"), Assert.Single(new ImageLibrary(Root).List()));
        Assert.Equal("disk", File.ReadAllText(library.DiskOf(library.Find("debian"))));
        Assert.Equal(["disk.raw", "image.json"], Directory.GetFileSystemEntries(Path.Combine(Root, "debian")).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void OneThatFailsLeavesNothingAndItsNameIsFree()
    {
        var library = new ImageLibrary(Root);
        using (var image = library.Begin("debian"))
            File.WriteAllText(image.DiskPath, "half");
        Assert.Empty(Directory.GetFileSystemEntries(Root));
        library.Begin("debian").Dispose();
    }

    [Fact]
    public void WhatADaemonThatDiedLeftIsRemovedByTheNext()
    {
        File.WriteAllText(new ImageLibrary(Root).Begin("debian").DiskPath, "half");
        Assert.Empty(new ImageLibrary(Root).List());
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Fact]
    public void ANameIsTakenOnce()
    {
        var library = new ImageLibrary(Root);
        using (var image = library.Begin("debian"))
        {
            Assert.Equal("image-busy", Assert.Throws<GodwitException>(() => library.Begin("debian")).Code);
            File.WriteAllText(image.DiskPath, "disk");
            image.Keep(Record("debian"));
        }
        Assert.Equal("image-exists", Assert.Throws<GodwitException>(() => library.Begin("debian")).Code);
        Assert.Equal("Did you mean debian?", Assert.Throws<GodwitException>(() => library.Find("debain")).Remedy);
    }

    [Fact]
    public void ADeletedImageIsGoneAndWhoReadsItGetsAllOfIt()
    {
        var library = new ImageLibrary(Root);
        using (var image = library.Begin("debian"))
        {
            File.WriteAllText(image.DiskPath, "disk");
            image.Keep(Record("debian"));
        }
        using var reader = File.OpenText(library.DiskOf(library.Find("debian")));
        library.Delete("debian");
        Assert.Empty(Directory.GetFileSystemEntries(Root));
        Assert.Equal("disk", reader.ReadToEnd());
        Assert.Equal("no-such-image", Assert.Throws<GodwitException>(() => library.Delete("debian")).Code);
    }

    [Fact]
    public void ARecordThatIsNoneIsToldWithItsPlace()
    {
        Directory.CreateDirectory(Path.Combine(Root, "debian"));
        File.WriteAllText(Path.Combine(Root, "debian", "image.json"), "{");
        var told = Assert.Throws<GodwitException>(() => new ImageLibrary(Root).Find("debian"));
        Assert.Equal("bad-image-record", told.Code);
        Assert.Contains(Path.Combine(Root, "debian", "image.json"), told.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("../../etc")]
    [InlineData("a\nb")]
    [InlineData("debian\n")]
    [InlineData("Debian")]
    [InlineData("-debian")]
    [InlineData("a-name-of-more-than-sixty-three-characters-which-is-more-than-anybody-types")]
    public void ANameThatWouldBeAPathIsRefused(string name)
    {
        var library = new ImageLibrary(Root);
        foreach (var use in (Action<string>[])[n => library.Begin(n), n => library.Find(n), library.Delete])
            Assert.Equal("bad-image-name", Assert.Throws<GodwitException>(() => use(name)).Code);
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    private static ImageRecord Record(string name) => new()
    {
        Name = name, Kind = ImageKind.Built, SizeBytes = 1 << 30, Sha256 = new string('a', 64), Made = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Suite = "bookworm", Packages = ["vim"],
    };
}
