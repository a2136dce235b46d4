using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Godwit.Aoe.Guests;

/// <summary>
/// A guest of <see cref="AoeGuestImage"/> in QEMU, on a tap interface of a network namespace. What it writes to its root is lost with it.
/// </summary>
public sealed partial class AoeGuest : IDisposable
{
    private static readonly TimeSpan s_bootsWithin = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly Socket _shell;
    private readonly string _console;
    private readonly StringBuilder _heard = new();

    private AoeGuest(Process process, Socket shell, string console)
    {
        (_process, _shell, _console) = (process, shell, console);
    }

    /// <summary>Boots a guest, and returns when its shell listens.</summary>
    public static async Task<AoeGuest> BootAsync(AoeGuestOptions options, CancellationToken ct)
    {
        var image = await AoeGuestImage.GetAsync(ct: ct).ConfigureAwait(false);
        var (console, socket) = (Path.Combine(options.Directory, options.Tap + ".console"), Path.Combine(options.Directory, options.Tap + ".shell"));
        File.Delete(socket);
        string[] command =
        [
            "ip", "netns", "exec", options.Namespace, "qemu-system-x86_64", "-nodefaults", "-display", "none", "-machine", "pc", "-accel", "tcg",
            "-cpu", "max", "-m", "384", "-smp", "1", "-no-reboot", "-kernel", image.KernelPath, "-initrd", image.RamdiskPath,
            // Code that lies at the same place in each process is translated once by the emulation.
            "-append", "console=ttyS0 quiet panic=-1 norandmaps root=/dev/vda init=/sbin/guest-shell",
            "-drive", $"file={image.RootPath},if=virtio,format=raw,snapshot=on",
            .. options.Disks.SelectMany(disk => (string[])["-drive", $"file={disk},if=virtio,format=raw"]),
            "-netdev", $"tap,id=n0,ifname={options.Tap},script=no,downscript=no",
            "-device", $"virtio-net-pci,netdev=n0,mac={options.Mac},romfile=",
            "-serial", $"file:{console}", "-serial", $"unix:{socket},server=on,wait=off",
        ];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]))!;
        var guest = new AoeGuest(process, await ConnectAsync(process, socket, ct).ConfigureAwait(false), console);
        try
        {
            await guest.ReadUntilAsync(ReadyMark(), s_bootsWithin, ct).ConfigureAwait(false);
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    /// <summary>Runs shell commands in the guest.</summary>
    /// <returns>What they printed, both outputs.</returns>
    /// <exception cref="InvalidOperationException">They ended with another exit code than 0.</exception>
    public async Task<string> RunAsync(string commands, CancellationToken ct, int withinSeconds = 120)
    {
        var (code, output) = await TryRunAsync(commands, ct, withinSeconds).ConfigureAwait(false);
        return code == 0 ? output : throw new InvalidOperationException($"`{commands}` ended with {code} in the guest:\n{output}\n{LastOfConsole()}");
    }

    /// <inheritdoc cref="RunAsync"/>
    public async Task<(int Code, string Output)> TryRunAsync(string commands, CancellationToken ct, int withinSeconds = 120)
    {
        await _shell.SendAsync(Encoding.UTF8.GetBytes($"( {commands}\n) 2>&1 < /dev/null; echo \"@@$?@@\"\n"), ct).ConfigureAwait(false);
        var (before, match) = await ReadUntilAsync(EndMark(), TimeSpan.FromSeconds(withinSeconds), ct).ConfigureAwait(false);
        return (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), before.Replace("\r", "", StringComparison.Ordinal).Trim());
    }

    /// <summary>The power fails: nothing that is in its memory reaches a disk.</summary>
    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _shell.Dispose();
    }

    private static async Task<Socket> ConnectAsync(Process process, string path, CancellationToken ct)
    {
        for (var tries = 0; ; tries++)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct).ConfigureAwait(false);
                return socket;
            }
            catch (SocketException) when (tries < 500 && !process.HasExited)
            {
                socket.Dispose();
                await Task.Delay(20, ct).ConfigureAwait(false);
            }
        }
    }

    private async Task<(string Before, Match Match)> ReadUntilAsync(Regex mark, TimeSpan within, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(within);
        var buffer = new byte[4096];
        while (true)
        {
            var heard = _heard.ToString();
            if (mark.Match(heard) is { Success: true } match)
            {
                _heard.Clear().Append(heard.AsSpan(match.Index + match.Length));
                return (heard[..match.Index], match);
            }
            int read;
            try
            {
                read = await _shell.ReceiveAsync(buffer, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException($"the guest did not end within {within.TotalSeconds:0} s; it said:\n{heard}\n{LastOfConsole()}");
            }
            if (read == 0) throw new IOException($"the guest is gone; it said:\n{heard}\n{LastOfConsole()}");
            _heard.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
    }

    private string LastOfConsole() =>
        File.Exists(_console) ? "console:\n" + string.Join('\n', File.ReadAllLines(_console).TakeLast(25)) : "";

    [GeneratedRegex("@@ready@@\r?\n")]
    private static partial Regex ReadyMark();

    [GeneratedRegex("@@([0-9]+)@@\r?\n")]
    private static partial Regex EndMark();
}

/// <summary>Where a guest is, and what it has.</summary>
/// <param name="Directory">For its console and the shell's socket.</param>
/// <param name="Namespace">Network namespace of its tap.</param>
/// <param name="Tap">An interface that is there.</param>
/// <param name="Disks">More disks, as files: vdb, vdc.</param>
public sealed record AoeGuestOptions(string Directory, string Namespace, string Tap, string Mac, params IReadOnlyList<string> Disks);
