using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Attachments;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores.Lvm;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Groups;

/// <summary>A host's stay at a shared group where something fails: what is undone, and what another daemon finds.</summary>
public sealed class GroupAttachmentsTests : IDisposable
{
    private const long MiB = 1 << 20;
    private static readonly DiskSpec s_spec = new() { Target = "vg_san/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1" };
    private readonly TemporaryDirectory _directory = new();
    private readonly GroupWorld _world = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    private (SharedGroups Groups, GroupAttachments Disks) Open(LocalExports? local = null)
    {
        var places = new DiskPlaces("/nowhere", ["eth1"], [MacAddress.Parse("02:00:00:00:00:01")], _directory.Path, Local: local);
        var groups = new SharedGroups(_world, places, _world, new LvmTool(_world.RunAsync), _ => Task.FromResult(++_world.Epoch), TimeProvider.System)
        {
            LockPatience = TimeSpan.FromMilliseconds(500),
        };
        return (groups, new GroupAttachments(groups, groups.Records, NullLogger.Instance));
    }

    private static DiskIdentity Disk(string volume = "lv_vm1") => new()
    {
        Kind = DiskKind.PoolVolume,
        Name = $"vg_san/{volume}",
        SizeBytes = 16 * MiB,
        StorageHost = "storage",
        Shelf = 1,
        Slot = 0,
        LiesOn = new SharedDevice("vg_xen/disk1", 256 * MiB),
    };

    private static GroupOrder Order(GroupOrderKind kind, string? volume = null) =>
        new("vg_san", new VolumeLocation(VolumeName.Parse("vg_xen/disk1"), 256 * MiB, "storage", 1, 0), kind, volume, 4 * MiB);

    [Fact]
    public async Task A_stay_begins_with_the_first_volume_and_ends_with_the_last_also_under_another_daemon()
    {
        var (_, disks) = Open();
        var one = await disks.AttachAsync("vm1", s_spec, Disk(), Ct);
        var two = await disks.AttachAsync("vm2", s_spec, Disk("lv_vm2"), Ct);
        Assert.Equal(("/dev/vg_san/lv_vm1", true, 1, 1), (one.Path, one.KernelDevice, one.Session, two.Session));

        (_, disks) = Open();
        Assert.Equal([one, two], disks.Find().OrderBy(disk => disk.Domain));
        await disks.DetachAsync(two, Ct);
        await disks.DetachAsync(two, Ct);
        await disks.DetachAsync(one, Ct);
        Assert.Empty(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories));
        Assert.Equal(
            [
                "admit", "find e1.0", "return 1 2048+32768", "activate lv_vm1", "find e1.0", "return 1 34816+32768", "activate lv_vm2",
                "deactivate lv_vm2", "release 1 34816+32768", "deactivate lv_vm1", "release 1 2048+32768", "forget e1.0", "release 1",
            ],
            _world.Said.Where(said => !said.StartsWith("drop", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_host_without_the_driver_or_with_the_disk_of_its_own()
    {
        var (groups, disks) = Open(new LocalExports("storage", "/run/exports"));
        Assert.Equal(StorageErrors.NoKernelDriver, (await RefusedAsync(() => disks.AttachAsync("vm1", s_spec, Disk(), Ct))).Code);
        Assert.Equal(StorageErrors.NoKernelDriver, (await RefusedAsync(() => groups.CarryOutAsync(Order(GroupOrderKind.Make), Ct))).Code);
        _world.HasDriver = false;
        (groups, disks) = Open();
        Assert.Equal("modprobe aoe; `godwit host check` says more.", (await RefusedAsync(() => disks.AttachAsync("vm1", s_spec, Disk(), Ct))).Remedy);
        Assert.Equal(StorageErrors.NoKernelDriver, (await RefusedAsync(() => groups.CarryOutAsync(Order(GroupOrderKind.Make), Ct))).Code);
        Assert.Empty(_world.Said);
    }

    [Fact]
    public async Task What_could_not_be_attached_is_not()
    {
        var (_, disks) = Open();
        Assert.Equal(StorageErrors.NoSuchVolume, (await RefusedAsync(() => disks.AttachAsync("vm1", s_spec, Disk("lv_none"), Ct))).Code);
        _world.Fails["lvchange --devices /dev/etherd/e1.0 --activate y"] = "device-mapper: reload ioctl on (253:0) failed: No such device";
        Assert.Equal(StorageErrors.LvmFailed, (await RefusedAsync(() => disks.AttachAsync("vm1", s_spec, Disk(), Ct))).Code);
        _world.DeviceIsMissing = true;
        await RefusedAsync(() => disks.AttachAsync("vm1", s_spec, Disk(), Ct));
        Assert.Empty(disks.Find());
        Assert.Empty(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories));
        Assert.Equal("release 3", _world.Said[^1]);
    }

    [Fact]
    public async Task A_volume_that_two_domains_read_is_active_until_the_last_of_them_has_gone()
    {
        var (_, disks) = Open();
        var reading = s_spec with { ReadOnly = true };
        var (one, two) = (await disks.AttachAsync("vm1", reading, Disk(), Ct), await disks.AttachAsync("vm2", reading, Disk(), Ct));
        await disks.DetachAsync(one, Ct);
        Assert.DoesNotContain("deactivate lv_vm1", _world.Said);
        await disks.DetachAsync(two, Ct);
        Assert.Contains("deactivate lv_vm1", _world.Said);
        Assert.DoesNotContain("release 1 2048+32768", _world.Said);
    }

    [Fact]
    public async Task Changes_of_one_host_come_one_after_the_other()
    {
        var (groups, _) = Open();
        _world.Slow = TimeSpan.FromMilliseconds(20);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => groups.CarryOutAsync(Order(GroupOrderKind.Create, $"lv_{i}"), Ct)));
        var locks = _world.Said.Where(said => said.Contains("0+2048", StringComparison.Ordinal)).Select(said => said.Split(' ')[0]).ToList();
        Assert.Equal(Enumerable.Repeat<string[]>(["fence", "release"], 4).SelectMany(pair => pair), locks);
    }

