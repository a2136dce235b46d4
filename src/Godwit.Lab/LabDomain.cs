using Godwit.Api;
using Godwit.Domains;
using Godwit.Storage.Images;

namespace Godwit.Lab;

/// <summary>The small domain that tests and benchmarks move about: the tiny image on a volume of its own, with the writer running.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Volume">Its volume, as <c>group/name</c>.</param>
/// <param name="Address">Its guest's address in the lab's network.</param>
public sealed record LabDomain(string Name, string Volume, string Address)
{
    public const string Storage = "storage";

    public DomainSpec Spec { get; } = new()
    {
        Name = Name,
        MemoryMiB = 128,
        MaxMemoryMiB = 128,
        Kernel = "/boot/vmlinuz",
        Ramdisk = "/boot/initrd",
        Root = "/dev/hda1",
        Disks = [new DiskSpec { Target = Volume, Backend = DiskBackend.Block, VirtualDevice = "hda1" }],
        Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("aa:cc:00:00:00:01") }],
        OnCrash = LifecycleAction.Restart,
    };

    /// <summary>The file of the storage host in which the volume is.</summary>
    public string PathOf(Lab lab) => Path.Combine(lab.Paths.Host(Storage, "lib"), "volumes", Volume);

    /// <summary>Makes volume and domain; returns before the guest has booted.</summary>
    /// <param name="lab">A lab with a storage host.</param>
    /// <param name="host">The host that is to run it.</param>
    /// <param name="volumeBytes">Size of the volume.</param>
    /// <param name="prepare">Changes the volume before the guest boots from it.</param>
    /// <param name="ct">Ends the making.</param>
    public async Task CreateAsync(
        Lab lab, string host, long volumeBytes, Func<string, CancellationToken, Task>? prepare = null, CancellationToken ct = default)
    {
        var image = await LabGuest.GetImageAsync("tiny", ct: ct);
        using (var storage = GodwitClient.OverSocket(lab.Paths.Socket(Storage)))
            await storage.CreateVolumeAsync(new CreateVolumeRequest(Volume, volumeBytes), ct);
        await ImageWriter.WriteAsync(image, PathOf(lab), LabGuest.Customize(Name, Address), ct);
        if (prepare is not null)
            await prepare(PathOf(lab), ct);
        var boot = lab.Paths.Host(host, "boot");
        File.Copy(image.KernelPath, Path.Combine(boot, "vmlinuz"), overwrite: true);
        File.Copy(image.RamdiskPath, Path.Combine(boot, "initrd"), overwrite: true);
        using var client = GodwitClient.OverSocket(lab.Paths.Socket(host));
        await client.CreateDomainAsync(new CreateDomainRequest { Spec = Spec }, ct);
    }
}
