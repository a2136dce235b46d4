using Godwit.Storage.Images;

namespace Godwit.Storage.Tests.Images;

public sealed class ImageCacheTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-cache-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task OneOfManyBuildersBuildsAndAllGetTheSame()
    {
        var builds = 0;
        async Task BuildAsync(string directory, CancellationToken ct)
        {
            Interlocked.Increment(ref builds);
            await Task.Delay(200, ct);
            await File.WriteAllTextAsync(Path.Combine(directory, "content"), "x", ct);
        }
        var entries = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            new ImageCache(_directory).GetAsync("image", ["recipe"], BuildAsync, CancellationToken.None)));
        Assert.Equal(1, builds);
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(Assert.Single(entries.Distinct()), "content")));
    }

    [Fact]
    public async Task AnotherRecipeIsAnotherEntry()
    {
        var cache = new ImageCache(_directory);
        var one = await cache.GetAsync("image", ["ab", "c"], (_, _) => Task.CompletedTask, CancellationToken.None);
        var two = await cache.GetAsync("image", ["a", "bc"], (_, _) => Task.CompletedTask, CancellationToken.None);
        Assert.NotEqual(one, two);
    }

    [Fact]
    public async Task ABuildThatFailsLeavesNoEntryAndTheNextOneBuilds()
    {
        var cache = new ImageCache(_directory);
        await Assert.ThrowsAsync<InvalidOperationException>(() => cache.GetAsync("image", ["r"], (directory, _) =>
        {
            File.WriteAllText(Path.Combine(directory, "half"), "");
            throw new InvalidOperationException();
        }, CancellationToken.None));
        Assert.Empty(Directory.GetDirectories(_directory));
        var entry = await cache.GetAsync("image", ["r"], (_, _) => Task.CompletedTask, CancellationToken.None);
        Assert.Empty(Directory.GetFileSystemEntries(entry));
    }

    [Fact]
    public async Task WhatAKilledBuilderLeftIsThrownAway()
    {
        var cache = new ImageCache(_directory);
        var entry = await cache.GetAsync("image", ["r"], (_, _) => Task.CompletedTask, CancellationToken.None);
        Directory.Move(entry, entry + ".new");
        await File.WriteAllTextAsync(entry + ".new/half", "");
        await cache.GetAsync("image", ["r"], (_, _) => Task.CompletedTask, CancellationToken.None);
        Assert.False(File.Exists(entry + "/half"));
    }
}