    [Fact]
    public async Task The_role_of_a_volume_that_was_extended_is_that_of_where_it_lies_now()
    {
        var (_, disks) = Open();
        var disk = await disks.AttachAsync("vm1", s_spec, Disk(), Ct);
        _world.Moved = true;
        _world.Refusals.Enqueue(FenceRefusal.RangeConflict);
        Assert.Equal(6, await disks.FenceAsync(disk, 7, Ct));
        await disks.DetachAsync(disk, Ct);
        Assert.Equal(
            ["fence 7 1 2048+32768", "fence 7 1 2048+32768 83968+8192", "refresh lv_vm1", "release 1 2048+32768 83968+8192"],
            _world.Said.Where(said => said.StartsWith("fence", StringComparison.Ordinal) || said.StartsWith("refresh", StringComparison.Ordinal) || said.StartsWith("release 1 ", StringComparison.Ordinal)));
        Assert.Equal(StorageErrors.AttachFailed, (await RefusedAsync(() => disks.FenceAsync(disk, 8, Ct))).Code);
        Assert.Equal(0, await disks.FenceAsync(disk with { ReadOnly = true }, 8, Ct));
    }

    [Fact]
    public async Task A_session_that_the_storage_host_does_not_know_any_more_is_drawn_anew_for_all_of_the_group()
    {
        var (_, disks) = Open();
        var (one, two) = (await disks.AttachAsync("vm1", s_spec, Disk(), Ct), await disks.AttachAsync("vm2", s_spec, Disk("lv_vm2"), Ct));
        Assert.Equal(1, (await disks.ReadmitAsync(one, Ct)).Session);
        _world.Refusals.Enqueue(FenceRefusal.NotAdmitted);
        Assert.Equal(2, (await disks.ReadmitAsync(one, Ct)).Session);
        await disks.FenceAsync(two, 9, Ct);
        Assert.Contains("fence 9 2 34816+32768", _world.Said);
    }

