using Godwit.Domains;
using Godwit.Host.Create;

namespace Godwit.Host.Tests.Create;

public sealed class BootStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-boot-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task AFileIsKeptByItsContent()
    {
        var store = new BootStore(Path.Combine(_directory, "store"));
        var file = Path.Combine(_directory, "vmlinuz");
        await File.WriteAllTextAsync(file, "kernel", Token);
        var digest = await store.AddAsync(file, Token);
        File.Delete(file);
        Assert.Equal("kernel", await File.ReadAllTextAsync(store.Find(digest)!, Token));
        await File.WriteAllTextAsync(file, "kernel", Token);
        Assert.Equal(digest, await store.AddAsync(file, Token));
        Assert.Single(Directory.EnumerateFiles(Path.Combine(_directory, "store")));
        Assert.Null(store.Find(new string('0', 64)));
    }

    [Fact]
    public async Task BytesThatAreNotThoseOfTheDigestAreNotKept()
    {
        var store = new BootStore(_directory);
        var digest = new string('a', 64);
        await using (var sink = store.Create(digest, 3))
        {
            await sink.WriteAsync("abc"u8.ToArray(), Token);
            await Assert.ThrowsAsync<GodwitException>(() => sink.KeepAsync(Token));
        }
        await using (var sink = store.Create(digest, 3))
            await Assert.ThrowsAsync<GodwitException>(async () => await sink.WriteAsync("abcd"u8.ToArray(), Token));
        Assert.Null(store.Find(digest));
        Assert.Empty(Directory.EnumerateFiles(_directory));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("AAAA")]
    [InlineData("")]
    public void ADigestIsNotAPath(string digest) => Assert.Throws<GodwitException>(() => new BootStore(_directory).Find(digest));

    [Fact]
    public async Task AnEmptyFileIsRefusedAndNothingIsKept()
    {
        var (store, file) = (new BootStore(Path.Combine(_directory, "store")), Path.Combine(_directory, "vmlinuz"));
        await File.WriteAllTextAsync(file, "", Token);
        Assert.Equal("bad-boot-file", (await Assert.ThrowsAsync<GodwitException>(() => store.AddAsync(file, Token))).Code);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_directory, "store")));
    }

    [Fact]
    public async Task AMissingFileIsRefusedWithItsPath()
    {
        var e = await Assert.ThrowsAsync<GodwitException>(() => new BootStore(_directory).AddAsync("/no/such/kernel", Token));
        Assert.Equal("no-such-boot-file", e.Code);
        Assert.Contains("/no/such/kernel", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatAnInterruptedTransferLeftIsClearedAway()
    {
        File.WriteAllText(Path.Combine(_directory, "x.part"), "half");
        _ = new BootStore(_directory);
        Assert.Empty(Directory.EnumerateFiles(_directory));
    }
}
