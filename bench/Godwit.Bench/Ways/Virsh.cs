using System.Globalization;

namespace Godwit.Bench.Ways;

/// <summary>
/// libvirt: a libvirtd on each host with files of its own, and `virsh migrate --live` over TCP without TLS. A second
/// monitor tells STOP and RESUME, as with bare QEMU.
/// </summary>
internal sealed class Virsh(BenchLab bench, Guest guest) : IWay
{
    private const string Monitor = "virsh.qmp";

    /// <summary>
    /// libvirt finds its usual places empty in a mount namespace within the host's, and the machine's own stay as they
    /// are. All hosts have names in /etc/hosts, without which it waits for a name server.
    /// </summary>
    private const string Daemon =
        """
        mount --bind /etc/godwit/libvirt /etc/libvirt &&
        mkdir -p /run/libvirt &&
        for d in /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do mount -t tmpfs tmpfs $d; done &&
        virtlogd --daemon --pid-file /run/libvirt/virtlogd.pid &&
        exec libvirtd --listen --pid-file /run/libvirt/libvirtd.pid
        """;

    private static readonly string[] s_hosts = [BenchLab.First, BenchLab.Second];
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);
    private Qmp? _monitor;

    public Guest Guest => guest;

    public async Task StartAsync(CancellationToken ct)
    {
        foreach (var host in s_hosts) await StartDaemonAsync(host, ct);
        foreach (var host in s_hosts) await WaitForDaemonAsync(host, ct);
        var disk = await bench.ExportPlainAsync(guest, ct);
        await File.WriteAllTextAsync(Path.Combine(bench.RunDirectory(BenchLab.First), "guest.xml"), Xml(disk), ct);
        await VirshAsync(BenchLab.First, ct, "create", "/run/godwit/guest.xml");
        _monitor = await Qmp.ConnectAsync(MonitorPath(BenchLab.First), ct);
    }

    public async Task<TimedMove> MoveAsync(string from, string to, CancellationToken ct)
    {
        await VirshAsync(from, ct, "migrate-setmaxdowntime", guest.Name, BenchLab.Number(bench.DowntimeLimitMs));
        using var source = _monitor!;
        await source.ForgetAsync(ct);
        // What an earlier stay left would only refuse connections.
        File.Delete(MonitorPath(to));
        var began = BenchLab.NowMs;
        var command = VirshAsync(from, ct,
            "migrate", "--live", guest.Name, $"qemu+tcp://{BenchLab.AddressOf(to)}/system", $"tcp://{BenchLab.AddressOf(to)}");
        var returned = command.ContinueWith(_ => BenchLab.NowMs, ct, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var stopped = source.WaitForAsync("STOP", ct);
        _monitor = await ConnectUnlessEndedAsync(MonitorPath(to), command, ct);
        await command;
        var resumed = await _monitor.WaitForAsync("RESUME", ct);
        var job = await VirshAsync(to, ct, "domjobinfo", guest.Name, "--completed", "--rawstats");
        return new TimedMove(began, resumed, await returned, resumed - await stopped, Value(job, "memory_processed"));
    }

    public Task PauseAsync(string host, CancellationToken ct) => VirshAsync(host, ct, "suspend", guest.Name);

    public Task UnpauseAsync(string host, CancellationToken ct) => VirshAsync(host, ct, "resume", guest.Name);

    public async Task StopAsync(CancellationToken ct)
    {
        _monitor?.Dispose();
        await VirshAsync(BenchLab.First, ct, "destroy", guest.Name);
    }

    private string MonitorPath(string host) => Path.Combine(bench.RunDirectory(host), Monitor);

    private Task<string> VirshAsync(string host, CancellationToken ct, params string[] arguments) =>
        bench.RunAsync(host, ct, ["virsh", "-q", "-c", "qemu+tcp://127.0.0.1/system", .. arguments]);

    /// <summary>The receiver's monitor; or, when the command fails without one, that failure.</summary>
    private static async Task<Qmp> ConnectUnlessEndedAsync(string path, Task command, CancellationToken ct)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var connecting = Qmp.ConnectAsync(path, giveUp.Token);
        if (await Task.WhenAny(connecting, command) == command && command.IsFaulted)
        {
            await giveUp.CancelAsync();
            await command;
        }
        return await connecting;
    }

    private async Task StartDaemonAsync(string host, CancellationToken ct)
    {
        var etc = Path.Combine(bench.Lab.Paths.Host(host, "etc"), "libvirt");
        Directory.CreateDirectory(etc);
        await File.WriteAllTextAsync(Path.Combine(etc, "libvirtd.conf"),
            $"""
            listen_tls = 0
            listen_tcp = 1
            auth_tcp = "none"
            auth_unix_rw = "none"
            host_uuid = "{Guid.NewGuid()}"

            """, ct);
        await File.WriteAllTextAsync(Path.Combine(etc, "qemu.conf"),
            """
            user = "root"
            group = "root"
            cgroup_controllers = []

            """, ct);
        await bench.StartAsync(host, ct, "unshare", "--mount", "sh", "-c", Daemon);
    }

    private async Task WaitForDaemonAsync(string host, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            var result = await bench.Lab.RunAsync(host, ["virsh", "-q", "-c", "qemu+tcp://127.0.0.1/system", "list"], ct: ct);
            if (result.Succeeded) return;
            if (attempt == 100)
            {
                var log = await File.ReadAllTextAsync(Path.Combine(bench.Lab.Paths.Host(host, "log"), "unshare.log"), ct);
                throw new TimeoutException($"libvirtd on {host} does not answer: {result.Error}\n{log}");
            }
            await Task.Delay(Retry, ct);
        }
    }

    private static long Value(string job, string name)
    {
        var line = job.Split('\n').FirstOrDefault(l => l.Split(':')[0].Trim() == name)
            ?? throw new FormatException($"domjobinfo has no {name}:\n{job}");
        return long.Parse(line.Split(':')[1].Trim(), CultureInfo.InvariantCulture);
    }

    private string Xml(int disk) =>
        $"""
        <domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>{guest.Name}</name>
          <memory unit='MiB'>{BenchLab.MemoryMiB}</memory>
          <vcpu>1</vcpu>
          <os>
            <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
            <kernel>{BenchLab.Kernel}</kernel>
            <initrd>{BenchLab.Ramdisk}</initrd>
            <cmdline>root=/dev/vda console=ttyS0</cmdline>
          </os>
          <features><acpi/></features>
          <cpu mode='custom' match='exact' check='none'><model fallback='allow'>Nehalem</model></cpu>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            <disk type='network' device='disk'>
              <driver name='qemu' type='raw'/>
              <source protocol='nbd'><host name='{BenchLab.StorageAddress}' port='{disk}'/></source>
              <target dev='vda' bus='virtio'/>
              <shareable/>
            </disk>
            <interface type='bridge'>
              <mac address='{guest.Mac}'/>
              <source bridge='xenbr0'/>
              <model type='virtio'/>
              <rom enabled='no'/>
            </interface>
            <controller type='usb' model='none'/>
            <memballoon model='none'/>
          </devices>
          <qemu:commandline>
            <qemu:arg value='-qmp'/>
            <qemu:arg value='unix:/run/godwit/{Monitor},server=on,wait=off'/>
          </qemu:commandline>
        </domain>
        """;
}
