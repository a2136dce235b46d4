using System.Globalization;
using Godwit.Domains;
using Godwit.Hypervisors.Tests.Xen.Fake;

namespace Godwit.Hypervisors.Tests.Xen;

public sealed class XenCopyTests : IAsyncDisposable
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly List<FakeXen> _hosts = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts) await host.DisposeAsync();
    }

    [Fact]
    public async Task A_domain_is_started_paused_runs_when_told_and_leaves_nothing()
    {
        var host = await HostAsync();
        await using var copy = await host.Hypervisor.StartAsync(FakeXen.Order(), _ct);
        Assert.Equal(CopyPhase.Prepared, await PhaseAsync(copy));
        await copy.ContinueAsync(_ct);
        Assert.Equal(CopyPhase.Running, await PhaseAsync(copy));
        await copy.PauseAsync(_ct);
        await copy.PauseAsync(_ct);
        Assert.Equal(1, host.Domain("vm1")!.Value.Paused);
        Assert.Equal(CopyPhase.Paused, await PhaseAsync(copy));
        await copy.ContinueAsync(_ct);
        Assert.Equal(CopyPhase.Running, await PhaseAsync(copy));
        await copy.DestroyAsync(_ct);
        await copy.DestroyAsync(_ct);
        Assert.Null(host.Domain("vm1"));
        Assert.False(host.HasCopies);
        Assert.Contains(await EventsAsync(copy), e => e is CopyEvent.Exited);
    }

    [Fact]
    public async Task What_a_hotplug_script_says_is_the_reason_of_a_start_that_fails()
    {
        var host = await HostAsync();
        host.FailCreation();
        var failure = await Assert.ThrowsAsync<GodwitException>(() => host.Hypervisor.StartAsync(FakeXen.Order(), _ct));
        Assert.Contains("there is no block device /dev/etherd/e7.7", failure.Message, StringComparison.Ordinal);
        Assert.False(host.HasCopies);
    }

    [Theory]
    [InlineData(0, "GuestPoweredOff", CopyPhase.ShutOff)]
    [InlineData(3, "GuestPanicked", CopyPhase.Crashed)]
    public async Task The_end_of_a_guest_is_told(int reason, string told, CopyPhase phase)
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        host.EndGuest(1, reason);
        await UntilAsync(copy, e => e.GetType().Name == told);
        Assert.Equal(phase, await PhaseAsync(copy));
        await copy.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_guest_is_asked_to_end_and_its_end_is_told()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await copy.RequestShutdownAsync(_ct);
        Assert.Equal(("vm1", 0, "0"), host.Domain("vm1"));
        host.AnnounceEnd();
        await UntilAsync(copy, e => e is CopyEvent.GuestPoweredOff);
        Assert.Equal(CopyPhase.ShutOff, await PhaseAsync(copy));
        await copy.DestroyAsync(_ct);
        await Assert.ThrowsAsync<EngineGoneException>(() => copy.RequestShutdownAsync(_ct));
    }

    [Fact]
    public async Task A_guest_is_asked_to_restart_and_gets_another_domain()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await copy.RebootAsync(_ct);
        Assert.Equal(("vm1", 0, "1"), host.Domain("vm1"));
        host.AnnounceEnd();
        await UntilAsync(copy, e => e is CopyEvent.GuestRebooted);
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));
        await copy.DestroyAsync(_ct);
    }

    [Fact]
    public async Task What_a_domain_uses_is_what_xl_says()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        Assert.Equal(new CopyStatus(CopyPhase.Running, TimeSpan.FromSeconds(1), 96, 0) { VirtualCpus = 1 }, await copy.QueryAsync(_ct));
        await copy.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_guest_that_restarts_gets_another_domain()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        host.EndGuest(1, 1);
        await UntilAsync(copy, e => e is CopyEvent.GuestRebooted);
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(copy));
        await copy.DestroyAsync(_ct);
        Assert.Null(host.Domain("vm1"));
    }

    [Fact]
    public async Task A_move_is_held_between_ready_and_the_permission()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        Assert.Equal(CopyPhase.Held, await PhaseAsync(source));
        Assert.Equal(CopyPhase.Loaded, await PhaseAsync(move.Receiver));
        Assert.Equal(("vm1", 1, "2"), from.Domain("vm1"));
        Assert.Equal(("vm1--incoming", 1, null), to.Domain("vm1--incoming"));
        // Rounds that pass at once are told as one.
        Assert.Equal("RoundBegan", move.Told[0]);
        Assert.Equal(["Stopped", "SwitchoverReady", "MemorySent", "Held"], move.Told.SkipWhile(told => told == "RoundBegan"));

        await move.Receiver.ContinueAsync(_ct);
        Assert.Equal(("vm1", 0, null), to.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(move.Receiver));
        await source.DestroyAsync(_ct);
        Assert.Null(from.Domain("vm1"));
        Assert.False(from.XlWasTold);
        await move.Receiver.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_held_guest_stays_held_when_daemon_and_holder_die_and_runs_when_told()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        var holder = await File.ReadAllTextAsync(Path.Combine(from.CopyDirectory, "holder"), _ct);
        await source.DisposeAsync();
        await Task.Delay(300, _ct);
        // xl has its pipes still.
        Assert.Equal(("vm1", 1, "2"), from.Domain("vm1"));
        Kill(holder);
        await WaitAsync(() => from.Domain("vm1") == ("vm1", 1, null));

        await from.OpenAsync(_ct);
        await using var found = Assert.Single(await from.Hypervisor.FindCopiesAsync(_ct));
        Assert.Equal(CopyPhase.Held, await PhaseAsync(found));
        await found.CancelSendAsync(_ct);
        Assert.Equal(CopyPhase.Held, await PhaseAsync(found));
        await found.ContinueAsync(_ct);
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(found));
        await found.DestroyAsync(_ct);
        await move.Receiver.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_held_guest_that_is_released_runs_at_once()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        await move.CloseAsync();
        await source.ContinueAsync(_ct);
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(source));
        await source.DestroyAsync(_ct);
        await move.Receiver.DestroyAsync(_ct);
        Assert.Null(to.Domain("vm1--incoming"));
    }

    [Fact]
    public async Task A_daemon_that_dies_before_hold_lets_the_guest_run()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilAsync("SwitchoverReady");
        await source.DisposeAsync();
        await WaitAsync(() => from.Domain("vm1") == ("vm1", 0, null));
        await from.OpenAsync(_ct);
        await using var found = Assert.Single(await from.Hypervisor.FindCopiesAsync(_ct));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(found));
        await found.DestroyAsync(_ct);
        await move.Receiver.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_move_that_is_cancelled_in_its_stop_lets_the_guest_run()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilAsync("SwitchoverReady");
        Assert.Equal(CopyPhase.SwitchingOver, await PhaseAsync(source));
        await move.CloseAsync();
        await source.CancelSendAsync(_ct);
        await move.UntilAsync("SendFailed");
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(source));
        await source.DestroyAsync(_ct);
        await move.Receiver.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_guest_whose_xl_is_killed_in_its_stop_stands_until_it_is_told_to_run()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilAsync("SwitchoverReady");
        Kill(await File.ReadAllTextAsync(Path.Combine(from.CopyDirectory, "xl"), _ct));
        await move.UntilAsync("SendFailed");
        Assert.DoesNotContain("Resumed", move.Told);
        Assert.Equal(("vm1", 0, "2"), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Held, await PhaseAsync(source));
        await source.DestroyAsync(_ct);
        await move.Receiver.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_held_guest_stays_held_when_its_xl_is_killed()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        Kill(await File.ReadAllTextAsync(Path.Combine(from.CopyDirectory, "xl"), _ct));
        await Task.Delay(300, _ct);
        Assert.Equal(("vm1", 1, "2"), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Held, await PhaseAsync(source));
        // Committed or not, the other side does not need it.
        await move.Receiver.ContinueAsync(_ct);
        Assert.Equal(CopyPhase.Running, await PhaseAsync(move.Receiver));
        await source.DestroyAsync(_ct);
        Assert.Null(from.Domain("vm1"));
        await move.Receiver.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_receiver_whose_xl_is_killed_before_the_permission_is_gone_and_the_source_runs_on()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        Kill(await File.ReadAllTextAsync(Path.Combine(to.CopyDirectory, "xl"), _ct));
        await UntilAsync(move.Receiver, e => e is CopyEvent.ReceiveFailed);
        await Assert.ThrowsAsync<EngineGoneException>(() => move.Receiver.ContinueAsync(_ct));
        await move.Receiver.DestroyAsync(_ct);
        Assert.Null(to.Domain("vm1--incoming"));
        await source.ContinueAsync(_ct);
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        await source.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_receiver_that_dies_is_told_and_its_domain_destroyed()
    {
        var to = await HostAsync();
        await using var receiver = await to.Hypervisor.PrepareReceiverAsync(FakeXen.Order(), _ct);
        await using var stream = await receiver.ReceiveAsync(_ct);
        Assert.Equal(CopyPhase.Receiving, await PhaseAsync(receiver));
        await stream.WriteAsync(RecordedOutput.Stream.AsMemory(0, 100_000), _ct);
        await WaitAsync(() => to.Domain("vm1--incoming") is not null);
        Kill(await File.ReadAllTextAsync(Path.Combine(to.CopyDirectory, "xl"), _ct));
        await UntilAsync(receiver, e => e is CopyEvent.ReceiveFailed);
        await receiver.DestroyAsync(_ct);
        Assert.Null(to.Domain("vm1--incoming"));
        Assert.False(to.HasCopies);
    }

    [Fact]
    public async Task A_receiver_that_has_loaded_outlives_its_daemon()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        await move.DisposeAsync();
        await Task.Delay(300, _ct);

        await to.OpenAsync(_ct);
        await using var found = Assert.Single(await to.Hypervisor.FindCopiesAsync(_ct));
        Assert.Equal(CopyPhase.Loaded, await PhaseAsync(found));
        await found.ContinueAsync(_ct);
        Assert.Equal(("vm1", 0, null), to.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(found));
        await found.DestroyAsync(_ct);
        await source.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_paused_guest_is_not_sent()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await copy.PauseAsync(_ct);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => copy.SendAsync(new SendOptions(), _ct));
        Assert.Equal("paused-domain-cannot-move", refused.Code);
        refused = await Assert.ThrowsAsync<GodwitException>(() => copy.SendAsync(new SendOptions { ToFile = true }, _ct));
        Assert.Contains("save it again", refused.Remedy, StringComparison.Ordinal);
        await copy.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_guest_is_sent_to_a_file_with_nobody_there_and_a_receiver_takes_it_later()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await using (var stream = await copy.SendAsync(new SendOptions { ToFile = true }, _ct))
        {
            using var file = new MemoryStream();
            var reading = stream.CopyToAsync(file, _ct);
            await UntilAsync(copy, e => e is CopyEvent.SwitchoverReady);
            Assert.False(reading.IsCompleted);
            await copy.PermitSwitchoverAsync(_ct);
            await reading.WaitAsync(TimeSpan.FromSeconds(30), _ct);
            await UntilAsync(copy, e => e is CopyEvent.Held);
            Assert.Equal(RecordedOutput.Stream, file.ToArray());
        }
        Assert.Equal(CopyPhase.Held, await PhaseAsync(copy));
        Assert.Equal(("vm1", 1, "2"), host.Domain("vm1"));
        await copy.DestroyAsync(_ct);
        Assert.Null(host.Domain("vm1"));
        Assert.False(host.XlWasTold);

        await using var receiver = await host.Hypervisor.PrepareReceiverAsync(FakeXen.Order(), _ct);
        await using var into = await receiver.ReceiveAsync(_ct);
        var words = into.CopyToAsync(Stream.Null, _ct);
        await into.WriteAsync(RecordedOutput.Stream, _ct);
        await UntilAsync(receiver, e => e is CopyEvent.Loaded);
        await receiver.ContinueAsync(_ct);
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));
        await receiver.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_held_guest_whose_file_was_not_kept_runs_again()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        var stream = await copy.SendAsync(new SendOptions { ToFile = true }, _ct);
        var reading = stream.CopyToAsync(Stream.Null, _ct);
        await UntilAsync(copy, e => e is CopyEvent.SwitchoverReady);
        await copy.PermitSwitchoverAsync(_ct);
        await UntilAsync(copy, e => e is CopyEvent.Held);
        await reading;
        await stream.DisposeAsync();
        await copy.ContinueAsync(_ct);
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));
        await copy.DestroyAsync(_ct);
    }

    [Fact]
    public async Task A_disk_has_grown_when_the_backend_says_so()
    {
        const string node = "/local/domain/0/backend/vbd/1/51728/sectors";
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        host.Store(node, "2048");
        var growing = copy.GrowDiskAsync(1, 2 << 20, _ct);
        await Task.Delay(300, _ct);
        Assert.False(growing.IsCompleted);
        host.Store(node, "4096");
        await growing;
        var failure = await Assert.ThrowsAsync<GodwitException>(() => copy.GrowDiskAsync(0, 2 << 20, _ct));
        Assert.Equal("disk-not-grown", failure.Code);
        await copy.DestroyAsync(_ct);
    }

    private async Task<FakeXen> HostAsync()
    {
        var host = await FakeXen.StartAsync(_ct);
        _hosts.Add(host);
        return host;
    }

    private async Task<IDomainCopy> RunningAsync(FakeXen host)
    {
        var copy = await host.Hypervisor.StartAsync(FakeXen.Order(), _ct);
        await copy.ContinueAsync(_ct);
        return copy;
    }

    private async Task<FakeMove> MoveAsync(IDomainCopy source, FakeXen to)
    {
        var receiver = await to.Hypervisor.PrepareReceiverAsync(FakeXen.Order(), _ct);
        return await FakeMove.StartAsync(source, receiver, _ct);
    }

    private async Task<CopyPhase> PhaseAsync(IDomainCopy copy) => (await copy.QueryAsync(_ct)).Phase;

    private async Task<List<CopyEvent>> EventsAsync(IDomainCopy copy)
    {
        var events = new List<CopyEvent>();
        await foreach (var @event in copy.Events.ReadAllAsync(_ct)) events.Add(@event);
        return events;
    }

    private async Task UntilAsync(IDomainCopy copy, Func<CopyEvent, bool> wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!wanted(await copy.Events.ReadAsync(limit.Token)))
        {
            // Others may come before.
        }
    }

    private async Task WaitAsync(Func<bool> so)
    {
        for (var i = 0; i < 400 && !so(); i++) await Task.Delay(50, _ct);
        Assert.True(so());
    }

    private static void Kill(string number) =>
        System.Diagnostics.Process.GetProcessById(int.Parse(number, CultureInfo.InvariantCulture)).Kill();
}
