using System.Diagnostics;
using System.Globalization;
using Godwit.Machines.Image;
using Godwit.Native.Processes;

namespace Godwit.Machines;

/// <summary>
/// An emulated machine, in a process of QEMU's. It keeps its disks for as long as this object lives, so that its power may go and come back.
/// </summary>
public sealed class Machine : IAsyncDisposable
{
    /// <summary>QEMU ends with the process that holds this script's input, however that ends.</summary>
    private const string EndsWithUs =
        """exec 3<&0; "$@" < /dev/null 2> "$complaints" & machine=$!; (cat > /dev/null; kill -KILL $machine) <&3 2> /dev/null & wait $machine 2> /dev/null""";

    private readonly MachineImage _image;
    private readonly MachineNetwork _network;
    private readonly string _directory;
    private readonly string _hosts;
    private readonly MachineShell _shell;
    private Process? _process;

    /// <param name="spec">What it is.</param>
    /// <param name="image">What it boots from.</param>
    /// <param name="network">Where it is plugged in.</param>
    /// <param name="directory">For its disks, console and sockets; exists already.</param>
    /// <param name="hosts">All machines of its site, for its hosts file.</param>
    internal Machine(MachineSpec spec, MachineImage image, MachineNetwork network, string directory, IEnumerable<MachineSpec> hosts)
    {
        (Spec, _image, _network, _directory) = (spec, image, network, directory);
        _hosts = string.Join(',', hosts.Select(h => $"{h.Name}:{h.Address}"));
        _shell = new MachineShell(network, spec.Address, image.KeyPath, directory);
    }

    public MachineSpec Spec { get; }

    public string Name => Spec.Name;

    private string Console => Path.Combine(_directory, "console");

    private string Complaints => Path.Combine(_directory, "qemu");

    /// <summary>Empty disks, and the two cables.</summary>
    internal async Task PrepareAsync(CancellationToken ct)
    {
        await ProgramRunner.RunAsync(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-b", _image.RootPath, "-F", "raw", Disk(0)], null, ct).ConfigureAwait(false);
        for (var i = 0; i < Spec.Disks.Count; i++)
        {
            await using var file = File.Create(Disk(i + 1));
            file.SetLength(Spec.Disks[i]);
        }
        await _network.AddPortsAsync(Name, ct).ConfigureAwait(false);
    }

    /// <summary>Switches it on, and returns when root can log in.</summary>
    /// <exception cref="MachineException">It did not come up.</exception>
    public async Task StartAsync(CancellationToken ct)
    {
        string[] command = ["sh", "-c", EndsWithUs, "sh", .. _network.Enter(CommandLine())];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true };
        start.Environment["complaints"] = Complaints;
        _process = Process.Start(start)!;
        if (await _shell.ConnectAsync(Spec.BootsWithin, () => _process.HasExited, ct).ConfigureAwait(false)) return;
        var what = _process.HasExited
            ? $": QEMU ended with exit code {_process.ExitCode}: {await ReadAsync(Complaints, 10).ConfigureAwait(false)}"
            : $" did not let anybody in within {Spec.BootsWithin.TotalSeconds:0} s";
        throw new MachineException($"{Name}{what}; {await LastOfConsoleAsync().ConfigureAwait(false)}");
    }

    /// <summary>Runs a line of the shell's as root.</summary>
    /// <returns>What it printed to standard output.</returns>
    /// <exception cref="MachineException">It ended with another exit code than 0.</exception>
    public async Task<string> RunAsync(string command, CancellationToken ct, string? input = null)
    {
        var result = await TryRunAsync(command, ct, input).ConfigureAwait(false);
        return result.Succeeded
            ? result.Output
            : throw new MachineException($"{Name}: `{command}` ended with exit code {result.ExitCode}:\n{result.Output}{result.Error}".TrimEnd());
    }

    /// <inheritdoc cref="RunAsync"/>
    /// <returns>Exit code and both outputs.</returns>
    /// <exception cref="MachineException">The machine does not answer.</exception>
    public async Task<ProgramResult> TryRunAsync(string command, CancellationToken ct, string? input = null)
    {
        var result = await _shell.TryRunAsync(command, input, ct).ConfigureAwait(false);
        return MachineShell.IsOwnFailure(result)
            ? throw new MachineException($"{Name} does not answer: {result.Error.Trim()}; {await LastOfConsoleAsync().ConfigureAwait(false)}")
            : result;
    }

    /// <summary>Copies files of this machine's into a directory of its.</summary>
    public Task CopyInAsync(IEnumerable<string> files, string directoryThere, CancellationToken ct) =>
        _shell.CopyInAsync(files, directoryThere, ct);

    /// <summary>The power fails: nothing that is in its memory reaches a disk.</summary>
    public async Task PullPowerAsync()
    {
        if (_process is null) return;
        await _shell.CloseAsync().ConfigureAwait(false);
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync() => await PullPowerAsync().ConfigureAwait(false);

    private string Disk(int number) => Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"disk{number}"));

    private List<string> CommandLine()
    {
        var (lan, san) = MachineNetwork.Ports(Name);
        List<string> words =
        [
            "qemu-system-x86_64", "-name", Name, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35",
            "-accel", "tcg", "-cpu", Spec.Processor, "-m", $"{Spec.MemoryMiB}", "-kernel", _image.KernelPath, "-initrd", _image.RamdiskPath,
            // Code that lies at the same place in each process is translated once by the emulation.
            "-append", "root=/dev/vda console=ttyS0 loglevel=4 panic=-1 net.ifnames=0 systemd.show_status=1 TERM=dumb mitigations=off norandmaps"
                + $" systemd.hostname={Name} machine.address={Spec.Address}/24 machine.hosts={_hosts}"
                + (Spec.Bridge is { } bridge ? $" machine.bridge={bridge}" : ""),
            // Nobody reads this disk after the run, so nothing waits for this machine's own disk.
            "-drive", $"file={Disk(0)},if=virtio,format=qcow2,cache=unsafe,discard=unmap",
            "-netdev", $"tap,id=lan,ifname={lan},script=no,downscript=no", "-device", $"virtio-net-pci,netdev=lan,mac={Mac(0)},romfile=",
            "-netdev", $"tap,id=san,ifname={san},script=no,downscript=no",
            "-device", $"virtio-net-pci,netdev=san,mac={Mac(1)},host_mtu={MachineNetwork.StorageMtu},romfile=",
            "-device", "virtio-rng-pci", "-serial", "file:" + Console,
        ];
        for (var i = 1; i <= Spec.Disks.Count; i++)
            words.AddRange(["-drive", $"file={Disk(i)},if=virtio,format=raw,discard=unmap"]);
        return words;
    }

    /// <summary>Locally administered, and the same at each start.</summary>
    private string Mac(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"02:67:00:00:{number:x2}:{byte.Parse(Spec.Address.Split('.')[3], CultureInfo.InvariantCulture):x2}");

    private async Task<string> LastOfConsoleAsync() => "the last of its console:\n" + await ReadAsync(Console, 25).ConfigureAwait(false);

    /// <summary>The last lines of a file, without QEMU's complaints of what its emulation leaves out of a processor.</summary>
    private static async Task<string> ReadAsync(string file, int lines)
    {
        if (!File.Exists(file)) return "";
        var all = await File.ReadAllLinesAsync(file).ConfigureAwait(false);
        return string.Join('\n', all.Where(l => !l.Contains("warning: TCG doesn't support", StringComparison.Ordinal)).TakeLast(lines)).Trim();
    }
}
