using System.Diagnostics;
using Godwit.Aoe.Guests;
using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Kernel;

/// <summary>
/// Two Debian guests with the distribution's AoE driver, each on a tap of a namespace in which <c>godwit-aoe export</c> serves both, and
/// a capture of what crosses the first tap. Booted once for all tests.
/// </summary>
public sealed class TwoGuests : IAsyncLifetime
{
    private static readonly string s_tool = Path.Combine(AppContext.BaseDirectory, "godwit-aoe");
    private readonly TemporaryDirectory _directory = new();
    private readonly string _side = $"gwk{Environment.ProcessId}";
    private readonly List<Process> _started = [];
    private Process? _capture;

    public static bool Possible => Environment.UserName == "root" && File.Exists("/usr/bin/qemu-system-x86_64") && File.Exists("/usr/bin/dumpcap");

    public AoeGuest First { get; private set; } = null!;

    public AoeGuest Second { get; private set; } = null!;

    public static string FirstMac => "02:00:00:00:0a:01";

    public static string SecondMac => "02:00:00:00:0a:02";

    public string Capture => Place("capture.pcapng");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!Possible) return;
        Ip("netns", "add", _side);
        foreach (var tap in new[] { "tap0", "tap1" })
        {
            Ip("-n", _side, "tuntap", "add", "dev", tap, "mode", "tap");
            Ip("-n", _side, "link", "set", tap, "mtu", "9000", "up");
        }
        _capture = Start(Capture, "dumpcap", "-q", "-i", "tap0", "-f", "ether proto 0x88a2", "-w", Capture);
        var boots = new[] { ("tap0", FirstMac), ("tap1", SecondMac) }
            .Select(guest => AoeGuest.BootAsync(new AoeGuestOptions(_directory.Path, _side, guest.Item1, guest.Item2), Ct)).ToArray();
        (First, Second) = (await boots[0], await boots[1]);
        foreach (var guest in new[] { First, Second })
            await guest.RunAsync("for order in aoe dm_mod; do for m in $(cat /modules/$order.order); do insmod $m; done; done; ip link set eth0 up mtu 9000", Ct);
    }

    public string Place(string name) => _directory.File(name);

    /// <summary>A sparse disk of 64 MiB.</summary>
    public string Disk(string name)
    {
        using var disk = File.Create(Place(name));
        disk.SetLength(64 << 20);
        return Place(name);
    }

    /// <summary>Exports a disk on both taps.</summary>
    /// <param name="shelf">Another for each test: guests remember what they have seen.</param>
    public Process Export(string disk, int shelf, params string[] more) => Export(disk, shelf, 0, more);

    public Process Export(string disk, int shelf, int slot, params string[] more)
    {
        var control = Control(shelf, slot);
        File.Delete(control);
        return Start(control, s_tool, ["export", disk, "--shelf", $"{shelf}", "--slot", $"{slot}", "--interface", "tap0", "--interface", "tap1", "--control", control, .. more]);
    }

    public string Control(int shelf, int slot = 0) => Place($"e{shelf}.{slot}.ctl");

    public void SetMtu(int mtu)
    {
        foreach (var tap in new[] { "tap0", "tap1" }) Ip("-n", _side, "link", "set", tap, "mtu", $"{mtu}");
    }

    /// <summary>Ends the capture, so that it can be read.</summary>
    public async Task EndCaptureAsync()
    {
        if (_capture is not { HasExited: false } capture) return;
        VethPair.Run("kill", "-INT", $"{capture.Id}");
        await capture.WaitForExitAsync(Ct);
    }

    public static void End(Process process)
    {
        process.Kill();
        process.WaitForExit();
    }

    public ValueTask DisposeAsync()
    {
        First?.Dispose();
        Second?.Dispose();
        foreach (var process in _started)
        {
            if (!process.HasExited) End(process);
            process.Dispose();
        }
        if (Possible) Ip("netns", "del", _side);
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private Process Start(string readyFile, string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", _side, program, .. arguments]))!;
        _started.Add(process);
        for (var i = 0; i < 200 && !File.Exists(readyFile); i++)
        {
            Assert.False(process.HasExited, $"{program} {string.Join(' ', arguments)} ended");
            Thread.Sleep(50);
        }
        return process;
    }

    private static void Ip(params string[] arguments)
    {
        var (code, output) = VethPair.Run("ip", arguments);
        Assert.True(code == 0, $"ip {string.Join(' ', arguments)}: {output}");
    }
}
