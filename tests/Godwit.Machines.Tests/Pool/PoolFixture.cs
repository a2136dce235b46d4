using System.Diagnostics;

namespace Godwit.Machines.Tests.Pool;

/// <summary>
/// The article's three machines with the package installed and joined to one pool, in which nothing runs yet. All tests share them: one
/// brings its own domains and volumes, and leaves none.
/// <code>
///   storage      10.9.0.10   /dev/vdb1 and /dev/vdb2, physical volumes of the LVM groups vg_xen and vg_thin; registry
///   resource-1   10.9.0.11   KVM, bridge xenbr0
///   resource-2   10.9.0.12   KVM, bridge xenbr0
/// </code>
/// </summary>
public sealed class PoolFixture : IAsyncLifetime
{
    public const string Group = "vg_xen";

    /// <summary>Of 1 GiB, empty and not yet known to Godwit: for thin pools.</summary>
    public const string ThinGroup = "vg_thin";

    private const string LvmPartition = "type=E6D6D379-F507-44C2-A23C-238F2A3DF928";
    /// <summary>On hosts that run domains: LVM does not look at the disks of guests.</summary>
    private const string KeepLvmAway =
        """sed -i 's#^devices {#&\n\tglobal_filter = [ "r|^/dev/etherd/|", "a|.*|" ]#' /etc/lvm/lvm.conf""";

    private const string Name = "gwmachines";
    private const long DiskBytes = 8L << 30;
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("godwit-machines-files-");
    private MachineSite? _site;

    private MachineSite Site
    {
        get
        {
            Assert.SkipUnless(Environment.IsPrivilegedProcess, "machines need root, for their network");
            return _site!;
        }
    }

    public Machine Storage => Site["storage"];

    public Machine First => Site["resource-1"];

    public Machine Second => Site["resource-2"];

    /// <summary>Network namespace in which the machines' switches are.</summary>
    public string Outside => Site.Network.Namespace;

    /// <summary>The package that is installed on all of them, at the same path there.</summary>
    public static string PackageThere => "/root/godwit.deb";

    /// <summary>For files on their way to a machine; gone with the fixture.</summary>
    internal string Files => _files.FullName;

    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess) return;
        var ct = TestContext.Current.CancellationToken;
        var package = await PackageFile.MakeAsync(Files, ct);
        await MakeSiteAsync(ct);
        await Story.Out.StepAsync("the package is installed on all three", () => Task.WhenAll(Site.Machines.Select(m => InstallAsync(m, package, ct))));
        await Story.Out.StepAsync("a disk with a partition, and LVM on it", () => PrepareDiskAsync(ct));
        await Task.WhenAll(First.RunAsync(KeepLvmAway, ct), Second.RunAsync(KeepLvmAway, ct));
        await Story.Out.StepAsync("one pool", () => JoinAsync(ct));
    }

    public async ValueTask DisposeAsync()
    {
        if (_site is { } site) await site.DisposeAsync();
        _files.Delete(recursive: true);
    }

    private async Task MakeSiteAsync(CancellationToken ct)
    {
        MachineSpec[] specs =
        [
            new("storage", "10.9.0.10") { Disks = [DiskBytes], MemoryMiB = 768 },
            new("resource-1", "10.9.0.11") { Bridge = "xenbr0" },
            new("resource-2", "10.9.0.12") { Bridge = "xenbr0" },
        ];
        await Story.Out.StepAsync("three machines boot", async () => _site = await MachineSite.StartAsync(Name, specs, Story.Out, ct));
    }

    private static async Task InstallAsync(Machine machine, string package, CancellationToken ct)
    {
        await machine.CopyInAsync([package], PackageThere, ct);
        await machine.RunAsync("apt-get install -q -y " + PackageThere, ct);
    }

    /// <summary>As on a machine from the shop: a partition table, and partitions for volumes.</summary>
    private async Task PrepareDiskAsync(CancellationToken ct) => await Storage.RunAsync(
        $"sfdisk -q /dev/vdb && udevadm settle && vgcreate -q {Group} /dev/vdb1 && vgcreate -q {ThinGroup} /dev/vdb2", ct,
        $"label: gpt\nsize=6GiB, {LvmPartition}\nsize=1GiB, {LvmPartition}\n");

    /// <summary>No file to edit, no key to copy.</summary>
    private async Task JoinAsync(CancellationToken ct)
    {
        await Storage.RunAsync("godwit pool init --storage-interface eth1", ct);
        foreach (var machine in (Machine[])[First, Second])
        {
            var token = (await Storage.RunAsync("godwit pool token", ct)).Trim();
            await machine.RunAsync($"godwit pool join storage --token {token} --storage-interface eth1", ct);
        }
        await Storage.RunAsync($"godwit volume group add {Group} --lvm", ct);
    }
}

/// <summary>Tests that share the three machines.</summary>
[CollectionDefinition(Name)]
public sealed class PoolCollection : ICollectionFixture<PoolFixture>
{
    public const string Name = "three machines";
}
