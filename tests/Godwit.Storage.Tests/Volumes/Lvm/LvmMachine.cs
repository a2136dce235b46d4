using Godwit.Aoe.Guests;
using Godwit.Native.Processes;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Godwit.Storage.Volumes.Stores.Lvm;

namespace Godwit.Storage.Tests.Volumes.Lvm;

/// <summary>
/// A guest with Debian's LVM on a real device mapper and two volume groups: <c>vg_thick</c>, and <c>vg_thin</c> with a pool. The
/// stores under test run on this side; their commands, and their work on data, are carried out in the guest.
/// </summary>
public sealed class LvmMachine : IAsyncLifetime, IVolumeData
{
    private const int DiskMiB = 192;
    private readonly TemporaryDirectory _directory = new();
    private readonly string _namespace = $"gwl{Environment.ProcessId}";
    private AoeGuest? _guest;

    public static bool Possible => Environment.UserName == "root" && File.Exists("/usr/bin/mmdebstrap") && File.Exists("/usr/bin/qemu-system-x86_64");

    public LvmTool Tool => new(RunAsync);

    public IVolumeStore Thick() => new LvmStore(GroupDefinition.OfLvm("vg_thick"), Tool, this);

    public IVolumeStore Thin(string pool = "pool") => new LvmStore(GroupDefinition.OfLvm("vg_thin", pool), Tool, this);

    public async ValueTask InitializeAsync()
    {
        if (!Possible) return;
        await ProgramRunner.RunAsync(["ip", "netns", "add", _namespace]);
        await ProgramRunner.RunAsync(["ip", "-n", _namespace, "tuntap", "add", "tap0", "mode", "tap"]);
        string[] disks = [_directory.File("thick"), _directory.File("thin")];
        foreach (var disk in disks)
        {
            using var file = File.OpenHandle(disk, FileMode.CreateNew, FileAccess.Write);
            RandomAccess.SetLength(file, DiskMiB << 20);
        }
        _guest = await AoeGuest.BootAsync(new AoeGuestOptions(_directory.Path, _namespace, "tap0", "52:54:00:00:00:01", disks), default);
        await ShAsync("for m in $(cat /modules/dm_thin_pool.order /modules/dm_snapshot.order); do grep -q \"^$(basename $m .ko | tr - _) \" /proc/modules || insmod $m; done");
        await ShAsync("vgcreate -q vg_thick /dev/vdb && vgcreate -q vg_thin /dev/vdc && lvcreate -q --type thin-pool -L 96m -n pool vg_thin");
    }

    /// <summary>Whoever has room made empty gives up before it is.</summary>
    public bool ZeroingIsGivenUp { get; set; }

    /// <summary>Runs a shell's commands in the guest.</summary>
    public Task<string> ShAsync(string commands) => _guest!.RunAsync(commands, default, withinSeconds: 240);

    public Task<(int Code, string Output)> TryShAsync(string commands) => _guest!.TryRunAsync(commands, default, withinSeconds: 240);

    public async ValueTask DisposeAsync()
    {
        _guest?.Dispose();
        if (Possible) await ProgramRunner.TryRunAsync(["ip", "netns", "del", _namespace]);
        _directory.Dispose();
    }

    async Task IVolumeData.ZeroAsync(string path, long start, long end, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        if (ZeroingIsGivenUp) throw new OperationCanceledException();
        await ShAsync($"blkdiscard --zeroout --offset {start} --length {end - start} {path}");
        progress.Report(new WorkProgress(end - start, end - start));
    }

    async Task IVolumeData.CopyAsync(VolumeExtent from, VolumeExtent to, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        await ShAsync($"dd if={from.Path} of={to.Path} bs=1M conv=notrunc iflag=count_bytes,skip_bytes oflag=seek_bytes skip={from.Start} seek={to.Start} count={from.Length}");
        progress.Report(new WorkProgress(from.Length, from.Length));
    }

    Task IVolumeData.SyncAsync(string path, CancellationToken cancellationToken) => ShAsync($"blockdev --flushbufs {path}");

    // Outputs apart, as programs have them.
    private async Task<ProgramResult> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var (code, output) = await _guest!.TryRunAsync($"{ProgramRunner.Quote(command)} > /tmp/out 2> /tmp/err", cancellationToken);
        Assert.Equal("", output);
        return new ProgramResult(code, await ShAsync("cat /tmp/out"), await ShAsync("cat /tmp/err"));
    }
}
