using System.Net.Sockets;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Attachments;

/// <summary>Attaching with a script in the place of <c>godwit-aoe</c>: sessions, records, and what failures leave.</summary>
public sealed class DisksTests : IDisposable
{
    /// <summary>Makes the file that says it is ready, and stays.</summary>
    private const string Stays = """
        while [ $# -gt 0 ]; do
            case $1 in --control) : > "$2" ;; esac
            shift
        done
        exec sleep 60
        """;

    private static readonly DiskSpec s_spec = new() { Target = "vg/a", Backend = DiskBackend.Block, VirtualDevice = "xvda" };
    private static readonly DiskIdentity s_disk = new() { Kind = DiskKind.PoolVolume, Name = "vg/a", SizeBytes = 4096, StorageHost = "storage", Shelf = 1, Slot = 2 };
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeEndpoints _endpoints = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Run => _directory.File("run");

    public void Dispose()
    {
        foreach (var record in new AttachmentFiles(Run).List())
            record.Process.Kill();
        _directory.Dispose();
    }

    private static async Task KillAsync(AttachedDisk disk)
    {
        var process = AttachmentFiles.Find(disk)!.Process;
        process.Kill();
        Assert.True(await process.EndsAsync(TimeSpan.FromSeconds(10), TimeProvider.System, Ct));
    }

    private Disks Open(string program) => new(
        _endpoints,
        new DiskPlaces(Scripts.Write(_directory.File($"program{Guid.NewGuid()}"), program), ["st0"], [MacAddress.Parse("02:00:00:00:00:01")], Run),
        Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);

