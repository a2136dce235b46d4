using Godwit.Domains;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Tests.Attachments;

/// <summary>For each kind of disk whether another host can be kept from writing to it, and how.</summary>
public sealed class DiskChecksTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly DiskChecks _checks = new(new FakeEndpoints(new VolumeLocation(VolumeName.Parse("vg_xen/lv_vm1"), 4096, "storage", 1, 7)));

    public void Dispose() => _directory.Dispose();

    private Task<DiskFinding> CheckAsync(string target) => _checks.CheckAsync(target, TestContext.Current.CancellationToken);

    [Theory]
    [InlineData("vg_xen/lv_vm1")]
    [InlineData("phy:vg_xen/lv_vm1")]
    public async Task A_volume_has_a_fence(string target)
    {
        var found = await CheckAsync(target);
        Assert.True(found.Disk.Fenced);
        Assert.Equal("a volume of the pool on storage", found.Kind);
        Assert.Null(found.Advice);
    }

    [Theory]
    [InlineData("nbd://10.9.0.7/vm1", "NBD knows no fence")]
    [InlineData("rbd:pool/vm1", "blocklisted")]
    [InlineData("/dev/null", "whoever has it open can write to it")]
    public async Task What_has_none_says_so_and_what_to_do(string target, string how)
    {
        var found = await CheckAsync(target);
        Assert.False(found.Disk.Fenced);
        Assert.Contains(how, found.How);
        Assert.Contains("--unfenced", found.Advice);
    }

    [Fact]
    public async Task A_file_of_this_host_does_not_move()
    {
        await File.WriteAllBytesAsync(_directory.File("a.img"), new byte[1024], TestContext.Current.CancellationToken);
        var found = await CheckAsync("file:" + _directory.File("a.img"));
        Assert.Equal((DiskKind.File, 1024), (found.Disk.Kind, found.Disk.SizeBytes));
        Assert.Contains("cannot move", found.How);
    }

    [Theory]
    [InlineData("")]
    [InlineData("phy:")]
    [InlineData("vg/a\nb")]
    [InlineData("vg_xen/none")]
    [InlineData("/nowhere/at/all")]
    public async Task What_is_not_there_is_refused(string target) =>
        Assert.Equal(StorageErrors.NoSuchDisk, (await Assert.ThrowsAsync<GodwitException>(() => CheckAsync(target))).Code);

    [Fact]
    public async Task A_target_that_is_written_wrongly_is_refused() =>
        Assert.Equal("bad-disk-target", (await Assert.ThrowsAsync<GodwitException>(() => CheckAsync("rbd:vm1"))).Code);
}
