using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Godwit.Lab;
using Godwit.Lab.Measure;
using Godwit.Native.Processes;
using Godwit.Storage.Images;
using Godwit.Storage.Images.Guests;

namespace Godwit.Machines.Tests.Pool;

/// <summary>
/// A domain that boots in seconds, with the writer in it, on a logical volume of the storage machine. It is made by the commands that an
/// administrator would type.
/// </summary>
/// <param name="pool">The machines.</param>
/// <param name="name">Its name, and that of its volume.</param>
/// <param name="number">Between 1 and 99; tells its addresses from those of other domains.</param>
/// <param name="group">Shared group that its volume is to lie in; null for the storage machine's own.</param>
internal sealed class WriterGuest(PoolFixture pool, string name, int number, string? group = null)
{
    private const string VolumeSize = "256m";

    /// <summary>Between two lines. At its full pace a guest on an emulated processor changes its memory as fast as that can send it.</summary>
    private const int WriterPauseMs = 100;

    private readonly string _address = string.Create(CultureInfo.InvariantCulture, $"10.9.0.{100 + number}");

    public string Name => name;

    public IPAddress Address => IPAddress.Parse(_address);

    public string Volume => $"{group ?? PoolFixture.Group}/lv_{name}";

    /// <summary>A volume of the storage machine: its own, or what that of a shared group is made of, and looked at with.</summary>
    private string Local => $"{PoolFixture.Group}/lv_{name}";

    /// <summary>Where the storage machine has it.</summary>
    private string Device => "/dev/" + Local;

    /// <summary>
    /// The article's file, for this name. Each letter that the kernel says costs a virtual machine inside an emulated one a millisecond, so it
    /// is told to be quiet.
    /// </summary>
    private string Configuration =>
        $"""
        name = "{name}"
        memory = 128
        kernel = "/boot/vmlinuz-guest"
        ramdisk = "/boot/initrd-guest"
        root = "/dev/hda1"
        extra = "quiet"
        vif = [ 'mac=aa:cc:00:00:00:{number:d2}, bridge=xenbr0' ]
        disk = [ 'phy:{Volume},hda1,w' ]

        """;

    /// <summary>Makes volume and domain, starts it, and returns when it has booted.</summary>
    public async Task CreateAsync(Machine host, CancellationToken ct)
    {
        var image = await LabGuest.GetImageAsync("tiny", Story.Out, ct);
        await pool.Storage.RunAsync($"godwit volume create {Local} --size {VolumeSize}", ct);
        await FillVolumeAsync(image, ct);
        if (Local != Volume)
            await CopyAsync(Local, Volume, ct);
        var (kernel, ramdisk, file) = (Path.Combine(pool.Files, "vmlinuz-guest"), Path.Combine(pool.Files, "initrd-guest"), Path.Combine(pool.Files, name));
        File.Copy(image.KernelPath, kernel, overwrite: true);
        File.Copy(image.RamdiskPath, ramdisk, overwrite: true);
        await File.WriteAllTextAsync(file, Configuration, ct);
        // On this host only: the others get kernel and ramdisk when the domain comes to them.
        await host.CopyInAsync([kernel, ramdisk], "/boot", ct);
        await host.CopyInAsync([file], "/root", ct);
        await host.RunAsync($"godwit create /root/{name}", ct);
        await using var writer = await ConnectAsync(host, ct);
    }

    public Pinger Ping() => Pinger.Start(pool.Outside, Address);

    /// <summary>Connects to the writer, which then begins to write.</summary>
    /// <param name="host">Where the domain is; asked for the guest's console when there is no writer within two minutes.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task<WriterConnection> ConnectAsync(Machine host, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await WriterConnection.OpenAsync(pool.Outside, Address, ct);
            }
            catch (SocketException e)
            {
                if (attempt < 240)
                {
                    await Task.Delay(500, ct); // It is still booting.
                    continue;
                }
                var console = await host.TryRunAsync($"timeout 5 godwit console {name} < /dev/null | tail -n 20", ct);
                throw new MachineException($"{name} on {host.Name} did not boot within two minutes ({e.Message}); its console:\n{console.Output}");
            }
        }
    }

    /// <summary>Shuts it down by its power button, and says what is on its volume then.</summary>
    public async Task<VolumeCheck> ShutDownAsync(Machine host, WriterFigures reported, CancellationToken ct)
    {
        await host.RunAsync($"godwit shutdown {name}", ct);
        await host.WaitUntilGoneAsync(name, ct);
        if (Local != Volume)
            await CopyAsync(Volume, Local, ct);
        var check = await pool.Storage.TryRunAsync($"e2fsck -f -n {Device}", ct);
        var log = await pool.Storage.RunAsync($"debugfs -R 'cat {LabGuest.WriterLog}' {Device}", ct);
        return VolumeCheck.Of(check, log, reported);
    }

    /// <summary>After its end: nothing of it stays in the pool.</summary>
    public async Task DeleteVolumeAsync(CancellationToken ct)
    {
        foreach (var volume in new[] { Volume, Local }.Distinct())
            await pool.Storage.RunAsync($"godwit volume delete {volume}", ct);
    }

    /// <summary>The first is the whole of the second then; where the second was there, it is made anew.</summary>
    private async Task CopyAsync(string from, string to, CancellationToken ct)
    {
        if (to == Local)
            await pool.Storage.RunAsync($"godwit volume delete {to}", ct);
        await pool.Storage.RunAsync($"godwit volume clone {from} {to}", ct);
    }

    /// <summary>The root file system crosses as a small file: most of it is zeros.</summary>
    private async Task FillVolumeAsync(GuestImage image, CancellationToken ct)
    {
        var root = Path.Combine(pool.Files, name + ".ext4");
        await using (var file = File.Create(root)) file.SetLength(new FileInfo(image.RootFilesystemPath).Length);
        await ImageWriter.WriteAsync(image, root, LabGuest.Customize(name, _address), ct);
        await Ext4Files.WriteAsync(root, [new GuestFile(LabGuest.WriterFlag, $"{WriterPauseMs}\n")], ct);
        var packed = root + ".gz";
        await using (var from = File.OpenRead(root))
        await using (var to = new GZipStream(File.Create(packed), CompressionLevel.Fastest))
            await from.CopyToAsync(to, ct);
        await pool.Storage.CopyInAsync([packed], "/root", ct);
        var there = "/root/" + Path.GetFileName(packed);
        await pool.Storage.RunAsync($"gunzip -c {there} | dd of={Device} bs=1M iflag=fullblock conv=fsync status=none && rm {there}", ct);
        File.Delete(root);
        File.Delete(packed);
    }
}
