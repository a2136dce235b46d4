using Godwit.Domains;
using Godwit.Hypervisors.Qemu;
using Godwit.Hypervisors.Qemu.Qmp.Commands;
using Godwit.Hypervisors.Tests.Qemu.Qmp;
using Godwit.Native.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Hypervisors.Tests.Qemu;

/// <summary>A move that is given up at the end: QEMU has given the disks away then, and must take them back before the guest runs.</summary>
public class CancelTests(GuestFixture guests)
{
    private const string Greeting = """{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}""";
    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData(false, "active", true)]
    [InlineData(false, MigrationStatus.PreSwitchover, true)]
    [InlineData(true, MigrationStatus.PreSwitchover, false)]
    [InlineData(true, MigrationStatus.Device, false)]
    // The daemon that permitted it has died; the next one finds it so.
    [InlineData(false, MigrationStatus.Device, false)]
    public async Task In_its_last_round_it_is_left_to_notice_by_itself(bool permitted, string status, bool cancelled)
    {
        await using var server = new FakeMonitor(Greeting);
        var (source, qmp) = await SourceAsync(server, permitted, status);
        await using var _ = qmp;
        var cancelling = source.CancelSendingAsync(CancellationToken.None);
        await Task.Delay(AMoment);
        Assert.False(cancelling.IsCompleted);
        Answer(server, MigrationStatus.Failed);
        await cancelling;
        Assert.Equal(cancelled ? 1 : 0, server.Asked.Count(command => command == "migrate_cancel"));
    }

    [Fact]
    public async Task One_that_notices_nothing_is_told_in_the_end()
    {
        await using var server = new FakeMonitor(Greeting);
        var (source, qmp) = await SourceAsync(server, permitted: true, MigrationStatus.Device);
        await using var _ = qmp;
        var cancelling = source.CancelSendingAsync(CancellationToken.None);
        while (!server.Asked.Contains("migrate_cancel")) await Task.Delay(AMoment);
        Answer(server, MigrationStatus.Cancelled);
        await cancelling;
        Assert.Single(server.Asked, command => command == "migrate_cancel");
    }

    [Fact]
    public async Task One_that_does_not_end_is_told_of()
    {
        await using var server = new FakeMonitor(Greeting);
        Answer(server, "active");
        server.Answer("migrate_cancel", """{"return": {}, "id": ID}""");
        var directory = Directory.CreateTempSubdirectory("godwit-cancel-");
        await using (var copy = new QemuCopy(
            new CopyDescription(guests.Order(), []), new RunDirectory(directory.FullName), RunningProcess.TryOpen(Environment.ProcessId)!.Value,
            await server.ConnectAsync(), receiving: false, TimeProvider.System, NullLogger.Instance))
        {
            var failed = await Assert.ThrowsAsync<GodwitException>(() => copy.CancelSendAsync(TestContext.Current.CancellationToken));
            Assert.Equal("engine-silent", failed.Code);
            Assert.Contains("within 10 s", failed.Message, StringComparison.Ordinal);
            Assert.NotNull(failed.Remedy);
        }
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_guest_that_writes_lives_through_moves_that_end_in_the_last_round()
    {
        var disk = guests.NewFile("cancelled.raw");
        await using (var file = File.Create(disk)) file.SetLength(1 << 20);
        var order = guests.Order(null, new DiskSource(DiskSourceKind.RawFile, disk, false));
        await using var source = await TestCopy.StartAsync(guests, order);
        for (var move = 0; move < 4; move++)
        {
            source.ForgetEvents();
            await using var destination = await TestCopy.OfAsync(
                await guests.Hypervisor.PrepareReceiverAsync(order with { CopyId = Guid.NewGuid() }, CancellationToken.None));
            var incoming = await destination.Copy.ReceiveAsync(CancellationToken.None);
            await using (new Relay(await source.Copy.SendAsync(new SendOptions(), CancellationToken.None), incoming))
            {
                await source.WaitForAsync<CopyEvent.SwitchoverReady>();
                await source.TypeAsync($"write {move}");
                await source.Copy.PermitSwitchoverAsync(CancellationToken.None);
            }
            await source.Copy.CancelSendAsync(CancellationToken.None);
            if (await source.PhaseAsync() == CopyPhase.Held) await source.Copy.ContinueAsync(CancellationToken.None);
            Assert.Equal(CopyPhase.Running, await source.PhaseAsync());
            await source.WaitForTextAsync($"heard write {move}");
            await source.WaitForTicksAsync(source.Ticks + 10);
            Assert.Equal(move + 2, source.Console.Split("written").Length);
        }
    }

    private static async Task<(CopyEventSource Source, Hypervisors.Qemu.Qmp.QmpConnection Qmp)> SourceAsync(FakeMonitor server, bool permitted, string status)
    {
        Answer(server, status);
        server.Answer("migrate_cancel", """{"return": {}, "id": ID}""");
        var qmp = await server.ConnectAsync();
        var source = new CopyEventSource("vm1", TimeProvider.System, NullLogger.Instance, receiving: false, () => qmp);
        source.BeginSending(new SendAttempt(ranBefore: false));
        if (permitted) source.PermitSwitchover();
        return (source, qmp);
    }

    private static void Answer(FakeMonitor server, string status) =>
        server.Answer("query-migrate", $$"""{"return": {"status": "{{status}}"}, "id": ID}""");
}
