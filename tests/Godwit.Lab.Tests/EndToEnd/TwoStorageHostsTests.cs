using Godwit.Api;
using Godwit.Domains;
using Godwit.Lab.Measure;
using Godwit.Storage.Images;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>A domain with a disk on each of two storage hosts: both fences move with it, or neither.</summary>
[Collection("lab")]
public sealed class TwoStorageHostsTests
{
    private const string Name = "gwtwo";
    private const string Second = "storage-2";
    private const string GuestAddress = "10.9.0.100";

    /// <summary>The guest's root is the second host's, so that its writer shows whether that one is written to.</summary>
    private static readonly (string Host, string Volume, string Device, long Bytes)[] s_disks =
        [(Second, "vg_xen/lv_root", "hda1", 256L << 20), (LabDomain.Storage, "vg_xen/lv_data", "hdb1", 64L << 20)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItMovesThereAndBackAndLosesNoWrite()
    {
        Programs.Demand();
        await Lab.DownAsync(Name);
        var two = LabSpec.WithResources(2, Name) with { ProgramDirectory = Programs.Directory };
        try
        {
            var lab = await Lab.UpAsync(
                two with { Hosts = [.. two.Hosts, new LabHostSpec { Name = Second, Address = "10.9.0.20", Roles = HostRoles.Storage }] }, ct: Token);
            await OneNameIsMadeOnceAsync(lab);
            await CreateAsync(lab);
            await using var writer = await GuestActs.OpenWriterAsync(lab, GuestAddress, Token);
            foreach (var (from, to) in new[] { ("resource-1", "resource-2"), ("resource-2", "resource-1") })
            {
                var result = await GuestActs.MoveAsync(lab, "vm1", from, to, Token);
                Assert.True(result.Succeeded, result.Message);
                Assert.Equal(0, Attached(lab, from));
                Assert.Equal(s_disks.Length, Attached(lab, to));
            }
            var written = await writer.StopAsync();
            Assert.True(written.Unbroken);
            using var client = GodwitClient.OverSocket(lab.Paths.Socket("resource-1"));
            await RefusesToDeleteAsync(client, "vg_xen/lv_data is a disk of vm1.");
            var shown = await client.GetVolumeAsync("vg_xen", "lv_data", Token);
            Assert.Equal((LabDomain.Storage, "vm1", "resource-1 (its writer)"), (shown.StorageHost, Assert.Single(shown.Domains), Assert.Single(shown.Hosts)));
            await client.DoAsync("vm1", DomainVerb.Destroy, Token);
            var log = await ReadLogAsync(lab);
            Assert.Equal(0, VolumeCheck.CountLost(log, written));
            await DeletesAsync(client, lab);
        }
        finally
        {
            await Lab.DownAsync(Name);
        }
    }

    /// <summary>Of two hosts that are asked for one name at the same time one makes it, and nothing of it is left on the other.</summary>
    private static async Task OneNameIsMadeOnceAsync(Lab lab)
    {
        var tries = await Task.WhenAll(s_disks.Select(async disk =>
        {
            using var storage = GodwitClient.OverSocket(lab.Paths.Socket(disk.Host));
            try
            {
                return (disk.Host, Error: (await storage.CreateVolumeAsync(new CreateVolumeRequest("vg_xen/same", 1 << 20), Token)).StorageHost == disk.Host ? null : "elsewhere");
            }
            catch (ApiException e)
            {
                return (disk.Host, Error: e.Code);
            }
        }));
        var made = Assert.Single(tries, one => one.Error is null);
        Assert.Equal("volume-exists", Assert.Single(tries, one => one.Error is not null).Error);
        Assert.Equal([made.Host], s_disks.Select(disk => disk.Host).Where(host => File.Exists(PathOf(lab, host, "vg_xen/same"))));
        using var client = GodwitClient.OverSocket(lab.Paths.Socket(LabDomain.Storage));
        Assert.Equal(made.Host, Assert.Single(await client.ListVolumesAsync(Token)).StorageHost);
        await client.DeleteVolumeAsync("vg_xen", "same", Token);
    }

    private static async Task RefusesToDeleteAsync(GodwitClient client, string why)
    {
        var refused = await Assert.ThrowsAsync<ApiException>(() => client.DeleteVolumeAsync("vg_xen", "lv_data", Token));
        Assert.Equal(("volume-in-use", why), (refused.Code, refused.Message));
    }

    /// <summary>Of another host than the one that is asked; its address is not given again.</summary>
    private static async Task DeletesAsync(GodwitClient client, Lab lab)
    {
        var file = PathOf(lab, LabDomain.Storage, "vg_xen/lv_data");
        Assert.True(File.Exists(file));
        var before = await client.GetVolumeAsync("vg_xen", "lv_data", Token);
        Assert.True(before.Domains.IsEmpty && before.Hosts.IsEmpty);
        await client.DeleteVolumeAsync("vg_xen", "lv_data", Token);
        Assert.False(File.Exists(file));
        Assert.Equal("vg_xen/lv_root", Assert.Single(await client.ListVolumesAsync(Token)).Name);
        Assert.Equal("no-such-volume", (await Assert.ThrowsAsync<ApiException>(() => client.DeleteVolumeAsync("vg_xen", "lv_data", Token))).Code);
        using var storage = GodwitClient.OverSocket(lab.Paths.Socket(LabDomain.Storage));
        var next = await storage.CreateVolumeAsync(new CreateVolumeRequest("vg_xen/lv_data", 1 << 20), Token);
        Assert.NotEqual((before.Shelf, before.Slot), (next.Shelf, next.Slot));
    }

    private static async Task CreateAsync(Lab lab)
    {
        var image = await LabGuest.GetImageAsync("tiny", ct: Token);
        var addresses = new HashSet<(int, int)>();
        foreach (var (host, volume, _, bytes) in s_disks)
        {
            using var storage = GodwitClient.OverSocket(lab.Paths.Socket(host));
            var made = await storage.CreateVolumeAsync(new CreateVolumeRequest(volume, bytes), Token);
            Assert.True(addresses.Add((made.Shelf, made.Slot)), $"{volume} has the address e{made.Shelf}.{made.Slot}, as one of another storage host");
        }
        await ImageWriter.WriteAsync(image, PathOf(lab, s_disks[0].Host, s_disks[0].Volume), LabGuest.Customize("vm1", GuestAddress), Token);
        File.Copy(image.KernelPath, Path.Combine(lab.Paths.Host("resource-1", "boot"), "vmlinuz"), overwrite: true);
        File.Copy(image.RamdiskPath, Path.Combine(lab.Paths.Host("resource-1", "boot"), "initrd"), overwrite: true);
        var spec = new LabDomain("vm1", s_disks[0].Volume, GuestAddress).Spec with
        {
            Disks = [.. s_disks.Select(d => new DiskSpec { Target = d.Volume, Backend = DiskBackend.Block, VirtualDevice = d.Device })],
        };
        using var client = GodwitClient.OverSocket(lab.Paths.Socket("resource-1"));
        await client.CreateDomainAsync(new CreateDomainRequest { Spec = spec }, Token);
    }

    /// <summary>As after a loss of power: what the guest had flushed has to be there, and its file system mends itself.</summary>
    private static async Task<string> ReadLogAsync(Lab lab)
    {
        var volume = PathOf(lab, s_disks[0].Host, s_disks[0].Volume);
        await Native.Processes.ProgramRunner.TryRunAsync(["e2fsck", "-E", "journal_only", "-y", volume], ct: Token);
        return await Ext4Files.ReadAsync(volume, LabGuest.WriterLog, Token);
    }

    private static int Attached(Lab lab, string host) =>
        lab.Processes(host).Count(p => p.Program == "godwit-aoe" && p.Arguments.Contains("attach"));

    private static string PathOf(Lab lab, string host, string volume) => Path.Combine(lab.Paths.Host(host, "lib"), "volumes", volume);
}
