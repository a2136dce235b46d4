using System.Diagnostics;
using System.Globalization;
using Godwit.Api;
using Godwit.Lab;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Bench;

/// <summary>The hosts that all ways share, and what they give to a guest: kernel, ramdisk and a disk each.</summary>
/// <param name="kind"><c>idle</c>, or <c>busy</c>: 64 MiB of it are rewritten without pause.</param>
/// <param name="downtimeLimitMs">Downtime that all ways are asked to aim for.</param>
internal sealed class BenchLab(Lab.Lab lab, GuestImage image, string kind, int downtimeLimitMs)
{
    public const string Name = "gwbench";
    public const string Storage = "storage";
    public const string First = "resource-1";
    public const string Second = "resource-2";
    public const string StorageAddress = "10.9.0.10";

    public const int MemoryMiB = 1024;

    /// <summary>Both hosts have kernel and ramdisk here; each sees a /boot of its own.</summary>
    public const string Kernel = "/boot/vmlinuz";
    public const string Ramdisk = "/boot/initrd";

    private const long DiskBytes = 1L << 30;
    private const string BusyFlag = "/etc/godwit-busy";
    private static readonly TimeSpan BootTakes = TimeSpan.FromMinutes(2);

    public Lab.Lab Lab => lab;

    /// <summary>Idle or busy.</summary>
    public string Load => kind;

    /// <summary>In milliseconds, the same for all ways.</summary>
    public int DowntimeLimitMs => downtimeLimitMs;

    public static double NowMs => (DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds;

    public static string AddressOf(string host) => host == First ? "10.9.0.11" : "10.9.0.12";

    public static async Task<BenchLab> UpAsync(string kind, int downtimeLimitMs, CancellationToken ct)
    {
        var programs = Environment.GetEnvironmentVariable("GODWIT_PROGRAMS")
            ?? throw new InvalidOperationException("GODWIT_PROGRAMS does not name the directory of the programs: run bench/migrate");
        var lab = await Godwit.Lab.Lab.UpAsync(LabSpec.WithResources(2, Name) with { ProgramDirectory = programs }, null, ct);
        var image = await TinyImage.GetAsync(
            new ImageCache(), [new GuestService("godwit-busy", BusySource(), BusyFlag)], null, ct);
        foreach (var host in (string[])[First, Second])
        {
            File.Copy(image.KernelPath, lab.Paths.Host(host, "boot") + "/vmlinuz", overwrite: true);
            File.Copy(image.RamdiskPath, lab.Paths.Host(host, "boot") + "/initrd", overwrite: true);
        }
        return new BenchLab(lab, image, kind, downtimeLimitMs);
    }

    /// <summary>A volume of the pool with the guest on it.</summary>
    public async Task<string> MakeVolumeAsync(Guest guest, CancellationToken ct)
    {
        var volume = $"vg_xen/lv_{guest.Name}";
        using var storage = Client(Storage);
        await storage.CreateVolumeAsync(new CreateVolumeRequest(volume, DiskBytes), ct);
        await WriteDiskAsync(guest, Path.Combine(lab.Paths.Host(Storage, "lib"), "volumes", volume), ct);
        return volume;
    }

    /// <summary>
    /// A disk over NBD from the storage host, connected to by whoever likes: no fence, no attachment to make. That is
    /// less work for the ways that use it.
    /// </summary>
    /// <returns>TCP port of the export.</returns>
    public async Task<int> ExportPlainAsync(Guest guest, CancellationToken ct)
    {
        var file = $"{guest.Name}.img";
        var path = Path.Combine(lab.Paths.Host(Storage, "lib"), file);
        await using (var disk = File.Create(path)) disk.SetLength(DiskBytes);
        await WriteDiskAsync(guest, path, ct);
        var port = 10800 + guest.Number;
        await StartAsync(Storage, ct,
            "qemu-nbd", "--format=raw", "--cache=writeback", "--persistent", "--shared=8",
            "--bind", StorageAddress, "--port", Number(port), "/var/lib/godwit/" + file);
        return port;
    }

    /// <summary>Starts a program on a host that goes on by itself.</summary>
    public async Task StartAsync(string host, CancellationToken ct, params string[] command)
    {
        var enter = await lab.EnterAsync(host, ct);
        var log = Path.Combine(lab.Paths.Host(host, "log"), Path.GetFileName(command[0]) + ".log");
        await ProgramRunner.RunAsync(
            ["sh", "-c", "log=$1; shift; setsid \"$@\" < /dev/null >> \"$log\" 2>&1 &", "sh", log, .. enter, .. command],
            null, ct);
    }

    /// <summary>Runs a program on a host and returns its output.</summary>
    /// <exception cref="ProgramFailedException">Its exit code is not 0.</exception>
    public async Task<string> RunAsync(string host, CancellationToken ct, params string[] command)
    {
        var result = await lab.RunAsync(host, command, ct: ct);
        return result.Succeeded
            ? result.Output
            : throw new ProgramFailedException($"{host}# {ProgramRunner.Quote(command)}", result);
    }

    /// <summary>A host's directory of sockets as seen from here.</summary>
    public string RunDirectory(string host) => lab.Paths.Host(host, "run");

    public GodwitClient Client(string host) => GodwitClient.OverSocket(lab.Paths.Socket(host));

    public async Task WaitForGuestAsync(Guest guest, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await lab.RunAsync(Storage, ["ping", "-c", "1", "-W", "1", guest.Address], ct: ct)).Succeeded)
        {
            if (Stopwatch.GetElapsedTime(began) > BootTakes)
            {
                // It is the one whose memory is of whole 256 KiB, see docs/benchmarks.md.
                throw new TimeoutException(
                    $"The guest of {guest.Name} does not answer at {guest.Address}." +
                    (guest.Name == "virsh" ? " QEMU before 9.0 may lose writes of an emulated guest that libvirt moves; begin again." : ""));
            }
        }
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private Task WriteDiskAsync(Guest guest, string path, CancellationToken ct) =>
        ImageWriter.WriteAsync(image, path, new GuestCustomization
        {
            HostName = guest.Name,
            Address = guest.Address + "/24",
            Password = LabGuest.Password,
            Flags = kind == "busy" ? [BusyFlag] : [],
        }, ct);

    private static string BusySource()
    {
        using var stream = typeof(BenchLab).Assembly.GetManifestResourceStream("busy.c")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
