using System.Diagnostics;
using System.Globalization;
using Godwit.Machines;
using Godwit.Native.Processes;

namespace Godwit.Xen.Tests.Machines;

/// <param name="Name">Its host name.</param>
/// <param name="Port">Short name of its two cables.</param>
/// <param name="Number">Last part of its addresses: 10.9.0.N for pool and guests, 10.9.1.N for storage.</param>
/// <param name="MemoryMiB">All of it; under Xen domain 0 has 320 of that.</param>
/// <param name="IsXen">It boots Xen, with a domain 0.</param>
internal sealed record XenMachineSpec(string Name, string Port, int Number, int MemoryMiB, bool IsXen)
{
    public string Address => string.Create(CultureInfo.InvariantCulture, $"10.9.0.{Number}");

    /// <summary>One more disk, empty, in bytes: the last of its disks.</summary>
    public long DiskBytes { get; init; }
}

/// <summary>An emulated machine, in a process of QEMU's: real Xen with its domain 0, or the storage host's bare kernel.</summary>
/// <remarks>
/// QEMU 7.2 emulates SMAP so that a domain 0 dies of it at once, and XSAVE so that xl does now and then; it tells Xen of RDTSCP
/// as if it were RDTSC, of which a PVH guest dies; one processor is what its emulation of several has no faults with. Code that lies
/// at the same place in each process (<c>norandmaps</c>) is translated once, and all of it is kept: a domain 0 and what it runs take
/// some 300 MiB of that.
/// </remarks>
internal sealed class XenMachine : IAsyncDisposable
{
    private static readonly TimeSpan s_bootsWithin = TimeSpan.FromMinutes(4);

    /// <summary>QEMU ends with the process that holds this script's input, however that ends.</summary>
    private const string EndsWithUs =
        """exec 3<&0; "$@" < /dev/null 2> "$complaints" & machine=$!; (cat > /dev/null; kill -KILL $machine) <&3 2> /dev/null & wait $machine""";

    private readonly XenImage _image;
    private readonly MachineNetwork _network;
    private readonly string _directory;
    private readonly IReadOnlyList<string> _disks;
    private Process? _process;
    private ControlLine? _line;

    /// <param name="spec">What it is.</param>
    /// <param name="image">What it boots from.</param>
    /// <param name="network">Where it is plugged in.</param>
    /// <param name="directory">For its disk, console and socket; exists already.</param>
    /// <param name="disks">Files that it has as disks to read, after its own: /dev/vdb and so on.</param>
    public XenMachine(XenMachineSpec spec, XenImage image, MachineNetwork network, string directory, IReadOnlyList<string> disks) =>
        (Spec, _image, _network, _directory, _disks) = (spec, image, network, directory, disks);

    public XenMachineSpec Spec { get; }

    public string Name => Spec.Name;

    private string Console => At("console");

    public async Task PrepareAsync(CancellationToken ct)
    {
        await ProgramRunner.RunAsync(["qemu-img", "create", "-q", "-f", "qcow2", "-b", _image.Root, "-F", "raw", At("root")], null, ct);
        if (Spec.DiskBytes > 0)
        {
            await using var disk = File.Create(At("disk"));
            disk.SetLength(Spec.DiskBytes);
        }
        await _network.AddPortsAsync(Spec.Port, ct);
    }

