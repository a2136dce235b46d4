using Godwit.Domains;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Tests.Volumes;

public sealed class VolumeGroupsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    private VolumeGroups Open() => new(
        "storage", [GroupDefinition.OfDirectory("vg_xen", _directory.File("configured"))], new GroupFile(_directory.File("groups.json")), VolumeStores.Open);

    [Fact]
    public async Task What_is_added_is_there_after_a_restart_until_it_is_removed()
    {
        var groups = Open();
        await groups.AddAsync(GroupDefinition.OfDirectory("files", _directory.File("files")), Ct);
        Assert.Equal(_directory.File("files/a"), groups.PathOf(VolumeName.Parse("files/a")));
        Assert.Equal([("vg_xen", true), ("files", false)], Open().All.Select(store => (store.Group, Open().IsConfigured(store.Group))));
        groups.Remove("files");
        Assert.Equal("vg_xen", Assert.Single(Open().All).Group);
        Assert.Equal(StorageErrors.NoSuchGroup, Assert.Throws<GodwitException>(() => groups.Remove("files")).Code);
    }

    [Fact]
    public async Task What_cannot_be_added_or_removed_is_refused_and_nothing_is_kept()
    {
        var groups = Open();
        await RefusedAsync(StorageErrors.GroupExists, GroupDefinition.OfDirectory("vg_xen", _directory.File("other")));
        await RefusedAsync(StorageErrors.BadGroup, GroupDefinition.OfDirectory("a/b", _directory.File("other")));
        await RefusedAsync(StorageErrors.BadGroup, GroupDefinition.OfDirectory("a\nb", _directory.File("other")));
        await File.WriteAllTextAsync(_directory.File("file"), "", Ct);
        await RefusedAsync(StorageErrors.NoSuchGroup, GroupDefinition.OfDirectory("a", _directory.File("file/below")));
        Assert.Equal(StorageErrors.GroupInUse, Assert.Throws<GodwitException>(() => groups.Remove("vg_xen")).Code);
        Assert.False(File.Exists(_directory.File("groups.json")));

        async Task RefusedAsync(string code, GroupDefinition definition) =>
            Assert.Equal(code, (await Assert.ThrowsAsync<GodwitException>(() => groups.AddAsync(definition, Ct))).Code);
    }
}
