using System.Collections.Immutable;
using System.Diagnostics;
using Godwit.Aoe.Control;
using Godwit.Aoe.Guests;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Attachments;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes.Stores.Lvm;

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
        var identity = new DiskIdentity { Kind = DiskKind.PoolVolume, Name = "pvs/disk1", SizeBytes = DiskMiB << 20, StorageHost = "storage", Shelf = 1, Slot = 0 };
        var boots = new[] { ("a", "tap0", "02:00:00:00:0a:01"), ("b", "tap1", "02:00:00:00:0a:02") }.Select(async host =>
        {
            var guest = await AoeGuest.BootAsync(new AoeGuestOptions(_directory.Path, _namespace, host.Item2, host.Item3), default);
            await guest.RunAsync("for order in aoe dm_mod; do for m in $(cat /modules/$order.order); do insmod $m; done; done; ip link set eth0 up mtu 9000", default);
            return new GroupMachine(this, host.Item1, host.Item3, guest, identity);
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
internal sealed class GroupMachine : IGroupEndpoints, IKernelDriver, IDisposable
{
    private readonly GroupMachines _pool;
    private readonly string _mac;
    private readonly AoeGuest _guest;

    public GroupMachine(GroupMachines pool, string host, string mac, AoeGuest guest, DiskIdentity device)
    {
        (_pool, Host, _mac, _guest) = (pool, host, mac, guest);
        Group = new SharedGroup("vg_san", device, this, this, new LvmTool(RunAsync), TimeProvider.System);
        Lock = new GroupLock(Group, pool.DrawEpochAsync, TimeProvider.System) { Patience = TimeSpan.FromSeconds(2) };
        Volumes = new GroupVolumes(Group, Lock);
        Activation = new GroupActivation(Group);
    }

    public string Host { get; }

    public SharedGroup Group { get; }

    public GroupLock Lock { get; }

    public GroupVolumes Volumes { get; }

    public GroupActivation Activation { get; }

    /// <summary>Runs a shell's commands in the guest.</summary>
    public Task<string> ShAsync(string commands) => _guest.RunAsync(commands, default, withinSeconds: 240);

    public async Task<bool> SucceedsAsync(string commands) => (await _guest.TryRunAsync(commands, default, withinSeconds: 240)).Code == 0;

    public Task ZeroAsync(string path) => ShAsync($"blkdiscard --zeroout {path}");

    public void Dispose() => _guest.Dispose();

    Task<int> IGroupEndpoints.AdmitAsync(CancellationToken cancellationToken) => _pool.Target.AdmitAsync(Host, [_mac], cancellationToken, sessionless: true);

    async Task<long> IGroupEndpoints.FenceAsync(long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken) =>
        (await _pool.Target.FenceAsync(Host, epoch, session, sectors, cancellationToken, free)).PreviousEpoch;

    Task IGroupEndpoints.ReturnAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        _pool.Target.ReturnAsync(Host, session, sectors, cancellationToken);

    Task IGroupEndpoints.ReleaseAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        _pool.Target.ReleaseAsync(Host, session, sectors, cancellationToken);

    Task IGroupEndpoints.ForgetAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        _pool.Target.ForgetAsync(Host, session, sectors, cancellationToken);

    Task IGroupEndpoints.ReleaseAsync(int session, CancellationToken cancellationToken) => _pool.Target.ReleaseAsync(Host, session, cancellationToken);

    Task<ExportStatus> IGroupEndpoints.StatusAsync(CancellationToken cancellationToken) => _pool.Target.StatusAsync(cancellationToken);

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
