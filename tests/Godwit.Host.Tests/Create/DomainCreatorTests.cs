using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Storage;

namespace Godwit.Host.Tests.Create;

public sealed class DomainCreatorTests : IDisposable
{
    private readonly OneHost _host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(DiskKind.BlockDevice, "a block device that the pool does not manage")]
    [InlineData(DiskKind.File, "a file of this host")]
    public async Task ADiskWithoutAFenceIsRefusedWithTheRemedyAndNothingIsLeft(DiskKind kind, string described)
    {
        _host.Disks.Kind = kind;
        var refused = await Assert.ThrowsAsync<GodwitException>(() => CreateAsync(unfenced: false));
        Assert.Equal("disk-not-fenced", refused.Code);
        Assert.Contains($"/dev/sdb ({described})", refused.Message);
        Assert.Contains("--unfenced", refused.Remedy);
        await AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData(DiskKind.BlockDevice, true, false)]
    [InlineData(DiskKind.File, true, false)]
    // Nobody destroys what nobody writes.
    [InlineData(DiskKind.BlockDevice, false, true)]
    [InlineData(DiskKind.PoolVolume, false, false)]
    public async Task ItIsMadeWhereAPersonAnswersForItOrNothingCanBeDestroyed(DiskKind kind, bool unfenced, bool readOnly)
    {
        _host.Disks.Kind = kind;
        var started = await CreateAsync(unfenced, readOnly);
        Assert.Equal("b", started.Record.Owner);
        Assert.Equal("/dev/sdb", Assert.Single(_host.Disks.Attached).Disk.Name);
        Assert.Single(_host.Engine.Processes);
        Assert.False((await _host.Parts.Registry.FindAsync("vm1", Token))!.Arriving);
        Assert.Empty(await _host.Parts.Journal.ListAsync(Token));
    }

    [Fact]
    public async Task MoreMemoryThanThereIsIsRefusedAndNothingIsLeft()
    {
        _host.AvailableMemoryMiB = 255;
        var refused = await Assert.ThrowsAsync<GodwitException>(() => CreateAsync(unfenced: false));
        Assert.Equal("not-enough-memory", refused.Code);
        Assert.Contains("vm1 wants 256 MiB; b has 255 MiB", refused.Message);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task WhatTheHostCannotRunIsRefusedAndNothingIsLeft()
    {
        var parts = _host.Parts with { Hypervisor = new LackingHypervisor(_host.Parts.Hypervisor) };
        var spec = new DomainSpec { Name = "vm1", MemoryMiB = 256, GuestType = GuestType.Pvh };
        var refused = await Assert.ThrowsAsync<GodwitException>(
            () => new DomainCreator(parts, new DomainStarter(parts)).CreateAsync(spec, new CreateOptions(), Token));
        Assert.Equal("host-cannot-pvh", refused.Code);
        await AssertNothingLeftAsync();
    }

    private async Task AssertNothingLeftAsync()
    {
        Assert.Null(await _host.Parts.Registry.FindAsync("vm1", Token));
        Assert.Empty(await _host.Parts.Journal.ListAsync(Token));
        Assert.Empty(_host.Disks.Attached);
        Assert.Empty(_host.Engine.Processes);
    }

    private Task<StartedDomain> CreateAsync(bool unfenced, bool readOnly = false)
    {
        var spec = new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            Disks = [new DiskSpec { Target = "/dev/sdb", Backend = DiskBackend.Block, VirtualDevice = "xvda", ReadOnly = readOnly }],
        };
        // Paused, so that no guest goes on when the test has ended.
        return new DomainCreator(_host.Parts, new DomainStarter(_host.Parts)).CreateAsync(spec, new CreateOptions(Paused: true, Unfenced: unfenced), Token);
    }
}