    [Fact]
    public async Task A_volume_is_attached_fenced_found_again_and_detached()
    {
        var disks = Open(Stays);
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        Assert.Equal((Path.Combine(Run, "vm1.0.nbd"), Path.Combine(Run, "vm1.0.stop")), (attached.Path, attached.StopSocket));
        await disks.ReadyAsync(attached, Ct);
        Assert.Equal(6, await disks.FenceAsync(attached, 7, Ct));
        await disks.ProbeAsync(attached, Ct);
        var later = Open(Stays);
        Assert.Equal(attached, Assert.Single(await later.FindAsync(Ct)));
        await later.DetachAsync(attached, Ct);
        await later.DetachAsync(attached, Ct);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Run));
        Assert.Empty(await disks.FindAsync(Ct));
        Assert.Equal(["admit vg/a 02:00:00:00:00:01", "fence vg/a 7 1", "probe vg/a", "release vg/a 1", "release vg/a 1"], _endpoints.Calls);
    }

    /// <summary>An engine that is not root reaches its own socket by name, and nothing else.</summary>
    [Theory]
    [InlineData(null, 0x1c0)]
    [InlineData("nobody", 0x1c9)]
    public async Task The_sockets_are_for_their_owner_alone(string? owner, int mode)
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root gives files away");
        Directory.CreateDirectory(Run, (UnixFileMode)0x1ed);
        var places = new DiskPlaces(Scripts.Write(_directory.File("program"), Stays), ["st0"], [MacAddress.Parse("02:00:00:00:00:01")], Run, owner);
        var attached = await new Disks(_endpoints, places, Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance).AttachAsync("vm1", s_spec, s_disk, Ct);
        Assert.Equal(((UnixFileMode)mode, (UnixFileMode)0x180), (File.GetUnixFileMode(Run), File.GetUnixFileMode(attached.Path)));
        Assert.Equal(owner ?? "root", (await ProgramRunner.RunAsync(["stat", "-c", "%U", attached.Path], ct: Ct)).Trim());
    }

    [Fact]
    public async Task Disks_of_a_domain_have_sockets_of_their_own_and_one_disk_only_one()
    {
        var disks = Open(Stays);
        var first = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        var second = await disks.AttachAsync("vm1", s_spec, s_disk with { Name = "vg/b" }, Ct);
        var other = await disks.AttachAsync("vm1.0", s_spec, s_disk, Ct);
        Assert.Equal(3, new[] { first.Path, second.Path, other.Path }.Distinct().Count());
        var refused = await Assert.ThrowsAsync<GodwitException>(() => disks.AttachAsync("vm1", s_spec, s_disk, Ct));
        Assert.Equal(StorageErrors.AlreadyAttached, refused.Code);
        Assert.Equal(3, (await disks.FindAsync(Ct)).Length);
    }

    [Fact]
    public async Task A_disk_whose_process_died_is_found_until_it_is_detached_and_can_be_attached_again()
    {
        var disks = Open(Stays);
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        await KillAsync(attached);
        var again = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        Assert.Equal((attached.Path, 2), (again.Path, again.Session));
        await KillAsync(again);
        // Its engine may be waiting for another process.
        Assert.Equal(again, Assert.Single(await disks.FindAsync(Ct)));
        Assert.DoesNotContain("release vg/a 2", _endpoints.Calls);
        await disks.DetachAsync(again, Ct);
        Assert.Empty(await disks.FindAsync(Ct));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Run));
        Assert.Equal(["release vg/a 1", "release vg/a 2"], _endpoints.Calls.Where(c => c.StartsWith("release", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Sockets_that_a_dead_daemon_left_do_not_pass_for_those_of_the_new_process()
    {
        Directory.CreateDirectory(Run);
        foreach (var name in new[] { "vm1.0.nbd", "vm1.0.ctl" })
            await File.WriteAllTextAsync(Path.Combine(Run, name), "", Ct);
        var disks = Open("sleep 0.3; exit 1");
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => disks.ReadyAsync(attached, Ct));
        Assert.Equal(StorageErrors.AttachFailed, refused.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_does_not_start_leaves_nothing_and_tells_what_it_said(bool releaseFails)
    {
        _endpoints.ReleaseFails = releaseFails;
        var disks = Open("echo no such interface >&2; exit 1");
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => disks.ReadyAsync(attached, Ct));
        await disks.DetachAsync(attached, Ct);
        Assert.Equal((StorageErrors.AttachFailed, "vg/a (e1.2) could not be attached: no such interface"), (refused.Code, refused.Message));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Run));
        Assert.Equal("release vg/a 1", _endpoints.Calls[^1]);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var places = new DiskPlaces("/nonexistent/godwit-aoe", ["st0"], [], Run);
        var refused = await Assert.ThrowsAsync<GodwitException>(
            () => new Disks(_endpoints, places, Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance).AttachAsync("vm1", s_spec, s_disk, Ct));
        Assert.Equal((StorageErrors.AttachFailed, "See that /nonexistent/godwit-aoe is there and may be run."), (refused.Code, refused.Remedy));
    }

    [Fact]
    public async Task Who_connects_before_the_process_listens_waits_for_it()
    {
        var disks = Open("exec sleep 60");
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        using var engine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await engine.ConnectAsync(new UnixDomainSocketEndPoint(attached.Path), Ct);
        await KillAsync(attached);
        // Nobody has the socket open any more, so the wait has an end when the process has.
        var end = await Record.ExceptionAsync(async () => Assert.Equal(0, await engine.ReceiveAsync(new byte[1], Ct)));
        Assert.True(end is null or SocketException { SocketErrorCode: SocketError.ConnectionReset }, end?.ToString());
    }

    [Fact]
    public async Task Giving_up_the_wait_leaves_no_process()
    {
        using var giveUp = new CancellationTokenSource();
        var pid = _directory.File("pid");
        var disks = Open($"echo $$ > {pid}\nexec sleep 60");
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        var waiting = disks.ReadyAsync(attached, giveUp.Token);
        for (var i = 0; i < 3000 && !(File.Exists(pid) && new FileInfo(pid).Length > 0); i++) await Task.Delay(10, Ct);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await disks.DetachAsync(attached, Ct);
        Assert.False(Directory.Exists($"/proc/{(await File.ReadAllTextAsync(pid, Ct)).Trim()}"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Run));
    }

    [Fact]
    public async Task What_the_pool_does_not_serve_is_opened_as_it_is_and_has_no_fence()
    {
        var disks = Open("exit 1");
        var file = new DiskIdentity { Kind = DiskKind.File, Name = "/x/a.img", SizeBytes = 512 };
        var attached = await disks.AttachAsync("vm1", s_spec with { Target = "/x/a.img", Format = DiskFormat.Qcow2, ReadOnly = true }, file, Ct);
        Assert.Equal(new AttachedDisk { Domain = "vm1", Disk = file, ReadOnly = true, Path = "/x/a.img", Format = DiskFormat.Qcow2 }, attached);
        var device = new DiskIdentity { Kind = DiskKind.BlockDevice, Name = "vg/a", SizeBytes = 512 };
        Assert.Equal("/dev/vg/a", (await disks.AttachAsync("vm1", s_spec, device, Ct)).Path);
        Assert.Equal(0, await disks.FenceAsync(attached, 1, Ct));
        Assert.Equal(attached, await disks.ReadmitAsync(attached, Ct));
        await disks.ProbeAsync(attached, Ct);
        await disks.FlushAsync(attached, Ct);
        await disks.DetachAsync(attached, Ct);
        Assert.Empty(_endpoints.Calls);
    }

    [Fact]
    public async Task A_disk_that_is_only_read_takes_no_writers_role()
    {
        var disks = Open(Stays);
        var attached = await disks.AttachAsync("vm1", s_spec with { ReadOnly = true }, s_disk, Ct);
        Assert.Null(attached.StopSocket);
        Assert.Equal(0, await disks.FenceAsync(attached, 1, Ct));
        Assert.DoesNotContain(_endpoints.Calls, call => call.StartsWith("fence", StringComparison.Ordinal));
    }
}
