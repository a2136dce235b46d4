using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Hypervisors;
using Godwit.Pool.Ownership;

namespace Godwit.Host.Tests.Supervise;

/// <summary>A guest that runs and asks nothing of its disk, which the kernel serves: only its daemon can find that another host has it.</summary>
public sealed class UntoldSuccessorTests : IDisposable
{
    private readonly OneHost _host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public async Task OnlyAWriterWhoseDiskTellsNothingIsLookedAfter(bool kernelDevice, bool readOnly, bool looked)
    {
        var task = await StartAsync(kernelDevice, readOnly);
        Assert.Equal(looked, task.HearsNothing);
    }

    [Fact]
    public async Task TheCopyGoesAtTheLookAfterAnotherHostHasTakenTheDomain()
    {
        var task = await StartAsync(kernelDevice: true, readOnly: false);
        var running = task.RunAsync(Token);
        task.Doubt();
        await Task.Delay(200, Token);
        Assert.Single(_host.Engine.Processes);
        var taken = await _host.Parts.Records.ChangeAsync("vm1", _ => false, record => Transitions.TakeOver(record, "c", Guid.NewGuid()), Token);
        Assert.Equal("c", taken?.Owner);
        task.Doubt();
        await running.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Empty(_host.Engine.Processes);
        Assert.Empty(_host.Disks.Attached);
    }

    private async Task<DomainTask> StartAsync(bool kernelDevice, bool readOnly)
    {
        _host.Disks.KernelDevice = kernelDevice;
        var spec = new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            Disks = [new DiskSpec { Target = "vg/a", Backend = DiskBackend.Block, VirtualDevice = "xvda", ReadOnly = readOnly }],
        };
        var starter = new DomainStarter(_host.Parts);
        var started = await new DomainCreator(_host.Parts, starter).CreateAsync(spec, new CreateOptions(), Token);
        return new DomainTask(_host.Parts, starter, started, CopyPhase.Running);
    }
}