    /// <summary>Switches it on, and returns when its shell listens.</summary>
    /// <exception cref="MachineException">It did not come up.</exception>
    public async Task StartAsync(CancellationToken ct)
    {
        string[] command = ["sh", "-c", EndsWithUs, "sh", .. _network.Enter(CommandLine())];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true };
        start.Environment["complaints"] = At("qemu");
        File.Delete(At("control"));
        _process = Process.Start(start)!;
        _line = await ControlLine.ConnectAsync(At("control"), s_bootsWithin, () => _process.HasExited, ct)
            ?? throw new MachineException($"{Name} did not come up: {await ReadAsync(At("qemu"), 5)}\nthe last of its console:\n{await ReadAsync(Console, 25)}");
    }

    /// <summary>Runs lines of the shell's as root.</summary>
    /// <returns>What they printed, both outputs.</returns>
    /// <exception cref="MachineException">They ended with another exit code than 0.</exception>
    public async Task<string> RunAsync(string command, CancellationToken ct, int withinSeconds = 180)
    {
        var (code, output) = await TryRunAsync(command, ct, withinSeconds);
        return code == 0 ? output : throw new MachineException($"{Name}: `{command}` ended with exit code {code}:\n{output}");
    }

    /// <inheritdoc cref="RunAsync"/>
    public async Task<(int Code, string Output)> TryRunAsync(string command, CancellationToken ct, int withinSeconds = 180)
    {
        try
        {
            return await _line!.RunAsync(command, TimeSpan.FromSeconds(withinSeconds), ct);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new MachineException($"{Name} does not answer `{command}`: {e.Message}\nthe last of its console:\n{await ReadAsync(Console, 25)}");
        }
    }

    /// <summary>The power fails: nothing that is in its memory reaches a disk.</summary>
    public async Task PullPowerAsync()
    {
        if (_process is null) return;
        _line?.Dispose();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync() => await PullPowerAsync();

    private List<string> CommandLine()
    {
        var (lan, san) = MachineNetwork.Ports(Spec.Port);
        var own = string.Create(CultureInfo.InvariantCulture, $"machine={Name} number={Spec.Number} mitigations=off norandmaps panic=-1 loglevel=4");
        List<string> words =
        [
            "qemu-system-x86_64", "-name", Name, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "pc",
            "-accel", "tcg,tb-size=512", "-cpu", "max,-smap,-xsave,-la57,-rdtscp", "-smp", "1", "-m", Spec.MemoryMiB.ToString(CultureInfo.InvariantCulture),
            // Nobody reads this disk after the run, so nothing waits for this machine's own disk.
            "-drive", $"file={At("root")},if=virtio,format=qcow2,cache=unsafe",
            "-netdev", $"tap,id=lan,ifname={lan},script=no,downscript=no", "-device", $"virtio-net-pci,netdev=lan,mac={Mac(0)},romfile=",
            "-netdev", $"tap,id=san,ifname={san},script=no,downscript=no", "-device", $"virtio-net-pci,netdev=san,mac={Mac(1)},romfile=",
            "-serial", "file:" + Console,
            "-device", "virtio-serial-pci", "-chardev", $"socket,id=control,path={At("control")},server=on,wait=off", "-device", "virtserialport,chardev=control",
        ];
        foreach (var disk in _disks) words.AddRange(["-drive", $"file={disk},if=virtio,format=raw,snapshot=on"]);
        if (Spec.DiskBytes > 0) words.AddRange(["-drive", $"file={At("disk")},if=virtio,format=raw"]);
        words.AddRange(Spec.IsXen
            ? ["-kernel", _image.Hypervisor, "-initrd", $"{_image.Kernel} console=hvc0 swiotlb=4096 {own},{_image.Ramdisk}",
                "-append", "console=com1 com1=115200,8n1 dom0_mem=320M,max:320M dom0_max_vcpus=1 spec-ctrl=no no-real-mode bootscrub=0"]
            : ["-kernel", _image.Kernel, "-initrd", _image.Ramdisk, "-append", "console=ttyS0 " + own]);
        return words;
    }

    /// <summary>Locally administered, and the same at each start.</summary>
    private string Mac(int number) => string.Create(CultureInfo.InvariantCulture, $"02:78:00:00:{number:x2}:{Spec.Number:x2}");

    private string At(string name) => Path.Combine(_directory, name);

    private static async Task<string> ReadAsync(string file, int lines) =>
        File.Exists(file) ? string.Join('\n', (await File.ReadAllLinesAsync(file)).TakeLast(lines)).Trim() : "";
}
