using System.Collections.Immutable;
using System.Diagnostics;
using Godwit.Aoe.Control;
using Godwit.Aoe.Guests;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Attachments;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Godwit.Storage.Volumes.Stores.Lvm;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Groups;

/// <summary>
/// Two guests with Debian's LVM and kernel's AoE driver, and a real target that serves both a disk under a fence. What a host's daemon
/// decides runs on this side; its commands, and what it writes to the driver's files, are carried out in its guest.
/// </summary>
public sealed class GroupMachines : IAsyncLifetime
{
    private const int DiskMiB = 256;
    private static readonly string s_tool = Path.Combine(AppContext.BaseDirectory, "godwit-aoe");
    private readonly TemporaryDirectory _directory = new();
    private readonly string _namespace = $"gwg{Environment.ProcessId}";
    private readonly List<GroupMachine> _machines = [];
    private Process? _export;
    private long _epoch;

    public static bool Possible => Environment.UserName == "root" && File.Exists("/usr/bin/mmdebstrap") && File.Exists("/usr/bin/qemu-system-x86_64");

    internal GroupMachine First => _machines[0];

    internal GroupMachine Second => _machines[1];

    public ExportControlClient Target => new(_directory.File("ctl"));

    /// <summary>The pool's counter.</summary>
    public Task<long> DrawEpochAsync(CancellationToken cancellationToken) => Task.FromResult(Interlocked.Increment(ref _epoch));

    /// <summary>The exported volume that the group lies on.</summary>
    internal static VolumeLocation Device { get; } = new(VolumeName.Parse("pvs/disk1"), DiskMiB << 20, "storage", 1, 0);

    /// <summary>What the hosts told last of where the volumes lie.</summary>
    internal ImmutableArray<GroupVolume> Layout { get; set; } = [];

    /// <summary>A volume of the group, as the registry has it.</summary>
    internal DiskIdentity Identify(string volume) => new()
    {
        Kind = DiskKind.PoolVolume,
        Name = $"{GroupMachine.GroupName}/{volume}",
        SizeBytes = Layout.Single(known => known.Name == volume).SizeBytes,
        StorageHost = Device.StorageHost,
        Shelf = Device.Shelf,
        Slot = Device.Slot,
        LiesOn = new SharedDevice(Device.Name.ToString(), Device.SizeBytes),
    };

    /// <summary>What the storage host does to the extents of a new volume.</summary>
    internal async Task ClearAsync(string volume)
    {
        foreach (var range in Layout.Single(known => known.Name == volume).Sectors)
            await DirectVolumeData.Instance.ZeroAsync(_directory.File("disk"), range.Start * 512, range.End * 512, NoProgress.Instance, default);
    }

    public async ValueTask InitializeAsync()
    {
        if (!Possible) return;
        var disk = _directory.File("disk");
        await ProgramRunner.RunAsync(["truncate", "-s", $"{DiskMiB}M", disk]);
        await ProgramRunner.RunAsync(["ip", "netns", "add", _namespace]);
        foreach (var tap in new[] { "tap0", "tap1" })
        {
            await ProgramRunner.RunAsync(["ip", "-n", _namespace, "tuntap", "add", "dev", tap, "mode", "tap"]);
            await ProgramRunner.RunAsync(["ip", "-n", _namespace, "link", "set", tap, "mtu", "9000", "up"]);
        }
        _export = Process.Start(new ProcessStartInfo("ip",
            ["netns", "exec", _namespace, s_tool, "export", disk, "--shelf", "1", "--slot", "0", "--interface", "tap0", "--interface", "tap1",
                "--managed", "--new-state", "--state", _directory.File("state"), "--control", _directory.File("ctl")]));
        var boots = new[] { ("a", "tap0", "02:00:00:00:0a:01"), ("b", "tap1", "02:00:00:00:0a:02") }.Select(async host =>
        {
            var guest = await AoeGuest.BootAsync(new AoeGuestOptions(_directory.Path, _namespace, host.Item2, host.Item3), default);
            await guest.RunAsync("for order in aoe dm_mod; do for m in $(cat /modules/$order.order); do insmod $m; done; done; ip link set eth0 up mtu 9000", default);
            return new GroupMachine(this, host.Item1, host.Item3, guest, _directory.File("run-" + host.Item1));
        }).ToArray();
        _machines.AddRange(await Task.WhenAll(boots));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in _machines) machine.Dispose();
        if (_export is { } export)
        {
            export.Kill();
            await export.WaitForExitAsync();
            export.Dispose();
        }
        if (Possible) await ProgramRunner.TryRunAsync(["ip", "netns", "del", _namespace]);
        _directory.Dispose();
    }
}

/// <summary>One of the hosts.</summary>
internal sealed class GroupMachine : IVolumeEndpoints, IGroupEndpoints, IKernelDriver, IDisposable
{
    public const string GroupName = "vg_san";
    private readonly GroupMachines _pool;
    private readonly string _mac;
    private readonly AoeGuest _guest;

    public GroupMachine(GroupMachines pool, string host, string mac, AoeGuest guest, string runDirectory)
    {
        (_pool, Host, _mac, _guest) = (pool, host, mac, guest);
        var places = new DiskPlaces("/nowhere", ["eth0"], [MacAddress.Parse(mac)], runDirectory);
        Groups = new SharedGroups(this, places, this, new LvmTool(RunAsync), pool.DrawEpochAsync, TimeProvider.System) { LockPatience = TimeSpan.FromSeconds(30) };
        Disks = new GroupAttachments(Groups, Groups.Records, NullLogger.Instance);
    }

