using Godwit.Domains;
using Godwit.Hypervisors.Tests.Xen.Fake;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>One host: a domain from its start to its end, and to a file.</summary>
public sealed class XenCopyTests : XenScene
{
    [Fact]
    public async Task A_domain_is_started_paused_runs_when_told_and_leaves_nothing()
    {
        var host = await HostAsync();
        await using var copy = await host.Hypervisor.StartAsync(FakeXen.Order(), Ct);
        Assert.Equal(CopyPhase.Prepared, await PhaseAsync(copy));
        await copy.ContinueAsync(Ct);
        Assert.Equal(CopyPhase.Running, await PhaseAsync(copy));
        await copy.PauseAsync(Ct);
        await copy.PauseAsync(Ct);
        Assert.Equal(1, host.Domain("vm1")!.Value.Paused);
        Assert.Equal(CopyPhase.Paused, await PhaseAsync(copy));
        await copy.ContinueAsync(Ct);
        Assert.Equal(CopyPhase.Running, await PhaseAsync(copy));
        await copy.DestroyAsync(Ct);
        await copy.DestroyAsync(Ct);
        Assert.Null(host.Domain("vm1"));
        Assert.False(host.HasCopies);
        Assert.Contains(await EventsAsync(copy), e => e is CopyEvent.Exited);
    }

    [Fact]
    public async Task What_a_hotplug_script_says_is_the_reason_of_a_start_that_fails()
    {
        var host = await HostAsync();
        host.Fail("create");
        var failure = await Assert.ThrowsAsync<GodwitException>(() => host.Hypervisor.StartAsync(FakeXen.Order(), Ct));
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
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_guest_is_asked_to_end_and_its_end_is_told()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await copy.RequestShutdownAsync(Ct);
        Assert.Equal(("vm1", 0, "0"), host.Domain("vm1"));
        host.AnnounceEnd();
        await UntilAsync(copy, e => e is CopyEvent.GuestPoweredOff);
        Assert.Equal(CopyPhase.ShutOff, await PhaseAsync(copy));
        await copy.DestroyAsync(Ct);
        await Assert.ThrowsAsync<EngineGoneException>(() => copy.RequestShutdownAsync(Ct));
    }

    [Fact]
    public async Task A_guest_is_asked_to_restart_and_gets_another_domain()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await copy.RebootAsync(Ct);
        Assert.Equal(("vm1", 0, "1"), host.Domain("vm1"));
        host.AnnounceEnd();
        await UntilAsync(copy, e => e is CopyEvent.GuestRebooted);
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_look_that_fails_is_done_again()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await Task.Delay(500, Ct);
        host.Fail("list");
        host.EndGuest(1, 0);
        await UntilAsync(copy, e => e is CopyEvent.GuestPoweredOff);
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task What_an_undone_receiver_has_left_is_not_taken_for_the_domain_that_runs()
    {
        var host = await HostAsync();
        var receiver = await host.Hypervisor.PrepareReceiverAsync(FakeXen.Order(), Ct);
        // Its undoing fails, and the domain comes another time.
        await WaitAsync(() => host.Domain("vm1--incoming") is not null);
        Kill(host.ProcessOf("xl"));
        Kill(host.ProcessOf("holder"));
        host.Remove(1);
        await receiver.DisposeAsync();
        await (await RunningAsync(host)).DisposeAsync();

        await host.OpenAsync(Ct);
        await using var copy = Assert.Single(await host.Hypervisor.FindCopiesAsync(Ct));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(copy));
        Assert.Single(host.CopyDirectories);
        await copy.DestroyAsync(Ct);
        Assert.Null(host.Domain("vm1"));
    }

    [Fact]
    public async Task What_a_domain_uses_is_what_xl_says()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        Assert.Equal(new CopyStatus(CopyPhase.Running, TimeSpan.FromSeconds(1), 96, 0) { VirtualCpus = 1 }, await copy.QueryAsync(Ct));
        await copy.DestroyAsync(Ct);
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
        await copy.DestroyAsync(Ct);
        Assert.Null(host.Domain("vm1"));
    }

    [Fact]
    public async Task A_paused_guest_is_not_sent()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await copy.PauseAsync(Ct);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => copy.SendAsync(new SendOptions(), Ct));
        Assert.Equal("paused-domain-cannot-move", refused.Code);
        refused = await Assert.ThrowsAsync<GodwitException>(() => copy.SendAsync(new SendOptions { ToFile = true }, Ct));
        Assert.Contains("save it again", refused.Remedy, StringComparison.Ordinal);
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_guest_is_sent_to_a_file_with_nobody_there_and_a_receiver_takes_it_later()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await using (var stream = await copy.SendAsync(new SendOptions { ToFile = true }, Ct))
        {
            using var file = new MemoryStream();
            var reading = stream.CopyToAsync(file, Ct);
            await UntilAsync(copy, e => e is CopyEvent.SwitchoverReady);
            Assert.False(reading.IsCompleted);
            await copy.PermitSwitchoverAsync(Ct);
            await reading.WaitAsync(TimeSpan.FromSeconds(30), Ct);
            await UntilAsync(copy, e => e is CopyEvent.Held);
            Assert.Equal(RecordedOutput.Stream, file.ToArray());
        }
        Assert.Equal(CopyPhase.Held, await PhaseAsync(copy));
        Assert.Equal(("vm1", 1, "2"), host.Domain("vm1"));
        await copy.DestroyAsync(Ct);
        Assert.Null(host.Domain("vm1"));
        Assert.False(host.XlWasTold);

        await using var receiver = await host.Hypervisor.PrepareReceiverAsync(FakeXen.Order(), Ct);
        await using var into = await receiver.ReceiveAsync(Ct);
        var words = into.CopyToAsync(Stream.Null, Ct);
        await into.WriteAsync(RecordedOutput.Stream, Ct);
        await UntilAsync(receiver, e => e is CopyEvent.Loaded);
        await receiver.ContinueAsync(Ct);
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));
        await receiver.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_held_guest_whose_file_was_not_kept_runs_again()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        var stream = await copy.SendAsync(new SendOptions { ToFile = true }, Ct);
        var reading = stream.CopyToAsync(Stream.Null, Ct);
        await UntilAsync(copy, e => e is CopyEvent.SwitchoverReady);
        await copy.PermitSwitchoverAsync(Ct);
        await UntilAsync(copy, e => e is CopyEvent.Held);
        await reading;
        await stream.DisposeAsync();
        await copy.ContinueAsync(Ct);
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_disk_has_grown_when_the_backend_says_so()
    {
        const string node = "/local/domain/0/backend/vbd/1/51728/sectors";
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        host.Store(node, "2048");
        var growing = copy.GrowDiskAsync(1, 2 << 20, Ct);
        await Task.Delay(300, Ct);
        Assert.False(growing.IsCompleted);
        host.Store(node, "4096");
        await growing;
        var failure = await Assert.ThrowsAsync<GodwitException>(() => copy.GrowDiskAsync(0, 2 << 20, Ct));
        Assert.Equal("disk-not-grown", failure.Code);
        await copy.DestroyAsync(Ct);
    }
}
