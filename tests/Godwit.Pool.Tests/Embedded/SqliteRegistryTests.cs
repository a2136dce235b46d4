using Godwit.Domains;
using Godwit.Pool.Embedded;

namespace Godwit.Pool.Tests.Embedded;

public sealed class SqliteRegistryTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"godwit-registry-{Guid.NewGuid():N}.db");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var file in new[] { _path, _path + "-wal", _path + "-shm" })
            File.Delete(file);
    }

    [Fact]
    public async Task OfTwoWhoChangeTheSameRevisionOneWinsAndTheOtherSeesWhoDid()
    {
        using var registry = SqliteRegistry.Open(_path);
        var created = await registry.CompareAndSetAsync(Records.New(), 0, drawEpoch: true, Token);
        Assert.True(created.Won);
        var revision = created.Current!.Revision;

        var first = await registry.CompareAndSetAsync(created.Current with { Owner = "b" }, revision, false, Token);
        var second = await registry.CompareAndSetAsync(created.Current with { Owner = "c" }, revision, false, Token);
        Assert.True(first.Won);
        Assert.False(second.Won);
        Assert.Equal("b", second.Current!.Owner);
        Assert.Equal("b", (await registry.FindAsync("vm1", Token))!.Owner);
    }

    [Fact]
    public async Task ANameThatIsTakenIsNotCreatedAgain()
    {
        using var registry = SqliteRegistry.Open(_path);
        await registry.CompareAndSetAsync(Records.New(), 0, true, Token);
        var again = await registry.CompareAndSetAsync(Records.New() with { Owner = "c" }, 0, true, Token);
        Assert.False(again.Won);
        Assert.Equal("a", again.Current!.Owner);
    }

    [Fact]
    public async Task EpochsOnlyGrowAlsoOverARestartAndOverRemovedDomains()
    {
        long first;
        using (var registry = SqliteRegistry.Open(_path))
        {
            var created = await registry.CompareAndSetAsync(Records.New(), 0, true, Token);
            first = created.Current!.Epoch;
            Assert.True((await registry.RemoveAsync("vm1", created.Current.Revision, Token)).Won);
        }
        using (var registry = SqliteRegistry.Open(_path))
        {
            Assert.Null(await registry.FindAsync("vm1", Token));
            var again = await registry.CompareAndSetAsync(Records.New(), 0, true, Token);
            Assert.True(again.Current!.Epoch > first);
        }
    }

    [Fact]
    public async Task ALostChangeDrawsNoEpoch()
    {
        using var registry = SqliteRegistry.Open(_path);
        var created = await registry.CompareAndSetAsync(Records.New(), 0, true, Token);
        await registry.CompareAndSetAsync(created.Current!, created.Current!.Revision + 5, true, Token);
        var next = await registry.CompareAndSetAsync(created.Current, created.Current.Revision, true, Token);
        Assert.Equal(created.Current.Epoch + 1, next.Current!.Epoch);
    }

    [Fact]
    public async Task RecordsHostsAndVolumesComeBackAsTheyWere()
    {
        var record = Records.New() with { Intent = Records.Intent, Boot = new BootFiles("aa", null) };
        using (var registry = SqliteRegistry.Open(_path))
        {
            await registry.CompareAndSetAsync(record, 0, false, Token);
            await registry.PutHostAsync(new HostRecord("a", "10.9.0.11:8002", ["compute"], [MacAddress.Parse("02:00:00:00:00:01")]), Token);
            await registry.PutVolumeAsync(new VolumeRecord(VolumeName.Parse("vg_xen/lv_vm1"), 5L << 30, "storage", 0, 0), Token);
        }
        using (var registry = SqliteRegistry.Open(_path))
        {
            var read = (await registry.FindAsync("vm1", Token))!;
            Assert.Equal((record.Owner, record.Epoch, record.Intent, record.Boot, record.Pin), (read.Owner, read.Epoch, read.Intent, read.Boot, read.Pin));
            Assert.Equal("10.9.0.11:8002", Assert.Single(await registry.ListHostsAsync(Token)).Address);
            Assert.Equal(5L << 30, Assert.Single(await registry.ListVolumesAsync(Token)).SizeBytes);
            await registry.RemoveVolumeAsync(VolumeName.Parse("vg_xen/lv_vm1"), "another", Token);
            Assert.Single(await registry.ListVolumesAsync(Token));
            await registry.RemoveVolumeAsync(VolumeName.Parse("vg_xen/lv_vm1"), "storage", Token);
            Assert.Empty(await registry.ListVolumesAsync(Token));
        }
    }
}
