using System.Diagnostics;
using System.Globalization;
using System.Text;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Lab.Tests;

/// <summary>A guest that runs in an emulated machine inside a lab host, with its serial console at hand.</summary>
internal sealed class BootedGuest : IAsyncDisposable
{
    private readonly Process _qemu;
    private readonly StringBuilder _console = new();
    private readonly Task _reading;

    private BootedGuest(Process qemu)
    {
        _qemu = qemu;
        _reading = Task.Run(ReadAsync);
    }

    public const string Address = "10.9.0.100";

    public static async Task<BootedGuest> StartAsync(Lab lab, string host, GuestImage image, string volume)
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"{Address}/24");
        await ImageWriter.WriteAsync(
            image, volume, LabGuest.Customize("vm1", Address) with { Address = address }, CancellationToken.None);
        await ProgramRunner.RunAsync([.. await lab.EnterAsync(host), "sh", "-c",
            "ip link delete tap1 2> /dev/null; ip tuntap add tap1 mode tap && ip link set tap1 master xenbr0 up"]);
        // The host sees a cache of its own, and its state under the path that it has out here.
        var (kernel, ramdisk) = (Path.Combine(lab.Paths.Host(host, "lib"), "kernel"), Path.Combine(lab.Paths.Host(host, "lib"), "ramdisk"));
        File.Copy(image.KernelPath, kernel, overwrite: true);
        File.Copy(image.RamdiskPath, ramdisk, overwrite: true);
        string[] command =
        [
            .. await lab.EnterAsync(host), "qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-m", "256",
            "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio", "-kernel", kernel,
            "-initrd", ramdisk, "-append", "root=/dev/vda console=ttyS0 quiet 3",
            "-drive", $"if=virtio,format=raw,file={volume}",
            "-netdev", "tap,id=n,ifname=tap1,script=no,downscript=no",
            "-device", "virtio-net-pci,netdev=n,mac=aa:cc:00:00:00:01",
            "-qmp", "unix:/run/godwit/qmp,server=on,wait=off",
        ];
        return new BootedGuest(Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    public string Console
    {
        get
        {
            lock (_console) return _console.ToString();
        }
    }

    public async Task<TimeSpan> WaitForAsync(string text, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        while (!Console.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(_qemu.HasExited, $"QEMU ended with exit code {(_qemu.HasExited ? _qemu.ExitCode : 0)}:\n{Console}");
            Assert.False(Stopwatch.GetElapsedTime(began) > limit,
                $"no `{text}` within {limit} on the console:\n{Console}");
            await Task.Delay(20);
        }
        return Stopwatch.GetElapsedTime(began);
    }

    public async Task TypeAsync(string line)
    {
        await _qemu.StandardInput.WriteAsync(line + "\n");
        await _qemu.StandardInput.FlushAsync();
    }

    /// <summary>Presses the power button and waits until the machine is off.</summary>
    public async Task ShutDownAsync(Lab lab, string host)
    {
        using var qmp = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0);
        await qmp.ConnectAsync(
            new System.Net.Sockets.UnixDomainSocketEndPoint(lab.Paths.Host(host, "run") + "/qmp"));
        await qmp.SendAsync(
            "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"system_powerdown\"}"u8.ToArray());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _qemu.WaitForExitAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_qemu.HasExited) _qemu.Kill(entireProcessTree: true);
        await _qemu.WaitForExitAsync();
        await _reading;
        _qemu.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        while (await _qemu.StandardOutput.ReadAsync(buffer) is > 0 and var read)
            lock (_console) _console.Append(buffer, 0, read);
    }
}
