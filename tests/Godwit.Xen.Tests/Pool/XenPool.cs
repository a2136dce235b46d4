using System.Text.Json;
using Godwit.Api;
using Godwit.Lab;
using Godwit.Machines;
using Godwit.Native.Processes;
using Godwit.Storage.Images;
using Godwit.Xen.Tests.Machines;

namespace Godwit.Xen.Tests.Pool;

/// <summary>
/// The article's three machines, joined to one pool:
/// <code>
///   xen_storage      10.9.0.2   LVM, godwit-aoe, godwitd (storage, registry)
///   xen_resource_1   10.9.0.3   real Xen, godwitd (compute) in domain 0, bridge xenbr0
///   xen_resource_2   10.9.0.4   the same
/// </code>
/// The programs lie on a disk that all of them have (/prog), and what a guest needs on another (/guest).
/// </summary>
internal sealed class XenPool : IAsyncDisposable
{
    public const string GuestAddress = "10.9.0.11";
    public const string Password = LabGuest.Password;
    public const string Volume = "vg_xen/lv_vm1";

    /// <summary>Between two pings: each is work for machines that are emulated.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>A file here stops a relocation at the place of its name.</summary>
    public const string Failpoints = "/run/failpoints";

    private const string VolumeFile = "/var/lib/godwit/volumes/vg_xen/lv_vm1";
    private const string Name = "gwxen";
    private const long GuestDiskBytes = 200L << 20, StorageDiskBytes = 2L << 30;
    private readonly string _directory = System.IO.Directory.CreateTempSubdirectory("godwit-xen-").FullName;
    private MachineNetwork? _network;

    private XenPool()
    {
    }

    public XenMachine Storage { get; private set; } = null!;

    public XenMachine First { get; private set; } = null!;

    public XenMachine Second { get; private set; } = null!;

    /// <summary>What the guests boot, as files of this machine.</summary>
    public GuestImage Guest { get; private set; } = null!;

    /// <summary>Network namespace in which the machines' switches are.</summary>
    public string Outside => _network!.Namespace;

    private IEnumerable<XenMachine> Machines => new[] { Storage, First, Second }.Where(machine => machine is not null);

    /// <summary>Makes a directory that goes with the pool.</summary>
    public string Directory(string name) => System.IO.Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;