    public string Host { get; }

    public SharedGroups Groups { get; }

    public GroupAttachments Disks { get; }

    public Task MakeAsync() => OrderAsync(GroupOrderKind.Make, null, 0);

    /// <summary>Makes a volume and has its extents cleared, as the storage host does.</summary>
    public async Task<GroupVolume> CreateAsync(string volume, long size)
    {
        await OrderAsync(GroupOrderKind.Create, volume, size);
        await _pool.ClearAsync(volume);
        return _pool.Layout.Single(known => known.Name == volume);
    }

    public Task ResizeAsync(string volume, long size) => OrderAsync(GroupOrderKind.Resize, volume, size);

    public Task RemoveAsync(string volume) => OrderAsync(GroupOrderKind.Remove, volume, 0);

    public Task DissolveAsync() => OrderAsync(GroupOrderKind.Dissolve, null, 0);

    public Task<AttachedDisk> AttachAsync(string domain, string volume, CancellationToken ct) => Disks.AttachAsync(
        domain, new DiskSpec { Target = $"{GroupName}/{volume}", Backend = DiskBackend.Block, VirtualDevice = "hda1" }, _pool.Identify(volume), ct);

    /// <summary>Runs a shell's commands in the guest.</summary>
    public Task<string> ShAsync(string commands) => _guest.RunAsync(commands, default, withinSeconds: 240);

    public async Task<bool> SucceedsAsync(string commands) => (await _guest.TryRunAsync(commands, default, withinSeconds: 240)).Code == 0;

    public void Dispose() => _guest.Dispose();

    private Task OrderAsync(GroupOrderKind kind, string? volume, long size) =>
        Groups.CarryOutAsync(new GroupOrder(GroupName, GroupMachines.Device, kind, volume, size), default);

    IGroupEndpoints IVolumeEndpoints.OfGroup(VolumeLocation device) => this;

    Task<ImmutableArray<VolumeLocation>> IVolumeEndpoints.ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<int> IVolumeEndpoints.AdmitAsync(VolumeLocation volume, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<long> IVolumeEndpoints.FenceAsync(VolumeLocation volume, long epoch, int session, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IVolumeEndpoints.ReleaseAsync(VolumeLocation volume, int session, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IVolumeEndpoints.ProbeAsync(VolumeLocation volume, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<int> IGroupEndpoints.AdmitAsync(ImmutableArray<MacAddress> macs, CancellationToken cancellationToken) =>
        _pool.Target.AdmitAsync(Host, [_mac], cancellationToken, sessionless: true);

    async Task<long> IGroupEndpoints.FenceAsync(long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken) =>
        (await _pool.Target.FenceAsync(Host, epoch, session, sectors, cancellationToken, free)).PreviousEpoch;

    Task IGroupEndpoints.ReturnAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        _pool.Target.ReturnAsync(Host, session, sectors, cancellationToken);

    Task IGroupEndpoints.ReleaseAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        _pool.Target.ReleaseAsync(Host, session, sectors, cancellationToken);

    Task IGroupEndpoints.ForgetAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        _pool.Target.ForgetAsync(Host, session, sectors, cancellationToken);

    Task IGroupEndpoints.SettleAsync(ImmutableArray<GroupVolume> layout, CancellationToken cancellationToken)
    {
        _pool.Layout = layout;
        return Task.CompletedTask;
    }

    Task IGroupEndpoints.ReleaseAsync(int session, CancellationToken cancellationToken) => _pool.Target.ReleaseAsync(Host, session, cancellationToken);

    Task IGroupEndpoints.ProbeAsync(CancellationToken cancellationToken) => _pool.Target.StatusAsync(cancellationToken);

    Task<bool> IKernelDriver.IsThereAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    string IKernelDriver.DeviceOf(string address) => $"/dev/etherd/{address}";

    Task IKernelDriver.FindAsync(string name, string address, long sizeBytes, CancellationToken cancellationToken) => ShAsync(
        $"for i in $(seq 100); do printf 'all\\0' > /dev/etherd/discover; grep -q ^up '/sys/block/etherd!{address}/state' && [ $(cat '/sys/block/etherd!{address}/size') = {sizeBytes / 512} ] && exit 0; sleep 0.1; done; exit 1");

    Task<bool> IKernelDriver.ReviveAsync(string address, CancellationToken cancellationToken) => SucceedsAsync($"grep -q ^up '/sys/block/etherd!{address}/state'");

    void IKernelDriver.DropCache(string name, string path) => ShAsync($"blockdev --flushbufs {path}").GetAwaiter().GetResult();

    void IKernelDriver.Forget(string address) => ShAsync($"printf '{address}\\0' > /dev/etherd/flush").GetAwaiter().GetResult();

    private async Task<ProgramResult> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var (code, _) = await _guest.TryRunAsync($"{ProgramRunner.Quote(command)} > /tmp/out 2> /tmp/err", cancellationToken);
        return new ProgramResult(code, await ShAsync("cat /tmp/out"), await ShAsync("cat /tmp/err"));
    }
}
