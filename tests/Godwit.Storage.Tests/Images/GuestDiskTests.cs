using System.Security.Cryptography;
using System.Text.Json;
using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Images;
using Godwit.Storage.Images.Build;
using Godwit.Storage.Images.Guests;
using Godwit.Storage.Images.Import;
using Godwit.Storage.Images.Library;

namespace Godwit.Storage.Tests.Images;

/// <summary>Disks of guests, read back by e2fsck, debugfs and mtools.</summary>
public sealed class GuestDiskTests : IDisposable
{
    private const long MiB = 1L << 20;
    private static readonly MacAddress s_mac = MacAddress.Parse("00:16:3e:00:00:21");
    private readonly TemporaryDirectory _directory = new();

    private static readonly GuestIdentity s_identity = new()
    {
        HostName = "web1",
        Address = "10.9.0.21/24",
        Gateway = "10.9.0.1",
        NameServers = ["10.9.0.2", "10.9.0.3"],
        SshKeys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJpgp6yQ0V9Y3lXcZ2oTtYkz9hVnqLwQ3mN4rS5tUvWx \"quoted\" & odd"],
        PasswordHash = "$6$salt$hashhashhash",
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task AGuestOfABuiltImageHasADiskOfItsOwnSizeAndFilesOfItsOwn()
    {
        var (image, disk) = await BuiltAsync();
        var volume = Volume("volume", 256 * MiB);
        var fingerprint = await GuestDisk.FillAsync(image, disk, volume, s_identity, s_mac, null, Token);

        var filesystem = BootDisk.FilesystemOn(volume);
        Assert.Equal(0, (await ProgramRunner.TryRunAsync(["e2fsck", "-fn", filesystem], ct: Token)).ExitCode);
        Assert.Matches(@"Block count:\s+65280\n", await ProgramRunner.RunAsync(["dumpe2fs", "-h", filesystem], ct: Token));
        var table = JsonDocument.Parse(await ProgramRunner.RunAsync(["sfdisk", "--json", volume], ct: Token));
        Assert.Equal(255 * 2048, table.RootElement.GetProperty("partitiontable").GetProperty("partitions")[0].GetProperty("size").GetInt32());

        Assert.Equal("web1\n", await ReadAsync(volume, "/etc/hostname"));
        Assert.Equal("127.0.0.1 localhost\n10.9.0.21 web1\n::1 localhost ip6-localhost ip6-loopback\n", await ReadAsync(volume, "/etc/hosts"));
        Assert.Equal(
            "[Match]\nMACAddress=00:16:3e:00:00:21\n\n[Network]\nAddress=10.9.0.21/24\nGateway=10.9.0.1\nDNS=10.9.0.2\nDNS=10.9.0.3\n",
            await ReadAsync(volume, "/etc/systemd/network/10-godwit.network"));
        Assert.Equal("root:$6$salt$hashhashhash:19000:0:99999:7:::\ndaemon:*:1::::::\n", await ReadAsync(volume, "/etc/shadow"));
        Assert.Equal(s_identity.SshKeys[0] + "\n", await ReadAsync(volume, "/root/.ssh/authorized_keys"));
        foreach (var (path, mode) in new[] { ("/etc/shadow", "0600"), ("/etc/ssh/ssh_host_ed25519_key", "0600"), ("/root/.ssh/authorized_keys", "0600"), ("/etc/hostname", "0644"), ("/etc/ssh/ssh_host_ecdsa_key.pub", "0644") })
        {
            var stat = await ProgramRunner.RunAsync(["debugfs", "-R", $"stat {path}", filesystem], ct: Token);
            Assert.Matches($@"Type: regular\s+Mode:\s+{mode} ", stat);
            Assert.Matches(@"User:\s+0\s+Group:\s+0 ", stat);
        }
        var key = _directory.File("key.pub");
        await File.WriteAllTextAsync(key, await ReadAsync(volume, "/etc/ssh/ssh_host_ed25519_key.pub"), Token);
        Assert.Contains(fingerprint!, await ProgramRunner.RunAsync(["ssh-keygen", "-l", "-f", key], ct: Token), StringComparison.Ordinal);
    }

