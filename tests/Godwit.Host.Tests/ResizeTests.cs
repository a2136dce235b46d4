using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;
using Godwit.Pool.Ownership;

namespace Godwit.Host.Tests;

/// <summary>Memory and processors of a domain that runs: the engine, the record and the bounds of its configuration.</summary>
public sealed class ResizeTests : IAsyncLifetime
{
    private static readonly DomainSpec s_spec = new()
    {
        Name = "vm1", MemoryMiB = 256, MaxMemoryMiB = 512, VirtualCpus = 1, MaxVirtualCpus = 4, OnCrash = LifecycleAction.Restart,
    };

    private readonly OneHost _parts = new();
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;
    private DomainHost _host;

    public ResizeTests() => _host = new DomainHost(_parts.Parts);

    private FakeProcess Engine => Assert.Single(_parts.Engine.Processes);

    public async ValueTask InitializeAsync()
    {
        await _host.StartAsync(_token);
        await _host.CreateAsync(s_spec, new CreateOptions(), _token);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(default);
        _host.Dispose();
        _parts.Dispose();
    }

    [Fact]
    public async Task TheEngineAndTheRecordHaveTheNewSize()
    {
        var before = await RecordAsync();
        Assert.Equal(384, (await _host.SetMemoryAsync("vm1", 384, _token)).Copy!.MemoryMiB);
        var view = await _host.SetVirtualCpusAsync("vm1", 3, _token);
        Assert.Equal((384, 3), (view.Copy!.MemoryMiB, view.Copy.VirtualCpus));
        Assert.Equal((384, 3), Of(Engine.Order.Spec));
        var record = await RecordAsync();
        Assert.Equal((384, 3, 512, 4), (record.Spec.MemoryMiB, record.Spec.VirtualCpus, record.Spec.MaxMemoryMiB, record.Spec.MaxVirtualCpus));
        Assert.Equal((before.Epoch, before.Owner), (record.Epoch, record.Owner));
        // Repeating it is harmless, and so is taking less.
        await _host.SetMemoryAsync("vm1", 384, _token);
        await _host.SetMemoryAsync("vm1", 128, _token);
        Assert.Equal(128, (await RecordAsync()).Spec.MemoryMiB);
    }

    [Theory]
    [InlineData(513, "beyond-maximum", "vm1 can have at most 512 MiB of memory", "Write maxmem = 513 into its configuration file")]
    [InlineData(3, "bad-size", "3 MiB is too little for vm1", "4 to 512 MiB")]
    [InlineData(384, "not-enough-memory", "vm1 wants 128 MiB more; b has 127 MiB to give", "away from there first")]
    public async Task MemoryThatCannotBeIsRefused(int mib, string code, string message, string remedy)
    {
        _parts.AvailableMemoryMiB = 127;
        await AssertRefusedAsync(code, message, remedy, () => _host.SetMemoryAsync("vm1", mib, _token));
    }

    [Theory]
    [InlineData(5, "beyond-maximum", "vm1 can have at most 4 processors", "Write maxvcpus = 5 into its configuration file")]
    [InlineData(0, "bad-size", "vm1 cannot do with 0 processors", "1 to 4")]
    public async Task ProcessorsThatCannotBeAreRefused(int count, string code, string message, string remedy) =>
        await AssertRefusedAsync(code, message, remedy, () => _host.SetVirtualCpusAsync("vm1", count, _token));

    [Fact]
    public async Task OfAPausedOrEndedDomainItIsRefused()
    {
        await _host.PauseAsync("vm1", _token);
        await AssertRefusedAsync("domain-is-paused", "vm1 is paused and cannot resize", "godwit unpause vm1", () => _host.SetMemoryAsync("vm1", 384, _token));
        Assert.Equal("no-such-domain", (await Assert.ThrowsAsync<GodwitException>(() => _host.SetMemoryAsync("vm2", 384, _token))).Code);
    }

    [Fact]
    public async Task WhatTheEngineRefusesIsNotRecorded()
    {
        _parts.Engine.FailNext(FakePoint.Resize);
        await AssertRefusedAsync("engine-failed", "told to fail at Resize", null, () => _host.SetVirtualCpusAsync("vm1", 2, _token));
    }

