using System.Globalization;
using Godwit.Native.Network;
using Godwit.Native.Processes;

namespace Godwit.Aoe.Guests.Power;

/// <summary>
/// A storage host that can lose its power: a guest that runs <c>godwit-aoe export</c> of a file on its disk. What its kernel has not
/// written when it is cut off is gone; what the disk has taken stays, on a file of this machine.
/// </summary>
internal sealed class StorageMachine : IAsyncDisposable
{
    private const string Tap = "tap0";
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-power-").FullName;
    private readonly string _side = "gwp" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    private AoeGuest? _guest;

    /// <param name="programs">Directory of the built programs.</param>
    /// <param name="diskBytes">Of the served file.</param>
    /// <param name="ct">Ends the preparation.</param>
    public static async Task<StorageMachine> PrepareAsync(string programs, long diskBytes, CancellationToken ct)
    {
        var machine = new StorageMachine();
        try
        {
            await machine.MakeDisksAsync(Path.Combine(programs, "godwit-aoe"), diskBytes, ct).ConfigureAwait(false);
            return machine;
        }
        catch
        {
            await machine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The machine's own network interface, as this side has it.</summary>
    public PacketLink Open(IReadOnlyList<Native.Packets.BpfInstruction> filter)
    {
        using var side = NetworkNamespace.OpenNamed(_side);
        return side.Run(() => PacketLink.Open(Tap, filter));
    }

    /// <summary>Boots the machine, and has it serve e0.0.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        _guest = await AoeGuest.BootAsync(
            new AoeGuestOptions(_directory, _side, Tap, "02:00:00:00:0b:01", At("programs"), At("data")), ct).ConfigureAwait(false);
        await _guest.RunAsync(
            "mkdir -p /prog /srv; mount -o ro /dev/vdb /prog; mount /dev/vdc /srv; ip link set eth0 mtu 9000 up; "
            + "/prog/godwit-aoe export /srv/disk.img --shelf 0 --slot 0 --interface eth0 --state /srv/state > /tmp/export 2>&1 &\n"
            + "for i in $(seq 1000); do grep -q e0.0 /tmp/export && exit 0; sleep 0.05; done; cat /tmp/export; exit 1", ct).ConfigureAwait(false);
    }

    public void CutPower()
    {
        _guest?.Dispose();
        _guest = null;
    }

    public async ValueTask DisposeAsync()
    {
        CutPower();
        await ProgramRunner.TryRunAsync(["ip", "netns", "del", _side]).ConfigureAwait(false);
        Directory.Delete(_directory, recursive: true);
    }

    private async Task MakeDisksAsync(string program, long diskBytes, CancellationToken ct)
    {
        await ProgramRunner.RunAsync(["ip", "netns", "add", _side], null, ct).ConfigureAwait(false);
        await ProgramRunner.RunAsync(["ip", "-n", _side, "tuntap", "add", "dev", Tap, "mode", "tap"], null, ct).ConfigureAwait(false);
        await ProgramRunner.RunAsync(["ip", "-n", _side, "link", "set", Tap, "mtu", "9000", "up"], null, ct).ConfigureAwait(false);
        Directory.CreateDirectory(At("tree"));
        File.Copy(program, Path.Combine(At("tree"), "godwit-aoe"));
        await MakeAsync(At("programs"), 64 << 20, At("tree"), ct).ConfigureAwait(false);
        // Sparse: what is written for the first time changes the file system too, which is to be as durable.
        Directory.CreateDirectory(At("empty"));
        await using (var disk = File.Create(Path.Combine(At("empty"), "disk.img"))) disk.SetLength(diskBytes);
        await MakeAsync(At("data"), 256 << 20, At("empty"), ct).ConfigureAwait(false);
    }

    private static Task<string> MakeAsync(string file, long bytes, string tree, CancellationToken ct) => ProgramRunner.RunAsync(
        ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-d", tree, file, (bytes / 1024).ToString(CultureInfo.InvariantCulture) + "k"], null, ct);

    private string At(string name) => Path.Combine(_directory, name);
}
