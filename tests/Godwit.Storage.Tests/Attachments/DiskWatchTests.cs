using System.Net.Sockets;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Attachments;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Attachments;

/// <summary>Processes that die in use, with a script in the place of <c>godwit-aoe</c>.</summary>
public sealed class DiskWatchTests : IAsyncLifetime
{
    private static readonly DiskSpec s_spec = new() { Target = "vg/a", Backend = DiskBackend.Block, VirtualDevice = "xvda" };
    private static readonly DiskIdentity s_disk = new() { Kind = DiskKind.PoolVolume, Name = "vg/a", SizeBytes = 4096, StorageHost = "storage", Shelf = 1, Slot = 2 };
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeEndpoints _endpoints = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Run => _directory.File("run");

    /// <summary>A line of arguments for each process that was started.</summary>
    private string[] Started => File.Exists(_directory.File("started")) ? File.ReadAllLines(_directory.File("started")) : [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var record in new AttachmentFiles(Run).List())
            record.Process.Kill();
        _stop.Dispose();
        _directory.Dispose();
    }

    /// <summary>Notes how it was started, makes the file that says it is ready, and stays.</summary>
    private Disks Open(string end = "exec sleep 60") => new(
        _endpoints,
        new DiskPlaces(
            Scripts.Write(_directory.File($"program{Guid.NewGuid()}"), $"""
                echo "$@" >> {_directory.File("started")}
                while [ $# -gt 0 ]; do
                    case $1 in --control) : > "$2" ;; esac
                    shift
                done
                {end}
                """),
            ["st0"], [MacAddress.Parse("02:00:00:00:00:01")], Run),
        Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);

    private void Watch(Disks disks) => _watching = disks.WatchAsync(_stop.Token);

    private static async Task<RunningProcess> KillAsync(AttachedDisk disk)
    {
        var process = AttachmentFiles.Find(disk)!.Process;
        process.Kill();
        Assert.True(await process.EndsAsync(TimeSpan.FromSeconds(10), TimeProvider.System, Ct));
        return process;
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        for (var i = 0; i < 500 && !condition(); i++)
            await Task.Delay(10, Ct);
        Assert.True(condition());
    }

    [Fact]
    public async Task A_process_that_died_is_replaced_on_the_same_socket_under_the_same_session()
    {
        var disks = Open();
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        await disks.ReadyAsync(attached, Ct);
        Watch(disks);
        var dead = await KillAsync(attached);
        await WaitForAsync(() => AttachmentFiles.Find(attached)!.Process != dead);
        await WaitForAsync(() => Started.Length == 2);
        Assert.DoesNotContain("--in-use", Started[0], StringComparison.Ordinal);
        Assert.EndsWith("--in-use", Started[1], StringComparison.Ordinal);
        Assert.Equal(Started[0], Started[1][..^" --in-use".Length]);
        using var engine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await engine.ConnectAsync(new UnixDomainSocketEndPoint(attached.Path), Ct);
        Assert.Equal(["admit vg/a 02:00:00:00:00:01"], _endpoints.Calls);
    }

    [Fact]
    public async Task What_died_while_no_daemon_ran_is_replaced_when_one_does()
    {
        var attached = await Open().AttachAsync("vm1", s_spec, s_disk, Ct);
        await WaitForAsync(() => File.Exists(AttachmentFiles.ControlOf(attached)));
        var dead = await KillAsync(attached);
        var later = Open();
        Assert.Equal(attached, Assert.Single(await later.FindAsync(Ct)));
        Watch(later);
        await WaitForAsync(() => AttachmentFiles.Find(attached)!.Process != dead);
    }

    [Fact]
    public async Task One_that_goes_on_dying_is_tried_again_but_not_in_a_circle()
    {
        var disks = Open("exit 1");
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        Watch(disks);
        await WaitForAsync(() => Started.Length >= 3);
        await Task.Delay(500, Ct);
        Assert.InRange(Started.Length, 3, 4);
        Assert.NotNull(AttachmentFiles.Find(attached));
    }

    [Fact]
    public async Task One_that_never_answered_is_not_replaced_for_whoever_attaches_it_hears_why()
    {
        var program = Scripts.Write(_directory.File("broken"), $"echo x >> {_directory.File("started")}\nexit 1");
        var disks = new Disks(_endpoints, new DiskPlaces(program, ["st0"], [MacAddress.Parse("02:00:00:00:00:01")], Run), Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);
        Watch(disks);
        await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        await Task.Delay(800, Ct);
        Assert.Single(Started);
    }

    [Fact]
    public async Task What_is_detached_stays_away()
    {
        var disks = Open();
        Watch(disks);
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        await disks.ReadyAsync(attached, Ct);
        await disks.DetachAsync(attached, Ct);
        await Task.Delay(600, Ct);
        Assert.Single(Started);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Run));
    }

    /// <summary>Its successor begins with the new session.</summary>
    [Fact]
    public async Task A_disk_may_be_admitted_anew_while_its_process_is_dead()
    {
        var disks = Open();
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        await disks.ReadyAsync(attached, Ct);
        var dead = await KillAsync(attached);
        var readmitted = await disks.ReadmitAsync(attached, Ct);
        Assert.Equal(2, readmitted.Session);
        Watch(disks);
        await WaitForAsync(() => AttachmentFiles.Find(attached)!.Process != dead);
        await WaitForAsync(() => Started.Length == 2);
        Assert.Contains("--session 2 ", Started[1], StringComparison.Ordinal);
    }
}