    [Fact]
    public async Task AnEngineThatNeverDoesItSaysWhatToDo()
    {
        using var parts = new OneHost(new FakeEngineOptions { GuestTick = TimeSpan.FromDays(1), Resizes = false });
        using var host = new DomainHost(parts.Parts);
        await host.StartAsync(_token);
        await host.CreateAsync(s_spec, new CreateOptions(), _token);
        // Before the bounds: they are no remedy there.
        var refused = await Assert.ThrowsAsync<GodwitException>(() => host.SetMemoryAsync("vm1", 4096, _token));
        Assert.Equal((HypervisorErrors.NotWithThisEngine, "vm1 runs on fake, where Godwit does not change memory or processors of a domain that runs."), (refused.Code, refused.Message));
        Assert.Contains("godwit shutdown -w vm1", refused.Remedy, StringComparison.Ordinal);
        await host.StopAsync(default);
    }

    [Fact]
    public async Task WhereTheRecordIsAnothersByThenTheEngineHasWhatItHad()
    {
        var engine = Engine;
        var taken = await _parts.Parts.Records.ChangeAsync("vm1", r => r.Owner == "c", r => Transitions.TakeOver(r, "c", Guid.NewGuid()), _token);
        Assert.Equal("domain-was-taken", (await Assert.ThrowsAsync<GodwitException>(() => _host.SetMemoryAsync("vm1", 384, _token))).Code);
        Assert.Equal((256, 1), Of(engine.Order.Spec));
        Assert.Equal(taken!.Revision, (await RecordAsync()).Revision);
    }

    [Fact]
    public async Task ADaemonThatDiedBetweenEngineAndRecordIsFollowedByOneThatBringsThemTogether()
    {
        await _host.SetMemoryAsync("vm1", 384, _token);
        await _host.StopAsync(_token);
        _host.Dispose();
        var copy = Assert.Single(await _parts.Parts.Hypervisor.FindCopiesAsync(_token));
        await copy.SetMemoryAsync(448, _token);
        await copy.SetVirtualCpusAsync(2, _token);
        await copy.DisposeAsync();
        _host = new DomainHost(_parts.Parts);
        await _host.StartAsync(_token);
        await _host.Settled;
        // What its task does first is done when it answers.
        await _host.UnpauseAsync("vm1", _token);
        Assert.Equal((384, 1), Of(Engine.Order.Spec));
    }

    [Fact]
    public async Task AnEngineThatDoesNotFollowTheRecordHoldsNothingUp()
    {
        await _host.StopAsync(_token);
        _host.Dispose();
        var copy = Assert.Single(await _parts.Parts.Hypervisor.FindCopiesAsync(_token));
        await copy.SetMemoryAsync(448, _token);
        await copy.DisposeAsync();
        _parts.Engine.FailNext(FakePoint.Resize);
        _host = new DomainHost(_parts.Parts);
        await _host.StartAsync(_token);
        await _host.Settled;
        await _host.PauseAsync("vm1", _token);
        await _host.UnpauseAsync("vm1", _token);
        Assert.Equal(448, Engine.Order.Spec.MemoryMiB);
        // The next change is told to the engine as ever.
        await _host.SetMemoryAsync("vm1", 256, _token);
        Assert.Equal(256, Engine.Order.Spec.MemoryMiB);
    }

    [Fact]
    public async Task AColdStartHasTheNewSize()
    {
        await _host.SetMemoryAsync("vm1", 384, _token);
        var before = Engine;
        before.Kill("by a test");
        for (var look = 0; _parts.Engine.Processes is not [var next] || next == before; look++)
        {
            Assert.True(look < 1000, "it did not start again");
            await Task.Delay(10, _token);
        }
        Assert.Equal(384, Engine.Order.Spec.MemoryMiB);
    }

    private async Task AssertRefusedAsync(string code, string message, string? remedy, Func<Task> ask)
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(ask);
        Assert.Equal(code, refused.Code);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        if (remedy is not null) Assert.Contains(remedy, refused.Remedy, StringComparison.Ordinal);
        Assert.Equal((256, 1), Of(Engine.Order.Spec));
        Assert.Equal((256, 1), Of((await RecordAsync()).Spec));
    }

    private async Task<DomainRecord> RecordAsync() => (await _parts.Parts.Registry.FindAsync("vm1", _token))!;

    private static (int MiB, int Count) Of(DomainSpec spec) => (spec.MemoryMiB, spec.VirtualCpus);
}
