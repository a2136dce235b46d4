using System.Diagnostics;
using Godwit.Aoe.Control;
using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Peers;

/// <summary>The initiator with <c>vblade</c> as its target, which knows nothing of sessions, caches and boot ids.</summary>
public sealed class VbladeTests : IDisposable
{
    private readonly AttachedDisk _disk;

    public VbladeTests()
    {
        Assert.SkipUnless(VethPair.Possible && File.Exists("/usr/sbin/vblade"), "needs root, ip, qemu-io and vblade");
        _disk = new AttachedDisk();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _disk?.Dispose();

    // It is ready when it answers; the initiator asks until then.
    private Process Serve() => _disk.Pair.Start(_disk.Pair.Storage, _disk.Disk, "/usr/sbin/vblade", "0", "0", "st0", _disk.Disk);

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(32)]
    public async Task Fio_reads_back_what_it_wrote(int depth)
    {
        Serve();
        _disk.Attach();
        Fio.Verify(_disk.Url, depth, "32m");
        var status = await new AttachControlClient(_disk.Control).StatusAsync(Ct);
        Assert.Equal((AttachState.Up, 17, false), (status.State, status.SectorsPerFrame, status.WriteCache));
    }

    [Fact]
    public async Task One_that_is_away_for_a_while_costs_a_pause_and_no_error()
    {
        var target = Serve();
        _disk.Attach();
        var writing = Task.Run(() => Fio.Verify(_disk.Url, 8, "48m"), Ct);
        await Task.Delay(300, Ct);
        target.Kill();
        await target.WaitForExitAsync(Ct);
        await Task.Delay(2000, Ct);
        Serve();
        await writing;
    }
}
