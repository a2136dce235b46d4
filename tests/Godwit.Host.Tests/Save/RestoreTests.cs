using Godwit.Domains;
using Godwit.Hypervisors.Fake;
using Godwit.Pool.Ownership;

namespace Godwit.Host.Tests.Save;

/// <summary>Saved memory comes back over the disks that it belongs to, or stays where it is.</summary>
public sealed class RestoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(FakePoint.PrepareReceiver)]
    [InlineData(FakePoint.Receive)]
    [InlineData(FakePoint.Load)]
    [InlineData(FakePoint.Continue)]
    public async Task AnEngineThatFailsLeavesItSavedAsItWas(FakePoint point)
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        for (var i = 0; i < 2; i++)
        {
            host.Engine.FailNext(point);
            await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
            await host.AssertSavedAsync();
        }
        await host.RestoreAsync();
        await host.AssertRunsOnAsync(memory);
    }

    [Theory]
    [InlineData(FakePoint.PrepareReceiver)]
    [InlineData(FakePoint.Receive)]
    [InlineData(FakePoint.Continue)]
    public async Task AnEngineThatDoesNotAnswerInTimeLeavesItSavedAsItWas(FakePoint point)
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        host.Engine.TimeOutNext(point);
        Assert.Equal("restore-failed", (await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync())).Code);
        await host.AssertSavedAsync();
        await host.RestoreAsync();
        await host.AssertRunsOnAsync(memory);
    }

    [Theory]
    [InlineData("restore.Prepare")]
    [InlineData("restore.Load")]
    public async Task OneThatIsCancelledIsSavedAsItWas(string point)
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        using var asked = new CancellationTokenSource();
        host.At(point, () =>
        {
            asked.Cancel();
            return Task.CompletedTask;
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.RestoreAsync(asked: asked.Token));
        await host.AssertSavedAsync();
        await host.RestoreAsync();
        await host.AssertRunsOnAsync(memory);
    }

    [Theory]
    [InlineData("restore.Prepare", true)]
    [InlineData("restore.Load", true)]
    [InlineData("restore.Fence", true)]
    [InlineData("restore.Commit", true)]
    [InlineData("restore.Resume", false)]
    [InlineData("restore.Remove", false)]
    public async Task ADaemonThatDiesLeavesItSavedOrRunning(string point, bool saved)
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        await host.DieAtAsync(point, () => host.RestoreAsync());
        if (saved)
        {
            await host.AssertSavedAsync();
            await host.RestoreAsync();
        }
        await host.AssertRunsOnAsync(memory);
    }

    [Fact]
    public async Task AHostThatLosesItsPowerAfterTheRecordSaysRunningDoesNotPutTheMemoryBack()
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        host.At("restore.Remove", () =>
        {
            // It has run, and nobody could say what it wrote.
            host.Process.Kill("power lost");
            return new TaskCompletionSource().Task;
        });
        _ = host.RestoreAsync();
        await SavedHost.UntilAsync(() => host.Engine.Processes.Count == 0 && host.RecordAsync().GetAwaiter().GetResult().RunState == RunState.Running);
        await host.StartDaemonAsync();
        await host.AssertStartsColdAsync(memory);
    }

    [Fact]
    public async Task MemoryIsNotPutOverADiskThatWasAnothersSince()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        host.Disks.TakeFor("c", "vg/a", await host.Parts.Registry.DrawEpochAsync(Token));
        for (var i = 0; i < 2; i++)
        {
            var refused = await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
            Assert.Equal("saved-memory-is-stale", refused.Code);
            Assert.Contains("godwit destroy vm1", refused.Remedy, StringComparison.Ordinal);
            await host.AssertSavedAsync();
        }
        Assert.True((await host.RecordAsync()).Saved!.Stale);
        await host.Daemon.DestroyAsync("vm1", Token);
        Assert.Empty(host.Files);
    }

    [Theory]
    [InlineData("restore.Fence")]
    [InlineData("restore.Load")]
    public async Task WhatADaemonDiedOverIsAskedOfTheDisksByTheNext(string point)
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        host.Disks.TakeFor("c", "vg/a", await host.Parts.Registry.DrawEpochAsync(Token));
        await host.DieAtAsync(point, () => host.RestoreAsync());
        Assert.True((await host.RecordAsync()).Saved!.Stale);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        Assert.Equal("saved-memory-is-stale", refused.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnAnswerThatWasLostIsAskedForAgain(bool older)
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        if (older)
            host.Disks.TakeFor("c", "vg/a", await host.Parts.Registry.DrawEpochAsync(Token));
        host.Disks.LosesFenceAnswer = new IOException("connection reset");
        Assert.Equal("restore-failed", (await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync())).Code);
        // The host's look after its records, which a daemon's start does as well.
        await host.StartDaemonAsync();
        await host.AssertSavedAsync();
        Assert.Equal(older, (await host.RecordAsync()).Saved!.Stale);
        if (older)
            return;
        await host.RestoreAsync();
        await host.AssertRunsOnAsync(memory);
    }

    [Fact]
    public async Task ARestoreThatWasCutShortAndWhoseFileIsGoneCanBeDestroyed()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        host.At("restore.Prepare", () =>
        {
            File.Delete(host.File);
            return new TaskCompletionSource().Task;
        });
        _ = host.RestoreAsync();
        await SavedHost.UntilAsync(() => !File.Exists(host.File));
        await host.StartDaemonAsync();
        Assert.Equal("saved-memory-missing", (await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync())).Code);
        await host.Daemon.DestroyAsync("vm1", Token);
        Assert.Null(await host.Parts.Registry.FindAsync("vm1", Token));
    }

    [Fact]
    public async Task ADiskThatWasTakenBetweenTwoRestoresTellsSo()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        host.Engine.FailNext(FakePoint.Continue);
        await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        Assert.Equal(2, (await host.RecordAsync()).Saved!.Epochs.Length);
        host.Disks.TakeFor("c", "vg/a", await host.Parts.Registry.DrawEpochAsync(Token));
        var refused = await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        Assert.Equal("saved-memory-is-stale", refused.Code);
    }

    [Theory]
    [InlineData("byte", "saved-memory-damaged")]
    [InlineData("length", "saved-memory-damaged")]
    [InlineData("header", "saved-memory-damaged")]
    [InlineData("magic", "saved-memory-damaged")]
    [InlineData("version", "saved-by-other-version")]
    [InlineData("last", "saved-memory-damaged")]
    [InlineData("cut", "saved-memory-damaged")]
    [InlineData("cut-header", "saved-memory-damaged")]
    [InlineData("longer", "saved-memory-damaged")]
    [InlineData("empty", "saved-memory-damaged")]
    [InlineData("missing", "saved-memory-missing")]
    public async Task AFileThatIsNotAsItWasWrittenIsRefused(string how, string code)
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        var good = await File.ReadAllBytesAsync(host.File, Token);
        var bad = good.ToArray();
        switch (how)
        {
            case "byte": bad[^60] ^= 1; break;
            // Of the engine's last record, before its 24 bytes and the trailer's 40: the engine waits for more than there is.
            case "length": bad[^(40 + 24 + 4)] ^= 1; break;
            case "header": bad[16] ^= 1; break;
            case "magic": bad[0] ^= 1; break;
            case "version": bad[11]++; break;
            case "last": bad[^1] ^= 1; break;
            case "cut": bad = bad[..^1]; break;
            case "cut-header": bad = bad[..100]; break;
            case "longer": bad = [.. bad, 0]; break;
            case "empty": bad = []; break;
            default: break;
        }
        if (how == "missing")
            File.Delete(host.File);
        else
            await File.WriteAllBytesAsync(host.File, bad, Token);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        Assert.Equal(code, refused.Code);
        Assert.NotNull(refused.Remedy);
        Assert.Empty(host.Engine.Processes);
        Assert.Equal(RunState.Saved, (await host.RecordAsync()).RunState);
        await File.WriteAllBytesAsync(host.File, good, Token);
        await host.RestoreAsync();
        await host.AssertRunsOnAsync(memory);
    }

    [Fact]
    public async Task AFileOfAnotherSaveIsRefused()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        var old = await File.ReadAllBytesAsync(host.File, Token);
        await host.RestoreAsync();
        await host.SaveAsync();
        await File.WriteAllBytesAsync(host.File, old, Token);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        Assert.Equal("saved-memory-missing", refused.Code);
    }

    [Fact]
    public async Task TwoRestoresAtOnceMakeOneDomain()
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        var first = host.RestoreAsync();
        var second = await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        Assert.Equal("domain-not-saved", second.Code);
        await first;
        await host.AssertRunsOnAsync(memory);
    }

    [Fact]
    public async Task ASavedDomainThatAnotherHostTookIsForgottenHere()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        await host.Parts.Records.ChangeAsync("vm1", _ => false, r => Transitions.TakeOver(r, "c", Guid.NewGuid()), Token);
        await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        await host.StartDaemonAsync();
        Assert.Empty(host.Files);
        Assert.True(await host.RecordAsync() is { Owner: "c", RunState: RunState.Running, Saved: null });
    }

    [Fact]
    public async Task OneThatIsTakenOverFromAHostThatIsGoneStartsColdHere()
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        // Its owner is another host, which has the file.
        await host.Parts.Registry.CompareAndSetAsync(await host.RecordAsync() with { Owner = "c" }, (await host.RecordAsync()).Revision, drawEpoch: false, Token);
        await host.Daemon.TakeOverAsync("vm1", Token);
        await SavedHost.UntilAsync(() => host.RecordAsync().GetAwaiter().GetResult() is { Owner: "b", RunState: RunState.Running, Arriving: false, Saved: null });
        Assert.NotEqual(memory.Boot, host.Process.Memory.Boot);
    }

    [Fact]
    public async Task ARebootOfTheHostLeavesItSaved()
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.SaveAsync();
        await host.StartDaemonAsync();
        await host.AssertSavedAsync();
        await host.RestoreAsync();
        await host.AssertRunsOnAsync(memory);
    }
}
