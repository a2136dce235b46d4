using System.Globalization;

namespace Godwit.Bench.Ways;

/// <summary>
/// libvirt: a libvirtd on each host with files of its own, and `virsh migrate --live` over TCP without TLS. The downtime
/// is the one libvirt reports of the completed job.
/// </summary>
internal sealed class Virsh(BenchLab bench) : IWay
{
    private static readonly string[] s_hosts = ["resource-1", "resource-2"];

    public string Name => "virsh";

    public async Task StartAsync(CancellationToken ct)
    {
        foreach (var host in s_hosts)
        {
            var etc = bench.Lab.Paths.Host(host, "etc") + "/libvirt";
            Directory.CreateDirectory(etc);
            await File.WriteAllTextAsync(etc + "/libvirtd.conf",
                $"listen_tls = 0\nlisten_tcp = 1\nauth_tcp = \"none\"\nauth_unix_rw = \"none\"\nhost_uuid = \"{Guid.NewGuid()}\"\n", ct);
            await File.WriteAllTextAsync(etc + "/qemu.conf",
                "user = \"root\"\ngroup = \"root\"\nsecurity_driver = \"none\"\ncgroup_controllers = []\nnamespaces = []\nstdio_handler = \"file\"\n", ct);
            // A mount namespace within the host's: libvirt finds its usual places empty, and the machine's own untouched.
            await bench.StartAsync(host, ct, "unshare", "--mount", "sh", "-c",
                "mount --bind /etc/godwit/libvirt /etc/libvirt && mkdir -p /run/libvirt && for d in /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do mount -t tmpfs tmpfs $d; done; echo $$ > /run/godwit/libvirtd.pid; exec libvirtd --listen --pid-file /run/libvirt/libvirtd.pid");
        }
        foreach (var host in s_hosts)
            await WaitAsync(host, ct);
        var xml = bench.Lab.Paths.Host("resource-1", "run") + "/guest.xml";
        await File.WriteAllTextAsync(xml, Xml(), ct);
        await VirshAsync("resource-1", ct, "create", "/run/godwit/guest.xml");
    }

    public async Task<(double TotalMs, double DowntimeMs, long Bytes)> MoveAsync(string from, string to, CancellationToken ct)
    {
        await VirshAsync(from, ct, "migrate-setmaxdowntime", "vm1", BenchLab.Number(BenchLab.DowntimeLimitMs));
        var began = BenchLab.NowMs;
        await VirshAsync(from, ct, "migrate", "--live", "vm1", $"qemu+tcp://{Address(to)}/system", $"tcp://{Address(to)}");
        var ended = BenchLab.NowMs;
        var job = await VirshAsync(to, ct, "domjobinfo", "vm1", "--completed");
        return (ended - began, Value(job, "Total downtime:"), (long)(Value(job, "Memory processed:") * (1 << 20)));
    }

    public async Task StopAsync(CancellationToken ct)
    {
        foreach (var host in s_hosts)
        {
            await bench.Lab.RunAsync(host, [.. Prefix, "destroy", "vm1"], ct: ct);
            await bench.RunAsync(host, ct, "sh", "-c", "kill $(cat /run/godwit/libvirtd.pid)");
        }
    }

    private static string[] Prefix => ["virsh", "-q", "-c", "qemu+tcp://127.0.0.1/system"];

    private Task<string> VirshAsync(string host, CancellationToken ct, params string[] arguments) =>
        bench.RunAsync(host, ct, [.. Prefix, .. arguments]);

    private async Task WaitAsync(string host, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            var result = await bench.Lab.RunAsync(host, [.. Prefix, "list"], ct: ct);
            if (result.Succeeded)
                return;
            if (attempt == 100)
                throw new InvalidOperationException($"libvirtd on {host} does not answer: {result.Error}");
            await Task.Delay(200, ct);
        }
    }

    /// <summary>A figure of domjobinfo, in ms or MiB.</summary>
    private static double Value(string job, string name)
    {
        var line = job.Split('\n').First(l => l.StartsWith(name, StringComparison.Ordinal));
        var words = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var number = double.Parse(words[0], CultureInfo.InvariantCulture);
        return words.ElementAtOrDefault(1) switch
        {
            "GiB" => number * 1024,
            "KiB" => number / 1024,
            _ => number,
        };
    }

    private static string Address(string host) => host == "resource-1" ? "10.9.0.11" : "10.9.0.12";

    private string Xml() =>
        $"""
        <domain type='qemu'><name>vm1</name><memory unit='MiB'>{BenchLab.MemoryMiB}</memory><vcpu>1</vcpu>
        <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><kernel>{bench.KernelPath}</kernel><initrd>{bench.RamdiskPath}</initrd><cmdline>root=/dev/vda console=ttyS0</cmdline></os>
        <features><acpi/></features>
        <cpu mode='custom' match='exact' check='none'><model fallback='allow'>Nehalem</model></cpu>
        <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
        <disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd'><host name='{BenchLab.NbdHost}' port='{BenchLab.NbdPort}'/></source><target dev='vda' bus='virtio'/><shareable/></disk>
        <interface type='bridge'><mac address='aa:cc:00:00:00:01'/><source bridge='xenbr0'/><model type='virtio'/><rom enabled='no'/></interface>
        <controller type='usb' model='none'/><memballoon model='none'/></devices></domain>
        """;
}