    /// <summary>Also where the last group of blocks would be a short one, and where there is nothing to grow.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(129)]
    [InlineData(130)]
    [InlineData(137)]
    [InlineData(138)]
    [InlineData(258)]
    [InlineData(400)]
    public async Task TheVolumeKeepsItsSizeAndTheFileSystemIsWhole(long mebibytes)
    {
        var (image, disk) = await BuiltAsync();
        var volume = Volume("volume", (mebibytes * MiB) + 512);
        await GuestDisk.FillAsync(image, disk, volume, s_identity, s_mac, null, Token);
        Assert.Equal((mebibytes * MiB) + 512, new FileInfo(volume).Length);
        Assert.Equal(0, (await ProgramRunner.TryRunAsync(["e2fsck", "-fn", BootDisk.FilesystemOn(volume)], ct: Token)).ExitCode);
        var head = await ProgramRunner.RunAsync(["dumpe2fs", "-h", BootDisk.FilesystemOn(volume)], ct: Token);
        var blocks = long.Parse(System.Text.RegularExpressions.Regex.Match(head, @"Block count:\s+(\d+)").Groups[1].Value);
        Assert.InRange(blocks * 4096, BootDisk.PartitionBytes(mebibytes * MiB) - (8 * MiB), BootDisk.PartitionBytes(mebibytes * MiB));
    }