    [Fact]
    public async Task Detaching_goes_on_where_the_storage_host_is_away()
    {
        var (_, disks) = Open();
        var disk = await disks.AttachAsync("vm1", s_spec, Disk(), Ct);
        _world.IsAway = true;
        await RefusedAsync(() => disks.ProbeAsync(disk, Ct));
        _world.Fails["lvchange --devices /dev/etherd/e1.0 --activate n"] = "Volume group \"vg_san\" not found";
        _world.Fails["dmsetup remove"] = "Device or resource busy";
        Assert.Equal(StorageErrors.NoSuchGroup, (await RefusedAsync(() => disks.DetachAsync(disk, Ct))).Code);
        Assert.Single(disks.Find());
        _world.Fails.Remove("dmsetup remove");
        await disks.DetachAsync(disk, Ct);
        Assert.Equal("dmsetup remove --retry vg_san-lv_vm1", _world.Commands[^1]);
        Assert.Empty(disks.Find());
        _world.Fails.Clear();
        _world.IsAway = false;
        disk = await disks.AttachAsync("vm1", s_spec, Disk(), Ct);
        await disks.ProbeAsync(disk, Ct);
        _world.DeviceIsMissing = true;
        Assert.Equal(StorageErrors.Unreachable, (await RefusedAsync(() => disks.ProbeAsync(disk, Ct))).Code);
    }