    /// <summary>Boots the machines; nothing of Godwit runs on them yet.</summary>
    public static async Task<XenPool> BootAsync(Transcript transcript, CancellationToken ct)
    {
        Assert.True(File.Exists(Path.Combine(SourceTree.Programs, "godwitd")), $"there is no godwitd in {SourceTree.Programs}: run ./build first");
        var pool = new XenPool();
        try
        {
            var image = await XenImage.GetAsync(transcript, ct);
            var guest = await LabGuest.GetImageAsync("tiny", transcript, ct);
            pool.Guest = guest;
            var (programs, guestDisk) = (await pool.MakeProgramsAsync(ct), await pool.MakeGuestAsync(image, guest, ct));
            pool._network = await MachineNetwork.CreateAsync(Name, ct);
            XenMachine Make(XenMachineSpec spec) =>
                new(spec, image, pool._network, pool.Directory(spec.Port), [programs, guestDisk]);
            pool.Storage = Make(new("xen_storage", "xst", 2, 256, IsXen: false) { DiskBytes = StorageDiskBytes });
            pool.First = Make(new("xen_resource_1", "xr1", 3, 640, IsXen: true));
            pool.Second = Make(new("xen_resource_2", "xr2", 4, 640, IsXen: true));
            transcript.Report("three machines boot");
            await Task.WhenAll(pool.Machines.Select(async machine =>
            {
                await machine.PrepareAsync(ct);
                await machine.StartAsync(ct);
                await machine.RunAsync(
                    """
                    mount -o ro /dev/vdb /prog && mount -o ro /dev/vdc /guest
                    for program in godwit godwitd godwit-aoe; do ln -sf /prog/$program /usr/local/bin/$program; done
                    ln -sf /prog/godwit /usr/local/bin/xm
                    mkdir -p /etc/godwit /var/lib/godwit /var/log/godwit
                    """, ct);
                transcript.Report($"{machine.Name} is up");
            }));
            return pool;
        }
        catch
        {
            await pool.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the daemons, and makes one pool of them.</summary>
    public async Task JoinAsync(Transcript transcript, CancellationToken ct)
    {
        await ConfigureAsync(Storage, "\"storage\", \"registry\"", ct, "[[storage.groups]]\nname = \"vg_xen\"\npath = \"/var/lib/godwit/volumes/vg_xen\"\n");
        await transcript.TypeAsync(Storage, "godwit pool init", ct);
        await Task.WhenAll(new[] { First, Second }.Select(async machine =>
        {
            await ConfigureAsync(machine, "\"compute\"", ct);
            var token = (await Storage.RunAsync("godwit pool token", ct)).Trim();
            await machine.RunAsync($"godwit pool join xen_storage --token {token}", ct);
        }));
        await WaitAsync(Storage, "godwit host list --json", output => output.Contains("4.17", StringComparison.Ordinal), "a pool with two Xen hosts", ct);
        await transcript.TypeAsync(Storage, "godwit host list", ct);
    }

    /// <summary>Puts the guest's image on the pool's volume.</summary>
    public async Task FillVolumeAsync(Transcript transcript, CancellationToken ct)
    {
        await transcript.TypeAsync(Storage, $"godwit volume create {Volume} --size 200m", ct);
        await transcript.TypeAsync(Storage, $"dd if=/guest/root.ext4 of={VolumeFile} bs=1M conv=notrunc,fsync,sparse status=none", ct);
    }

    /// <summary>The article's file, for what this pool has; the emulated hosts have 309 MiB to give.</summary>
    public static string Configuration(string name = "vm1", string disk = "phy:" + Volume) =>
        $"""
        # -*- mode: python; -*-
        # configuration name:
        name = "{name}"
        # usable ram:
        memory = 96
        maxmem = 128
        # kernel und initrd:
        kernel = "/guest/vmlinux"
        ramdisk = "/guest/initrd"
        # boot device:
        root = "/dev/hda1"
        # boot to run level:
        extra = "3"
        # network interface:
        vif = [ 'mac=aa:cc:00:00:00:01, bridge=xenbr0' ]
        hostname = name
        # storage devices:
        disk = [ '{disk},hda1,w' ]
        """;

    /// <summary>Ends a daemon as a crash would.</summary>
    public static Task<string> KillDaemonAsync(XenMachine machine, CancellationToken ct) => machine.RunAsync("pkill -KILL -x godwitd; true", ct);

    /// <summary>Starts a daemon, and returns when it answers.</summary>
    public static async Task StartDaemonAsync(XenMachine machine, CancellationToken ct)
    {
        await machine.RunAsync("setsid godwitd < /dev/null >> /var/log/godwit/out 2>&1 &", ct);
        await WaitAsync(machine, "godwit pool status > /dev/null 2>&1; test $? -le 1", _ => true, "a daemon that answers", ct);
    }

    /// <summary>Runs a command again and again until its output is as wanted.</summary>
    public static async Task<string> WaitAsync(XenMachine machine, string command, Func<string, bool> wanted, string what, CancellationToken ct, int seconds = 300)
    {
        var (began, last) = (TimeProvider.System.GetTimestamp(), "");
        while (TimeProvider.System.GetElapsedTime(began).TotalSeconds < seconds)
        {
            (var code, last) = await machine.TryRunAsync(command, ct);
            if (code == 0 && wanted(last)) return last;
            await Task.Delay(500, ct);
        }
        var log = await machine.TryRunAsync("tail -n 30 /var/log/godwit/*", ct);
        throw new MachineException($"{machine.Name}: `{command}` did not show {what} within {seconds} s:\n{last}\n{log.Output}");
    }

    /// <summary>Waits until a guest has said something on its console. Looked up where it is kept: a program for each look would slow its boot.</summary>
    public static Task<string> SaysAsync(XenMachine machine, string domain, string words, CancellationToken ct) =>
        WaitAsync(machine, $"grep -a '{words}' /run/godwit/xen/copies/{domain}-*/console.log", _ => true, $"'{words}' from {domain}", ct);

    /// <summary>All domains of the pool.</summary>
    public static async Task<IReadOnlyList<DomainInfo>> DomainsAsync(XenMachine machine, CancellationToken ct) =>
        JsonSerializer.Deserialize(await machine.RunAsync("godwit list --json 2> /dev/null", ct), GodwitJson.Default.ImmutableArrayDomainInfo);

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in Machines) await machine.DisposeAsync();
        if (_network is not null) await _network.DisposeAsync();
        System.IO.Directory.Delete(_directory, recursive: true);
    }

    private static async Task ConfigureAsync(XenMachine machine, string roles, CancellationToken ct, string more = "")
    {
        await machine.RunAsync(
            $"""
            cat > /etc/godwit/godwitd.toml << 'TOML'
            name = "{machine.Name}"
            address = "{machine.Spec.Address}"
            roles = [{roles}]
            [storage]
            interface = "eth1"
            {more}
            [test]
            failpoints = "{Failpoints}"
            TOML
            """, ct);
        await StartDaemonAsync(machine, ct);
    }

    private async Task<string> MakeProgramsAsync(CancellationToken ct)
    {
        var disk = Path.Combine(_directory, "programs");
        await ProgramRunner.RunAsync(["mkfs.ext4", "-q", "-F", "-d", SourceTree.Programs, disk, "200m"], null, ct);
        return disk;
    }

    private async Task<string> MakeGuestAsync(XenImage image, GuestImage guest, CancellationToken ct)
    {
        var tree = Directory("guest");
        var root = Path.Combine(tree, "root.ext4");
        await using (var file = File.Create(root)) file.SetLength(GuestDiskBytes);
        await ImageWriter.WriteAsync(guest, root, LabGuest.Customize("vm1", GuestAddress), ct);
        File.Copy(image.GuestKernel, Path.Combine(tree, "vmlinux"));
        File.Copy(guest.RamdiskPath, Path.Combine(tree, "initrd"));
        var disk = Path.Combine(_directory, "guest.ext4");
        await ProgramRunner.RunAsync(["mkfs.ext4", "-q", "-F", "-d", tree, disk, "400m"], null, ct);
        System.IO.Directory.Delete(tree, recursive: true);
        return disk;
    }
}
