using Godwit.Domains;
using Godwit.Host.Tests.Save;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;

namespace Godwit.Host.Tests.Supervise;

/// <summary>A driver's own limit that passes is a failure like any other: the domain stays this host's, with a task that looks after it.</summary>
public sealed class StrayLimitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhoeverAskedIsToldAndTheDomainIsLookedAfter()
    {
        await using var host = await SavedHost.StartAsync();
        await host.Daemon.PauseAsync("vm1", Token);
        var (memory, epoch) = (host.Process.Memory, (await host.RecordAsync()).Epoch);
        host.Engine.TimeOutNext(FakePoint.Continue);
        var failed = await Assert.ThrowsAsync<GodwitException>(() => host.Daemon.UnpauseAsync("vm1", Token).WaitAsync(Limit, Token));
        Assert.Equal("not-in-time", failed.Code);
        Assert.NotNull(failed.Remedy);

        await AssertLookedAfterAsync(host);
        await host.Daemon.UnpauseAsync("vm1", Token);
        await host.AssertRunsOnAsync(memory);
        Assert.Equal(epoch, (await host.RecordAsync()).Epoch);
        Assert.Single(host.Disks.Attached);
        // And its end is heard.
        host.Process.Panic();
        await host.AssertStartsColdAsync(memory);
    }

    [Fact]
    public async Task ATaskThatBeginsWithOneGoesOn()
    {
        await using var host = await SavedHost.StartAsync();
        var copy = Assert.Single(await host.Parts.Hypervisor.FindCopiesAsync(Token));
        await copy.SetMemoryAsync(128, Token);
        await copy.DisposeAsync();
        host.Engine.TimeOutNext(FakePoint.Resize);
        await host.StartDaemonAsync();
        await AssertLookedAfterAsync(host);
        Assert.Equal(128, host.Process.Order.Spec.MemoryMiB);
    }

    [Fact]
    public async Task ACopyThatIsSettledIsTriedAgain()
    {
        await using var host = await SavedHost.StartAsync();
        host.Engine.LoseDaemon();
        host.Process.StopByCheck();
        var memory = host.Process.Memory;
        host.Engine.TimeOutNext(FakePoint.Continue);
        await host.StartDaemonAsync();
        await AssertLookedAfterAsync(host);
        await host.AssertRunsOnAsync(memory);
    }

    [Fact]
    public async Task AGuestWhoseDiskAnswersAgainIsLetGoOnAgain()
    {
        await using var host = await SavedHost.StartAsync();
        host.Engine.TimeOutNext(FakePoint.Continue);
        host.Writes = FakeWriteResult.Refused;
        await SavedHost.UntilAsync(() => host.Process.Phase == CopyPhase.IoError);
        host.Writes = FakeWriteResult.Acknowledged;
        await host.AssertRunsOnAsync(host.Process.Memory);
        await AssertLookedAfterAsync(host);
    }

    [Fact]
    public async Task AColdStartIsTriedAgain()
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        host.Engine.TimeOutNext(FakePoint.Start);
        host.Process.Panic();
        // By its own task, before the host looks for domains that it has lost.
        await host.AssertStartsColdAsync(memory).WaitAsync(TimeSpan.FromSeconds(8), Token);
        await AssertLookedAfterAsync(host);
    }

    [Fact]
    public async Task WhatIsLeftOfATakenDomainIsLookedForAgain()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        // Its owner is another host, which has the file.
        await host.Parts.Registry.CompareAndSetAsync(await host.RecordAsync() with { Owner = "c" }, (await host.RecordAsync()).Revision, drawEpoch: false, Token);
        host.Disks.FailsToFind = new OperationCanceledException("a limit");
        await host.Daemon.TakeOverAsync("vm1", Token);
        await SavedHost.UntilAsync(() => host.RecordAsync().GetAwaiter().GetResult() is { Owner: "b", RunState: RunState.Running, Arriving: false });
        await AssertLookedAfterAsync(host);
    }

    /// <summary>It is in the list with its copy, and does what it is asked.</summary>
    private static async Task AssertLookedAfterAsync(SavedHost host)
    {
        await SavedHost.UntilAsync(() => host.Daemon.ListAsync(Token).GetAwaiter().GetResult() is [{ Activity: DomainActivity.Settled, Copy.Phase: var phase }]
            && phase == host.Process.Phase);
        await host.Daemon.PauseAsync("vm1", Token).WaitAsync(Limit, Token);
        await host.Daemon.UnpauseAsync("vm1", Token).WaitAsync(Limit, Token);
        Assert.Equal(CopyPhase.Running, host.Process.Phase);
    }
}
