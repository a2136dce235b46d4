using System.Globalization;
using Godwit.Api;
using Godwit.Lab;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Bench;

/// <summary>The two hosts, the disk and the boot files that all ways share.</summary>
internal sealed class BenchLab(Lab.Lab lab, GuestImage image, string guest)
{
    public const string Name = "gwbench";
    public const string GuestAddress = "10.9.0.100";
    public const int MemoryMiB = 1024;
    public const int DowntimeLimitMs = 300;

    public Lab.Lab Lab => lab;

    public string Guest => guest;

    public string KernelPath => image.KernelPath;

    public string RamdiskPath => image.RamdiskPath;

    /// <summary>Where raw QEMU and libvirt find the disk: an NBD export of the storage host, without any fence.</summary>
    public const string NbdHost = "10.9.0.10";
    public const int NbdPort = 10809;

    public static string Source()
    {
        using var stream = typeof(BenchLab).Assembly.GetManifestResourceStream("busy.c")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Writes the guest's disk at a path.</summary>
    public Task WriteDiskAsync(string path, CancellationToken ct) => ImageWriter.WriteAsync(image, path, new GuestCustomization
    {
        HostName = "vm1",
        Address = GuestAddress + "/24",
        Password = LabGuest.Password,
        Flags = guest == "busy" ? ["/etc/godwit-busy"] : [],
    }, ct);

    /// <summary>Starts a program on a host that goes on by itself.</summary>
    public async Task StartAsync(string host, CancellationToken ct, params string[] command)
    {
        IReadOnlyList<string> enter = await lab.EnterAsync(host, ct);
        await ProgramRunner.RunAsync(
            ["sh", "-c", "setsid \"$@\" < /dev/null > /dev/null 2>&1 &", "sh", .. enter, .. command], null, ct);
    }

    public async Task<string> RunAsync(string host, CancellationToken ct, params string[] command)
    {
        var result = await lab.RunAsync(host, command, ct: ct);
        return result.Succeeded ? result.Output : throw new ProgramFailedException($"{host}# {ProgramRunner.Quote(command)}", result);
    }

    public GodwitClient Client(string host) => GodwitClient.OverSocket(lab.Paths.Socket(host));

    public async Task WaitForGuestAsync(CancellationToken ct)
    {
        for (var attempt = 0; attempt < 120; attempt++)
        {
            if ((await lab.RunAsync("storage", ["ping", "-c", "1", "-W", "1", GuestAddress], ct: ct)).Succeeded)
            {
                // Booted is not idle yet.
                await Task.Delay(TimeSpan.FromSeconds(5), ct);
                return;
            }
        }
        throw new InvalidOperationException("The guest does not answer.");
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static double NowMs => (DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds;
}
