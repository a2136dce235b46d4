using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Hypervisors;

namespace Godwit.Host.Tests.Supervise;

/// <summary>A volume that grows under a domain: a move afterwards offers the disk in its new size.</summary>
public sealed class GrownDiskTests : IDisposable
{
    private readonly OneHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task TheDiskThatHasGrownAndNoOtherIsTaken()
    {
        var token = TestContext.Current.CancellationToken;
        var spec = new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            Disks =
            [
                new DiskSpec { Target = "vg/a", Backend = DiskBackend.Block, VirtualDevice = "xvda" },
                new DiskSpec { Target = "vg/b", Backend = DiskBackend.Block, VirtualDevice = "xvdb" },
            ],
        };
        var starter = new DomainStarter(_host.Parts);
        var started = await new DomainCreator(_host.Parts, starter).CreateAsync(spec, new CreateOptions(), token);
        var task = new DomainTask(_host.Parts, starter, started, CopyPhase.Running);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var running = task.RunAsync(stop.Token);
        await task.GrowDisksAsync(VolumeName.Parse("vg/b"), 2 << 20, token);
        await task.GrowDisksAsync(VolumeName.Parse("vg/c"), 4 << 20, token);
        Assert.Equal([("vg/b", 2L << 20)], _host.Disks.Grown);
        await stop.CancelAsync();
        await running;
    }
}