    [Fact]
    public async Task A_change_that_LVM_refuses_is_told_all_the_same_and_the_lock_is_given_up()
    {
        var (groups, _) = Open();
        _world.Fails["lvcreate"] = "Volume group \"vg_san\" has insufficient free space (53 extents): 225 required.";
        Assert.Equal(StorageErrors.NoSpace, (await RefusedAsync(() => groups.CarryOutAsync(Order(GroupOrderKind.Create, "lv_big"), Ct))).Code);
        Assert.Equal(
            ["admit", "find e1.0", "fence 1 1 0+2048 and the rest free", "settle lv_vm1 lv_vm2", "release 1 0+2048 and the rest", "forget e1.0", "release 1"],
            _world.Said.Where(said => !said.StartsWith("drop", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_lock_is_waited_for_and_taken_from_a_holder_that_is_silent()
    {
        var (groups, _) = Open();
        _world.Refusals.Enqueue(FenceRefusal.NotAdmitted);
        _world.Refusals.Enqueue(FenceRefusal.StaleEpoch);
        for (var i = 0; i < 3; i++)
            _world.Refusals.Enqueue(FenceRefusal.RangeTaken);
        await groups.CarryOutAsync(Order(GroupOrderKind.Remove, "lv_none"), Ct);
        Assert.Equal(
            ["fence 1 1 0+2048 and the rest free", "fence 1 1 0+2048 and the rest free", "fence 2 1 0+2048 and the rest free"],
            _world.Said.Where(said => said.StartsWith("fence", StringComparison.Ordinal)).Take(3));
        Assert.Equal("fence 2 1 0+2048 and the rest", _world.Said.Last(said => said.StartsWith("fence", StringComparison.Ordinal)));
    }

    private static async Task<GodwitException> RefusedAsync(Func<Task> step) => await Assert.ThrowsAnyAsync<GodwitException>(step);
}

/// <summary>A storage host, a kernel and an LVM with two volumes, which note what they are told.</summary>
internal sealed class GroupWorld : IVolumeEndpoints, IGroupEndpoints, IKernelDriver
{
    private int _session;

    public List<string> Said { get; } = [];

    /// <summary>What this host's LVM was to do.</summary>
    public List<string> Commands { get; } = [];

    public long Epoch { get; set; }

    public bool HasDriver { get; set; } = true;

    public bool DeviceIsMissing { get; set; }

    public bool IsAway { get; set; }

    /// <summary>The first volume has a second segment.</summary>
    public bool Moved { get; set; }

    /// <summary>What fences and returns are refused with, one after the other.</summary>
    public Queue<string> Refusals { get; } = [];

    /// <summary>What commands of LVM fail with, by how they begin.</summary>
    public Dictionary<string, string> Fails { get; } = [];

    /// <summary>How long a command of LVM takes.</summary>
    public TimeSpan Slow { get; set; }

    public async Task<ProgramResult> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        await Task.Delay(Slow, cancellationToken);
        var words = command.Skip(2).ToList();
        var line = string.Join(' ', words);
        Commands.Add(line);
        if (Fails.FirstOrDefault(fail => line.StartsWith(fail.Key, StringComparison.Ordinal)) is { Value: { } error })
            return new ProgramResult(5, "", error);
        if (words[0] == "lvchange")
            Said.Add($"{(words.Contains("--refresh") ? "refresh" : words.Contains("y") ? "activate" : "deactivate")} {words[^1].Split('/')[1]}");
        var segment = Moved ? """, {"lv_name":"lv_vm1", "lv_size":"20971520", "segtype":"linear", "seg_start":"16777216", "seg_pe_ranges":"/dev/etherd/e1.0:10-10"}""" : "";
        return new ProgramResult(0, words[0] switch
        {
            "pvs" => """{ "report": [ { "pv": [ {"pv_name":"/dev/etherd/e1.0", "pe_start":"1048576", "vg_extent_size":"4194304"} ] } ] }""",
            "lvs" =>
                """{ "report": [ { "seg": [ {"lv_name":"lv_vm1", "lv_size":"16777216", "segtype":"linear", "seg_start":"0", "seg_pe_ranges":"/dev/etherd/e1.0:0-3"},"""
                + """ {"lv_name":"lv_vm2", "lv_size":"16777216", "segtype":"linear", "seg_start":"0", "seg_pe_ranges":"/dev/etherd/e1.0:4-7"}""" + segment + " ] } ] }",
            _ => "",
        }, "");
    }

    IGroupEndpoints IVolumeEndpoints.OfGroup(VolumeLocation device) => this;

    Task<ImmutableArray<VolumeLocation>> IVolumeEndpoints.ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<int> IVolumeEndpoints.AdmitAsync(VolumeLocation volume, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<long> IVolumeEndpoints.FenceAsync(VolumeLocation volume, long epoch, int session, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IVolumeEndpoints.ReleaseAsync(VolumeLocation volume, int session, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IVolumeEndpoints.ProbeAsync(VolumeLocation volume, CancellationToken cancellationToken) => throw new NotSupportedException();

    async Task<int> IGroupEndpoints.AdmitAsync(ImmutableArray<MacAddress> macs, CancellationToken cancellationToken)
    {
        await SayAsync("admit");
        return ++_session;
    }

    async Task<long> IGroupEndpoints.FenceAsync(long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken)
    {
        await SayAsync($"fence {epoch} {session} {string.Join(' ', sectors)}{(free ? " free" : "")}");
        // One that may take it from a silent holder gets it.
        if (!free && Refusals.TryPeek(out var next) && next == FenceRefusal.RangeTaken)
            Refusals.Clear();
        Refuse();
        return epoch - 1;
    }

    async Task IGroupEndpoints.ReturnAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken)
    {
        await SayAsync($"return {session} {string.Join(' ', sectors)}");
        if (Refusals.TryPeek(out var next) && next == FenceRefusal.NotAdmitted)
            Refuse();
    }

    Task IGroupEndpoints.ReleaseAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        SayAsync($"release {session} {string.Join(' ', sectors)}");

    Task IGroupEndpoints.ForgetAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        SayAsync($"forget {session} {string.Join(' ', sectors)}");

    Task IGroupEndpoints.SettleAsync(ImmutableArray<GroupVolume> layout, CancellationToken cancellationToken) =>
        SayAsync($"settle {string.Join(' ', layout.Select(volume => volume.Name))}");

    Task IGroupEndpoints.ReleaseAsync(int session, CancellationToken cancellationToken) => SayAsync($"release {session}");

    Task IGroupEndpoints.ProbeAsync(CancellationToken cancellationToken) => SayAsync("probe");

    Task<bool> IKernelDriver.IsThereAsync(CancellationToken cancellationToken) => Task.FromResult(HasDriver);

    string IKernelDriver.DeviceOf(string address) => $"/dev/etherd/{address}";

    Task IKernelDriver.FindAsync(string name, string address, long sizeBytes, CancellationToken cancellationToken)
    {
        Said.Add($"find {address}");
        return DeviceIsMissing ? throw new GodwitException(StorageErrors.AttachFailed, $"{name} could not be attached.") : Task.CompletedTask;
    }

    Task<bool> IKernelDriver.ReviveAsync(string address, CancellationToken cancellationToken) => Task.FromResult(!DeviceIsMissing);

    void IKernelDriver.DropCache(string name, string path) => Said.Add($"drop {path}");

    void IKernelDriver.Forget(string address) => Said.Add($"forget {address}");

    private Task SayAsync(string what)
    {
        if (IsAway)
            throw new GodwitException("away", "The storage host is away.");
        Said.Add(what);
        return Task.CompletedTask;
    }

    private void Refuse()
    {
        if (Refusals.TryDequeue(out var code))
            throw new GodwitException(code, $"Refused: {code}.");
    }
}