    [Fact]
    public async Task NoTwoGuestsAreTheSame()
    {
        var (image, disk) = await BuiltAsync();
        var seen = new HashSet<string>();
        foreach (var name in new[] { "one", "two" })
        {
            var volume = Volume(name, 64 * MiB);
            Assert.True(seen.Add((await GuestDisk.FillAsync(image, disk, volume, new GuestIdentity { HostName = name }, s_mac, null, Token))!));
            var id = await ReadAsync(volume, "/etc/machine-id");
            Assert.Matches("^[0-9a-f]{32}\n$", id);
            Assert.True(seen.Add(id));
            Assert.Contains("DHCP=yes", await ReadAsync(volume, "/etc/systemd/network/10-godwit.network"), StringComparison.Ordinal);
            Assert.Contains("root:*:", await ReadAsync(volume, "/etc/shadow"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AVolumeSmallerThanTheImageIsRefused()
    {
        var (image, disk) = await BuiltAsync();
        var refused = await Assert.ThrowsAsync<GodwitException>(() => GuestDisk.FillAsync(image, disk, Volume("volume", 32 * MiB), s_identity, s_mac, null, Token));
        Assert.Equal("volume-too-small", refused.Code);
    }

    [Fact]
    public async Task AStorageThatIsFullInTheMiddleIsTold()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a small file system is mounted");
        await using var small = await SmallFilesystem.MountAsync(_directory.File("small"), 8);
        var image = Volume("image", 16 * MiB);
        await using (var file = new FileStream(image, FileMode.Open))
            file.Write(RandomNumberGenerator.GetBytes((int)(16 * MiB)));
        var volume = Volume("small/volume", 16 * MiB);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => GuestDisk.CopyAsync(image, volume, null, Token));
        Assert.Equal("copy-failed", refused.Code);
        Assert.Contains("No space left", refused.Message, StringComparison.Ordinal);

        File.Delete(volume);
        var library = new ImageLibrary(_directory.File("small/images"));
        using (var unfinished = library.Begin("cloud"))
        {
            await using var content = File.OpenRead(image);
            refused = await Assert.ThrowsAsync<GodwitException>(() => ImageImporter.ReceiveAsync(unfinished, content, null, Token));
            Assert.Equal("storage-full", refused.Code);
        }
        Assert.Empty(Directory.GetFileSystemEntries(_directory.File("small/images")));
    }

    [Fact]
    public async Task ADiskThatHasVanishedIsTold()
    {
        var (_, disk) = await BuiltAsync();
        var refused = await Assert.ThrowsAsync<GodwitException>(() => GuestDisk.CopyAsync(disk, _directory.File("none"), null, Token));
        Assert.Equal("copy-failed", refused.Code);
        Assert.Contains(_directory.File("none"), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CloudInitsVolumeHoldsWhoTheGuestIs()
    {
        var seed = Volume("seed", CloudSeed.SizeBytes);
        var instance = Guid.NewGuid();
        await CloudSeed.WriteAsync(seed, s_identity, s_mac, instance, Token);

        Assert.Equal("CIDATA", (await ProgramRunner.RunAsync(["blkid", "-s", "LABEL", "-o", "value", seed], ct: Token)).Trim());
        var meta = JsonDocument.Parse(await OnSeedAsync(seed, "meta-data")).RootElement;
        Assert.Equal((instance.ToString(), "web1"), (meta.GetProperty("instance-id").GetString(), meta.GetProperty("local-hostname").GetString()));
        var user = await OnSeedAsync(seed, "user-data");
        Assert.StartsWith("#cloud-config\n", user, StringComparison.Ordinal);
        var config = JsonDocument.Parse(user[user.IndexOf('\n')..]).RootElement;
        Assert.Equal(s_identity.SshKeys[0], config.GetProperty("users")[0].GetProperty("ssh_authorized_keys")[0].GetString());
        Assert.Equal(s_identity.PasswordHash, config.GetProperty("chpasswd").GetProperty("users")[0].GetProperty("password").GetString());
        var nic = JsonDocument.Parse(await OnSeedAsync(seed, "network-config")).RootElement.GetProperty("ethernets").GetProperty("first");
        Assert.Equal("00:16:3e:00:00:21", nic.GetProperty("match").GetProperty("macaddress").GetString());
        Assert.Equal("10.9.0.21/24", nic.GetProperty("addresses")[0].GetString());
        Assert.Equal("10.9.0.1", nic.GetProperty("routes")[0].GetProperty("via").GetString());
        Assert.Equal(2, nic.GetProperty("nameservers").GetProperty("addresses").GetArrayLength());
    }

    [Fact]
    public void WithoutAnAddressCloudInitAsksDhcp() => Assert.True(
        JsonDocument.Parse(CloudSeed.NetworkConfig(new GuestIdentity { HostName = "web1" }, s_mac)).RootElement
            .GetProperty("ethernets").GetProperty("first").GetProperty("dhcp4").GetBoolean());

    private static Task<string> OnSeedAsync(string seed, string file) => ProgramRunner.RunAsync(["mtype", "-i", seed, "::" + file], ct: Token);

    private static Task<string> ReadAsync(string volume, string path) => Ext4Files.ReadAsync(BootDisk.FilesystemOn(volume), path, Token);

    private string Volume(string name, long bytes)
    {
        using var file = File.Create(_directory.File(name));
        file.SetLength(bytes);
        return file.Name;
    }

    /// <summary>A disk as <see cref="ImageBuilder"/> lays it out, with next to nothing on it.</summary>
    private async Task<(ImageRecord Image, string Disk)> BuiltAsync()
    {
        const long bytes = 64 * MiB;
        var tree = new RootTree(_directory.File("tree"));
        tree.Write("/etc/hostname", "image\n");
        tree.Write("/etc/shadow", "root:*:19000:0:99999:7:::\ndaemon:*:1::::::\n");
        tree.MakeDirectories("/root/.ssh", "/etc/ssh", "/etc/systemd/network");
        var disk = Volume("disk.raw", bytes);
        await tree.MakeFilesystemAsync(disk, BootDisk.PartitionBytes(bytes), Token, new FilesystemPlace(BootDisk.PartitionOffset, Guid.NewGuid()));
        await using (var file = new FileStream(disk, FileMode.Open))
            BootDisk.WriteHead(file, new byte[512], new byte[512], bytes);
        var record = new ImageRecord { Name = "small", Kind = ImageKind.Built, SizeBytes = bytes, Sha256 = "", Made = DateTimeOffset.UnixEpoch };
        return (record, disk);
    }
}
