using System.Collections.Immutable;
using System.Net;
using Godwit.Api;
using Godwit.Domains;
using Godwit.Lab;
using Godwit.Lab.Measure;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Faults;

/// <summary>A pool of three hosts with one domain, whose guest's writer is listened to from the switch.</summary>
internal sealed class FaultLab
{
    public const string Domain = "vm1";
    public const string Storage = "storage";
    public static readonly ImmutableArray<string> Computes = ["resource-1", "resource-2"];
    private const string GuestAddress = "10.9.0.100";
    private const string Volume = "vg_xen/lv_vm1";
    private const long VolumeBytes = 256L << 20;

    /// <summary>Milliseconds between two lines: an emulated guest that does less is hit less by what <see cref="GuestLoss"/> is.</summary>
    private const int WriterPauseMs = 100;

    private FaultLab(Lab.Lab lab) => Lab = lab;

    public Lab.Lab Lab { get; }

    public string VolumePath => Path.Combine(Lab.Paths.Host(Storage, "lib"), "volumes", Volume);

    public static async Task<FaultLab> UpAsync(string name, string programs, CancellationToken ct)
    {
        await Godwit.Lab.Lab.DownAsync(name, ct);
        var lab = await Godwit.Lab.Lab.UpAsync(
            LabSpec.WithResources(2, name) with { ProgramDirectory = programs, Failpoints = true }, null, ct);
        // A place that no fault switches off, from which the guest is reached. Its hardware address is given: left
        // alone it changes with the hosts' plugs.
        foreach (var change in (string[][])[["link", "set", "lan", "address", "02:67:00:00:00:01"], ["address", "add", "10.9.0.1/24", "dev", "lan"]])
            await ProgramRunner.RunAsync(["ip", "-n", lab.Paths.SwitchNamespace, .. change], null, ct);
        foreach (var host in lab.Spec.Hosts)
            Directory.CreateDirectory(lab.Paths.Failpoints(host.Name));
        var made = new FaultLab(lab);
        await made.MakeDomainAsync(ct);
        return made;
    }

    public GodwitClient Client(string host) => GodwitClient.OverSocket(Lab.Paths.Socket(host));

    /// <summary>The guest's writer; an error when nobody listens there now.</summary>
    public Task<WriterConnection> OpenWriterAsync(CancellationToken ct) =>
        WriterConnection.OpenAsync(Lab.Paths.SwitchNamespace, IPAddress.Parse(GuestAddress), ct);

    public static string Other(string host) => Computes.Single(name => name != host);

    public ImmutableArray<LabProcess> Daemons(string host) => [.. Lab.Processes(host).Where(p => p.Program == "godwitd")];

    public ImmutableArray<LabProcess> Engines(string host) =>
        [.. Lab.Processes(host).Where(p => p.Program.StartsWith("qemu-system-", StringComparison.Ordinal))];

    /// <param name="host">Where it runs.</param>
    /// <param name="command"><c>export</c> or <c>attach</c>.</param>
    public ImmutableArray<LabProcess> AoeTools(string host, string command) =>
        [.. Lab.Processes(host).Where(p => p.Program == "godwit-aoe" && p.Arguments.Contains(command))];

    private async Task MakeDomainAsync(CancellationToken ct)
    {
        var image = await LabGuest.GetImageAsync("tiny", ct: ct);
        using (var storage = Client(Storage))
            await storage.CreateVolumeAsync(new CreateVolumeRequest(Volume, VolumeBytes), ct);
        await ImageWriter.WriteAsync(image, VolumePath, LabGuest.Customize(Domain, GuestAddress), ct);
        await Ext4Files.WriteAsync(VolumePath, LabGuest.WriterFlag, $"{WriterPauseMs}\n", ct);
        var boot = Lab.Paths.Host(Computes[0], "boot");
        File.Copy(image.KernelPath, Path.Combine(boot, "vmlinuz"), overwrite: true);
        File.Copy(image.RamdiskPath, Path.Combine(boot, "initrd"), overwrite: true);
        using var first = Client(Computes[0]);
        await first.CreateDomainAsync(new CreateDomainRequest { Spec = Spec() }, ct);
    }

    private static DomainSpec Spec() => new()
    {
        Name = Domain,
        MemoryMiB = 128,
        MaxMemoryMiB = 128,
        Kernel = "/boot/vmlinuz",
        Ramdisk = "/boot/initrd",
        Root = "/dev/hda1",
        Disks = [new DiskSpec { Target = Volume, Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
        Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("aa:cc:00:00:00:01") }],
        OnCrash = LifecycleAction.Restart,
    };
}
