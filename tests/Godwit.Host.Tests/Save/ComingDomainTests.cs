using Godwit.Domains;

namespace Godwit.Host.Tests.Save;

/// <summary>What is asked of a domain that is just coming: it is waited for, and not for ever.</summary>
public class ComingDomainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatIsAskedWhileItIsRestoredIsDoneThen()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        var (restoring, goOn) = await host.HoldAtAsync("restore.Load", () => host.RestoreAsync());
        var asked = host.Daemon.PauseAsync("vm1", Token);
        Assert.False(asked.IsCompleted);
        goOn.SetResult();
        await restoring;
        await asked.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(RunState.Paused, (await host.RecordAsync()).RunState);
    }

    [Fact]
    public async Task ADaemonThatStillSettlesASavedDomainRestoresItThen()
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await BeginToSettleAsync(host);
        var restoring = host.RestoreAsync();
        Assert.False(host.Daemon.Settled.IsCompleted);
        await restoring;
        await host.AssertRunsOnAsync(memory);
    }

    [Fact]
    public async Task DestroyedWhileItIsSettledItIsGone()
    {
        await using var host = await SavedHost.StartAsync();
        await BeginToSettleAsync(host);
        var destroying = host.Daemon.DestroyAsync("vm1", Token);
        Assert.False(host.Daemon.Settled.IsCompleted);
        await destroying.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Null(await host.Parts.Registry.FindAsync("vm1", Token));
        Assert.Empty(host.Files);
    }

    [Fact]
    public async Task ItIsRefusedInTheEnd()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        var time = new SkippedTime();
        host.Time = time;
        await host.StartDaemonAsync();
        var (restoring, goOn) = await host.HoldAtAsync("restore.Load", () => host.RestoreAsync());
        var asked = host.Daemon.PauseAsync("vm1", Token);
        Assert.False(asked.IsCompleted);
        time.Skipped = TimeSpan.FromSeconds(11);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => asked.WaitAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Equal(("domain-is-busy", "vm1 is just arriving, being created or restored."), (refused.Code, refused.Message));
        goOn.SetResult();
        await restoring;
    }

    /// <summary>A daemon died in a restore, and the next one settles that: a disk that cannot be detached is tried again after a second.</summary>
    private static async Task BeginToSettleAsync(SavedHost host)
    {
        await host.SaveAsync();
        await host.HoldAtAsync("restore.Load", () => host.RestoreAsync());
        host.Disks.FailsToDetach = new IOException("The disk is busy.");
        await host.BeginDaemonAsync();
    }

    /// <summary>The true time, and what a test says has passed beside it.</summary>
    private sealed class SkippedTime : TimeProvider
    {
        public TimeSpan Skipped { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Skipped.TotalSeconds * TimestampFrequency);
    }
}
