using Godwit.Domains;
using Godwit.Hypervisors.Tests.Xen.Fake;
using Godwit.Native.Processes;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>Two hosts: a domain moves, and whoever has a part in it dies.</summary>
public sealed class XenMoveTests : XenScene
{
    [Fact]
    public async Task A_move_that_is_announced_begins_ahead_and_goes_on_from_there()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await source.PrepareSendAsync(new SendOptions(), Ct);
        var xl = from.ProcessOf("xl");
        Assert.Equal(CopyPhase.Running, await PhaseAsync(source));
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        Assert.Equal(xl, from.ProcessOf("xl"));
        await move.Receiver.ContinueAsync(Ct);
        await source.DestroyAsync(Ct);
        await move.Receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_move_that_is_announced_and_does_not_come_leaves_a_guest_that_can_move()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await source.PrepareSendAsync(new SendOptions(), Ct);
        var xl = from.ProcessOf("xl");
        await source.CancelSendAsync(Ct);
        Assert.False(IsThere(xl));
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        Assert.NotEqual(xl, from.ProcessOf("xl"));
        await source.DestroyAsync(Ct);
        await move.Receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_daemon_that_dies_after_the_announcement_leaves_neither_xl_nor_holder()
    {
        var from = await HostAsync();
        var source = await RunningAsync(from);
        await source.PrepareSendAsync(new SendOptions(), Ct);
        var (xl, holder) = (from.ProcessOf("xl"), from.ProcessOf("holder"));
        await source.DisposeAsync();
        await WaitAsync(() => !IsThere(xl) && !IsThere(holder));
        await from.OpenAsync(Ct);
        await using var found = Assert.Single(await from.Hypervisor.FindCopiesAsync(Ct));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(found));
        await found.DestroyAsync(Ct);
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

        var processes = new[] { from.ProcessOf("xl"), to.ProcessOf("holder") };
        await move.Receiver.ContinueAsync(Ct);
        Assert.Equal(("vm1", 0, null), to.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(move.Receiver));
        await source.DestroyAsync(Ct);
        // Not as zombies either.
        Assert.All(processes, process => Assert.Null(RunningProcess.TryOpen(process)));
        Assert.Null(from.Domain("vm1"));
        Assert.False(from.XlWasTold);
        await move.Receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_held_guest_stays_held_when_daemon_and_holder_die_and_runs_when_told()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        var holder = from.ProcessOf("holder");
        await source.DisposeAsync();
        await Task.Delay(300, Ct);
        // xl has its pipes still.
        Assert.Equal(("vm1", 1, "2"), from.Domain("vm1"));
        Kill(holder);
        await WaitAsync(() => from.Domain("vm1") == ("vm1", 1, null));

        await from.OpenAsync(Ct);
        await using var found = Assert.Single(await from.Hypervisor.FindCopiesAsync(Ct));
        Assert.Equal(CopyPhase.Held, await PhaseAsync(found));
        await found.CancelSendAsync(Ct);
        Assert.Equal(CopyPhase.Held, await PhaseAsync(found));
        await found.ContinueAsync(Ct);
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(found));
        await found.DestroyAsync(Ct);
        await move.Receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_held_guest_that_is_released_runs_at_once()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        await move.CloseAsync();
        await source.ContinueAsync(Ct);
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(source));
        await source.DestroyAsync(Ct);
        await move.Receiver.DestroyAsync(Ct);
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
        await from.OpenAsync(Ct);
        await using var found = Assert.Single(await from.Hypervisor.FindCopiesAsync(Ct));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(found));
        await found.DestroyAsync(Ct);
        await move.Receiver.DestroyAsync(Ct);
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
        await source.CancelSendAsync(Ct);
        await move.UntilAsync("SendFailed");
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(source));
        await source.DestroyAsync(Ct);
        await move.Receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_guest_whose_xl_is_killed_in_its_stop_stands_until_it_is_told_to_run()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilAsync("SwitchoverReady");
        Kill(from.ProcessOf("xl"));
        await move.UntilAsync("SendFailed");
        Assert.DoesNotContain("Resumed", move.Told);
        Assert.Equal(("vm1", 0, "2"), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Held, await PhaseAsync(source));
        await source.DestroyAsync(Ct);
        await move.Receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_held_guest_stays_held_when_its_xl_is_killed()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        Kill(from.ProcessOf("xl"));
        await Task.Delay(300, Ct);
        Assert.Equal(("vm1", 1, "2"), from.Domain("vm1"));
        Assert.Equal(CopyPhase.Held, await PhaseAsync(source));
        // Committed or not, the other side does not need it.
        await move.Receiver.ContinueAsync(Ct);
        Assert.Equal(CopyPhase.Running, await PhaseAsync(move.Receiver));
        await source.DestroyAsync(Ct);
        Assert.Null(from.Domain("vm1"));
        await move.Receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_receiver_whose_xl_is_killed_before_the_permission_is_gone_and_the_source_runs_on()
    {
        var (from, to) = (await HostAsync(), await HostAsync());
        await using var source = await RunningAsync(from);
        await using var move = await MoveAsync(source, to);
        await move.UntilHeldAsync();
        Kill(to.ProcessOf("xl"));
        await UntilAsync(move.Receiver, e => e is CopyEvent.ReceiveFailed);
        Assert.Equal(CopyPhase.Gone, await PhaseAsync(move.Receiver));
        await Assert.ThrowsAsync<EngineGoneException>(() => move.Receiver.ContinueAsync(Ct));
        await move.Receiver.DestroyAsync(Ct);
        Assert.Null(to.Domain("vm1--incoming"));
        await source.ContinueAsync(Ct);
        Assert.Equal(("vm1", 0, null), from.Domain("vm1"));
        await source.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_receiver_that_dies_is_told_and_its_domain_destroyed()
    {
        var to = await HostAsync();
        await using var receiver = await to.Hypervisor.PrepareReceiverAsync(FakeXen.Order(), Ct);
        await using var stream = await receiver.ReceiveAsync(Ct);
        Assert.Equal(CopyPhase.Receiving, await PhaseAsync(receiver));
        await stream.WriteAsync(RecordedOutput.Stream.AsMemory(0, 100_000), Ct);
        await WaitAsync(() => to.Domain("vm1--incoming") is not null);
        Kill(to.ProcessOf("xl"));
        await UntilAsync(receiver, e => e is CopyEvent.ReceiveFailed);
        await receiver.DestroyAsync(Ct);
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
        await Task.Delay(300, Ct);

        await to.OpenAsync(Ct);
        await using var found = Assert.Single(await to.Hypervisor.FindCopiesAsync(Ct));
        Assert.Equal(CopyPhase.Loaded, await PhaseAsync(found));
        await found.ContinueAsync(Ct);
        Assert.Equal(("vm1", 0, null), to.Domain("vm1"));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(found));
        await found.DestroyAsync(Ct);
        await source.DestroyAsync(Ct);
    }
}
