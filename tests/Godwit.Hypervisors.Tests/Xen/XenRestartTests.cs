using System.Text;
using Godwit.Hypervisors.Tests.Xen.Fake;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>
/// A guest that restarts: Xen gives it another domain, which takes seconds, and to everybody else it runs all the while.
/// </summary>
public sealed class XenRestartTests : XenScene
{
    private const int Reboot = 1;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task It_runs_all_the_while_and_is_told_things_in_its_next_life()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        host.Fail("create", 2);
        host.EndGuest(1, Reboot);
        await WaitAsync(() => host.Domain("vm1") is null);
        Assert.Equal(CopyPhase.Running, await PhaseAsync(copy));
        await copy.RequestShutdownAsync(Ct);
        Assert.Equal(("vm1", 0, "0"), host.Domain("vm1"));
        await UntilAsync(copy, e => e is CopyEvent.GuestRebooted);
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task It_has_ended_when_it_does_not_restart()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        host.Fail("create", 99);
        host.EndGuest(1, Reboot);
        await UntilAsync(copy, e => e is CopyEvent.Exited { Reason: var why } && why.Contains("does not restart", StringComparison.Ordinal));
        Assert.Equal(CopyPhase.Gone, await PhaseAsync(copy));
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task A_daemon_that_ends_meanwhile_leaves_it_running()
    {
        var host = await HostAsync();
        var copy = await RunningAsync(host);
        host.Fail("create", 2);
        host.EndGuest(1, Reboot);
        await WaitAsync(() => host.Domain("vm1") is null);
        await copy.DisposeAsync();
        Assert.Equal(("vm1", 0, null), host.Domain("vm1"));

        await host.OpenAsync(Ct);
        await using var again = Assert.Single(await host.Hypervisor.FindCopiesAsync(Ct));
        Assert.Equal(CopyPhase.Running, await PhaseAsync(again));
        await again.DestroyAsync(Ct);
    }

    [Fact]
    public async Task One_that_restarts_while_no_daemon_is_there_is_restarted_by_the_next()
    {
        var host = await HostAsync();
        await (await RunningAsync(host)).DisposeAsync();
        host.EndGuest(1, Reboot);

        await host.OpenAsync(Ct);
        host.Fail("create", 1);
        await using var copy = Assert.Single(await host.Hypervisor.FindCopiesAsync(Ct));
        var ended = false;
        while (host.Domain("vm1") is not (_, 0, null))
        {
            ended |= await PhaseAsync(copy) != CopyPhase.Running;
            await Task.Delay(20, Ct);
        }
        Assert.False(ended);
        await UntilAsync(copy, e => e is CopyEvent.GuestRebooted);
        await copy.DestroyAsync(Ct);
    }

    [Fact]
    public async Task Its_console_is_the_one_of_its_next_life()
    {
        var host = await HostAsync();
        await using var copy = await RunningAsync(host);
        await using var viewer = await copy.OpenConsoleAsync(Ct);
        using (var terminal = new PseudoTerminal())
        {
            host.Store("/local/domain/1/console/tty", terminal.Path);
            await AssertTalksAsync(viewer, terminal, "one");
            host.EndGuest(1, Reboot);
            await UntilAsync(copy, e => e is CopyEvent.GuestRebooted);
        }
        host.Store("/local/domain/1/console/tty", "");
        using var next = new PseudoTerminal();
        host.Store("/local/domain/2/console/tty", next.Path);
        await AssertTalksAsync(viewer, next, "two");
        await copy.DestroyAsync(Ct);
    }

    private static async Task AssertTalksAsync(Stream viewer, PseudoTerminal terminal, string word)
    {
        await viewer.WriteAsync(Encoding.ASCII.GetBytes(word + "\n"), Ct).AsTask().WaitAsync(Long, Ct);
        Assert.Equal(word, (await Task.Run(terminal.Read, Ct).WaitAsync(Long, Ct)).Trim());
        terminal.Write($"heard {word}\n");
        var heard = new byte[$"heard {word}\n".Length];
        await viewer.ReadExactlyAsync(heard, Ct).AsTask().WaitAsync(Long, Ct);
        Assert.Equal($"heard {word}\n", Encoding.ASCII.GetString(heard));
    }
}
