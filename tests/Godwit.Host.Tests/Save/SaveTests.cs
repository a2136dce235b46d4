using Godwit.Domains;
using Godwit.Host.Save;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Pool.Ownership;

namespace Godwit.Host.Tests.Save;

/// <summary>A domain goes into a file; whatever fails before the record says so, its guest goes on.</summary>
public sealed class SaveTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADomainGoesIntoAFileAndOutOfItAsItWas()
    {
        await using var host = await SavedHost.StartAsync();
        var (boot, epoch) = (host.Process.Memory.Boot, (await host.RecordAsync()).Epoch);
        await host.SaveAsync();
        await host.AssertSavedAsync();
        Assert.True(host.Progress.Done > 0);
        Assert.Empty(await host.Daemon.ListAsync(Token));
        var saved = (await host.RecordAsync()).Saved!;
        Assert.Equal(new FileInfo(host.File).Length, saved.SizeBytes);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(host.File));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(host.File)!));

        await host.RestoreAsync();
        Assert.Equal(boot, host.Process.Memory.Boot);
        var memory = host.Process.Memory;
        Assert.True(memory.Counter > 3);
        await host.AssertRunsOnAsync(memory);
        Assert.True((await host.RecordAsync()).Epoch > epoch);
        Assert.Equal(host.Progress.Total, host.Progress.Done);
        var again = await Assert.ThrowsAsync<GodwitException>(() => host.RestoreAsync());
        Assert.Equal("domain-not-saved", again.Code);
    }

    [Fact]
    public async Task ItIsSavedAgainAndAgain()
    {
        await using var host = await SavedHost.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            var memory = host.Process.Memory;
            await host.SaveAsync();
            await host.RestoreAsync();
            await host.AssertRunsOnAsync(memory);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task APausedDomainComesBackPausedAndOneThatIsToBe(bool before, bool asked)
    {
        await using var host = await SavedHost.StartAsync();
        if (before)
            await host.Daemon.PauseAsync("vm1", Token);
        await host.SaveAsync();
        await host.RestoreAsync(asked);
        Assert.Equal(CopyPhase.Loaded, host.Process.Phase);
        Assert.Equal(RunState.Paused, (await host.RecordAsync()).RunState);
        var memory = host.Process.Memory;
        await host.Daemon.UnpauseAsync("vm1", Token);
        await host.AssertRunsOnAsync(memory);
    }

    [Fact]
    public async Task WhatIsAskedOfASavedDomainIsRefusedWithTheWayOut()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        Func<Task>[] all =
        [
            () => host.Daemon.ShutdownAsync("vm1", Token), () => host.Daemon.RebootAsync("vm1", Token), () => host.Daemon.PauseAsync("vm1", Token),
            () => host.Daemon.UnpauseAsync("vm1", Token), () => host.SaveAsync(), () => host.Daemon.OpenConsoleAsync("vm1", Token),
            () => host.Daemon.RelocateAsync("vm1", "c", new Godwit.Relocation.RelocationOptions(), Token),
        ];
        foreach (var one in all)
        {
            var refused = await Assert.ThrowsAsync<GodwitException>(one);
            Assert.Equal("domain-is-saved", refused.Code);
            Assert.Contains("godwit restore vm1", refused.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task DestroyRemovesRecordAndFile()
    {
        await using var host = await SavedHost.StartAsync();
        await host.SaveAsync();
        await host.Daemon.DestroyAsync("vm1", Token);
        Assert.Empty(host.Files);
        Assert.Null(await host.Parts.Registry.FindAsync("vm1", Token));
    }

    [Theory]
    [InlineData("save.Send")]
    [InlineData("save.Permit")]
    [InlineData("save.Keep")]
    [InlineData("save.Commit")]
    public async Task OneThatIsCancelledGoesOn(string point)
    {
        await using var host = await SavedHost.StartAsync();
        using var asked = new CancellationTokenSource();
        host.At(point, () =>
        {
            asked.Cancel();
            return Task.FromCanceled(asked.Token);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.SaveAsync(asked.Token));
        await host.AssertRunsOnAsync(host.Process.Memory);
        host.At("", () => Task.CompletedTask);
        await host.SaveAsync();
        await host.AssertSavedAsync();
    }

    [Theory]
    [InlineData("write", "save-failed")]
    [InlineData("keep", "save-failed")]
    [InlineData("send", "engine-failed")]
    [InlineData("flush", "target-silent")]
    [InlineData("registry", "registry-gone")]
    public async Task WhateverFailsBeforeTheRecordLetsTheGuestGoOn(string what, string code)
    {
        foreach (var paused in (bool[])[false, true])
        {
            await using var host = await SavedHost.StartAsync();
            if (paused)
                await host.Daemon.PauseAsync("vm1", Token);
            switch (what)
            {
                case "write" or "keep":
                    host.Store = store => new FullStore(store) { TakesBytes = what == "keep" };
                    await host.StartDaemonAsync();
                    break;
                case "send":
                    host.Engine.FailNext(FakePoint.Send);
                    break;
                case "flush":
                    host.Disks.FailsToFlush = new GodwitException(code, "the target is silent");
                    break;
                default:
                    host.At("save.Commit", () => Task.FromException(new GodwitException(code, "away")));
                    break;
            }
            var failed = await Assert.ThrowsAsync<GodwitException>(() => host.SaveAsync());
            Assert.Equal(code, failed.Code);
            if (what is "write" or "keep")
                Assert.Contains("No space left on device", failed.Message, StringComparison.Ordinal);
            if (!paused)
                await host.AssertRunsOnAsync(host.Process.Memory);
            Assert.NotEqual(paused, host.Process.Phase == CopyPhase.Running);
            Assert.Equal(paused ? RunState.Paused : RunState.Running, (await host.RecordAsync()).RunState);
            Assert.Empty(host.Files);
            // Of a daemon that finds it so, too.
            await host.StartDaemonAsync();
            Assert.NotEqual(paused, host.Process.Phase == CopyPhase.Running);
        }
    }

    [Fact]
    public async Task ADiskThatIsNotLetGoOfInTimeIsLetGoOfLater()
    {
        await using var host = await SavedHost.StartAsync();
        host.Disks.FailsToDetach = new OperationCanceledException("a limit");
        await host.SaveAsync();
        await host.AssertSavedAsync();
    }

    [Fact]
    public async Task AMemoryThatHasNoRoomIsRefusedBeforeTheGuestIsStopped()
    {
        await using var host = await SavedHost.StartAsync();
        host.Store = store => new FullStore(store) { FreeBytes = 100 << 20 };
        await host.StartDaemonAsync();
        var refused = await Assert.ThrowsAsync<GodwitException>(() => host.SaveAsync());
        Assert.Equal("no-space-for-memory", refused.Code);
        Assert.Contains("needs 320 MiB", refused.Message, StringComparison.Ordinal);
        Assert.Contains("100 MiB are free", refused.Message, StringComparison.Ordinal);
        await host.AssertRunsOnAsync(host.Process.Memory);
    }

    [Fact]
    public async Task AGuestThatEndsMeanwhileIsFollowed()
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        host.At("save.Permit", () =>
        {
            host.Process.Kill("killed");
            return Task.CompletedTask;
        });
        var failed = await Assert.ThrowsAsync<GodwitException>(() => host.SaveAsync());
        Assert.Contains("engine", failed.Message, StringComparison.Ordinal);
        // As after any end of an engine the policy says what follows.
        await host.AssertStartsColdAsync(memory);
    }

    [Fact]
    public async Task OneThatSomebodyTookOverIsNotSavedAndItsCopyGoes()
    {
        await using var host = await SavedHost.StartAsync();
        host.At("save.Commit", () => host.Parts.Records.ChangeAsync("vm1", _ => false, r => Transitions.TakeOver(r, "c", Guid.NewGuid()), Token));
        var taken = await Assert.ThrowsAsync<GodwitException>(() => host.SaveAsync());
        Assert.Equal("domain-was-taken", taken.Code);
        await SavedHost.UntilAsync(() => host.Engine.Processes.Count == 0);
        Assert.Empty(host.Files);
        Assert.Equal("c", (await host.RecordAsync()).Owner);
    }

    [Theory]
    [InlineData("save.Send", false)]
    [InlineData("save.Permit", false)]
    [InlineData("save.Keep", false)]
    [InlineData("save.Commit", false)]
    [InlineData("save.Destroy", true)]
    public async Task ADaemonThatDiesLeavesAGuestThatRunsOrOneThatIsSaved(string point, bool saved)
    {
        await using var host = await SavedHost.StartAsync();
        var memory = host.Process.Memory;
        await host.DieAtAsync(point, () => host.SaveAsync());
        if (saved)
        {
            await host.AssertSavedAsync();
            await host.RestoreAsync();
        }
        await host.AssertRunsOnAsync(memory);
    }

    /// <summary>A file system that is full: at the first byte, or when the file is to be kept.</summary>
    private sealed class FullStore(ISavedStore store) : ISavedStore
    {
        public bool TakesBytes { get; init; }

        public string Place => store.Place;

        public long FreeBytes { get; init; } = 1L << 40;

        public IReadOnlyList<string> List() => store.List();

        public ISavedSink Create(string domain) => new Sink(store.Create(domain), TakesBytes);

        public Stream? Open(string domain) => store.Open(domain);

        public void Remove(string domain) => store.Remove(domain);

        private sealed class Sink(ISavedSink sink, bool takesBytes) : ISavedSink
        {
            private static IOException Full => new("No space left on device");

            public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
                takesBytes || bytes.Length > 16 && bytes.Span[0] == '{' || bytes.Length == 16 ? sink.WriteAsync(bytes, cancellationToken) : ValueTask.FromException(Full);

            public Task KeepAsync(CancellationToken cancellationToken) => Task.FromException(Full);

            public ValueTask DisposeAsync() => sink.DisposeAsync();
        }
    }
}
