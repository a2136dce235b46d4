using System.Globalization;
using Godwit.Domains;

namespace Godwit.Hypervisors.Qemu;

/// <summary>Descriptors that QEMU inherits, by the numbers it gets them under.</summary>
/// <param name="Monitor">The daemon's monitor.</param>
/// <param name="Console">The serial console.</param>
/// <param name="Stops">A monitor for each disk that has a stop socket, in the order of the disks.</param>
/// <param name="Taps">One for each interface.</param>
internal sealed record InheritedDescriptors(int Monitor, int Console, IReadOnlyList<int> Stops, IReadOnlyList<int> Taps);

/// <summary>
/// QEMU's command line for a copy. All that the guest can see depends on the specification and the pin alone, so that
/// every host builds the same machine.
/// </summary>
internal static class CommandLine
{
    public static List<string> Make(
        CopyOrder order, QemuOptions options, RunDirectory directory, InheritedDescriptors descriptors, bool receiver)
    {
        var (spec, pin) = (order.Spec, order.Pin);
        List<string> words =
        [
            options.Binary,
            "-name", $"guest={Escape(spec.Name)},debug-threads=on",
            "-no-user-config", "-nodefaults", "-display", "none", "-S",
            "-pidfile", directory.PidFile,
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-machine", $"{pin.MachineType},usb=off,vmport=off,smbus=off,sata=off,dump-guest-core=off",
            "-accel", pin.Accelerator == "tcg" ? Invariant($"tcg,tb-size={options.TranslationBufferMiB}") : pin.Accelerator,
            "-cpu", pin.CpuModel,
            "-m", Invariant($"size={MemoryKiB(spec, pin)}K"),
            "-smp", spec.VirtualCpus.ToString(CultureInfo.InvariantCulture),
            "-rtc", "base=utc",
            // What follows on a guest's end is the daemon's to decide: QEMU only stops there.
            "-action", $"shutdown=pause,panic=pause,reboot={(spec.OnReboot == LifecycleAction.Restart ? "reset" : "shutdown")}",
            "-device", "pvpanic",
            "-chardev", Invariant($"socket,id=monitor,fd={descriptors.Monitor},server=on,wait=off"),
            "-mon", "chardev=monitor,mode=control",
            "-chardev", Invariant($"socket,id=console,fd={descriptors.Console},server=on,wait=off,logfile={Escape(directory.ConsoleLog)},logappend=on"),
            "-serial", "chardev:console",
        ];
        if (spec.Uuid != Guid.Empty) words.AddRange(["-uuid", spec.Uuid.ToString()]);
        if (order.KernelPath is { } kernel)
        {
            words.AddRange(["-kernel", kernel, "-append", KernelCommandLine.Make(spec)]);
            if (order.RamdiskPath is { } ramdisk) words.AddRange(["-initrd", ramdisk]);
        }
        // A monitor serves one client, and the daemon holds the first: whoever may have to stop the guest without the
        // daemon gets one of its own.
        for (var i = 0; i < descriptors.Stops.Count; i++)
        {
            words.AddRange(
            [
                "-chardev", Invariant($"socket,id=stop{i},fd={descriptors.Stops[i]},server=on,wait=off"),
                "-mon", Invariant($"chardev=stop{i},mode=control"),
            ]);
        }
        for (var i = 0; i < order.Disks.Length; i++) AddDisk(words, i, order, options);
        for (var i = 0; i < spec.Interfaces.Length; i++) AddInterface(words, i, spec.Interfaces[i], descriptors.Taps[i]);
        if (receiver) words.AddRange(["-incoming", "defer"]);
        return words;
    }

    /// <summary>
    /// QEMU's emulator (TCG) loses writes of a guest that moves: where it collects dirty pages 64 at a time, it goes on
    /// believing that those which its processor has open for writing are marked, so that what is written to them later is
    /// not sent. (Its authors mended it in 2024; "physmem: Fix migration dirty bitmap coherency with TCG memory access".)
    /// Memory that is not made of whole 64 pages is collected a page at a time, which has no such fault and costs about 0.3 s
    /// a GiB at the start of a move and 15 ms in its downtime. The guest does without 8 KiB, the least that QEMU can leave out.
    /// </summary>
    private static long MemoryKiB(DomainSpec spec, EnginePin pin) => spec.MemoryMiB * 1024L - (pin.Accelerator == "tcg" ? 8 : 0);

    private static void AddDisk(List<string> words, int index, CopyOrder order, QemuOptions options)
    {
        var disk = order.Disks[index];
        // A kernel that is given takes the first place itself.
        var boot = order.KernelPath is null ? Invariant($",bootindex={index}") : "";
        var node = DiskNames.Node(index);
        var path = Escape(disk.Path);
        var source = disk.Kind switch
        {
            DiskSourceKind.NbdSocket => Invariant(
                $"driver=nbd,node-name={node},server.type=unix,server.path={path},reconnect-delay={options.DiskReconnectSeconds}"),
            // Past the page cache: what another host wrote to the device before a move must be seen here after it.
            DiskSourceKind.BlockDevice => $"driver=host_device,node-name={node},filename={path},cache.direct=on",
            DiskSourceKind.RawFile => $"driver=file,node-name={node},filename={path}",
            DiskSourceKind.Qcow2File => $"driver=qcow2,node-name={node},file.driver=file,file.filename={path}",
            DiskSourceKind.SharedRawFile => $"driver=file,node-name={node},filename={path},cache.direct=on",
            DiskSourceKind.SharedQcow2File => $"driver=qcow2,node-name={node},cache.direct=on,file.driver=file,file.filename={path},file.cache.direct=on",
            DiskSourceKind.Network => Network(NetworkDisk.Parse(disk.Path), node, options),
            _ => throw new ArgumentOutOfRangeException(nameof(order), disk.Kind, "No such kind of disk."),
        };
        words.AddRange(
        [
            "-blockdev", $"{source},discard=unmap,read-only={OnOff(disk.ReadOnly)}",
            // A disk that fails stops the guest, which then goes on where it was; the guest itself never sees an error.
            "-device", Invariant($"virtio-blk-pci,id=virtio-{node},drive={node},werror=stop,rerror=stop{boot}"),
        ]);
    }

    private static string Network(NetworkDisk disk, string node, QemuOptions options) => disk switch
    {
        NetworkDisk.Nbd nbd => Invariant(
            $"driver=nbd,node-name={node},server.type=inet,server.host={Escape(nbd.Host)},server.port={nbd.Port},export={Escape(nbd.Export)},reconnect-delay={options.DiskReconnectSeconds}"),
        NetworkDisk.NbdUnix nbd => Invariant(
            $"driver=nbd,node-name={node},server.type=unix,server.path={Escape(nbd.Socket)},export={Escape(nbd.Export)},reconnect-delay={options.DiskReconnectSeconds}"),
        NetworkDisk.Rbd rbd => $"driver=rbd,node-name={node},pool={Escape(rbd.Pool)},image={Escape(rbd.Image)}"
            + (rbd.Namespace is { } space ? $",namespace={Escape(space)}" : "")
            + (rbd.User is { } user ? $",user={Escape(user)}" : "")
            + (rbd.Config is { } file ? $",conf={Escape(file)}" : ""),
        _ => throw new ArgumentOutOfRangeException(nameof(disk), disk, "No such kind of disk."),
    };

    private static void AddInterface(List<string> words, int index, InterfaceSpec nic, int tap)
    {
        var device = nic.Model switch
        {
            null or "virtio" or "virtio-net" or "netfront" => "virtio-net-pci",
            "e1000" => "e1000",
            "e1000e" => "e1000e",
            var other => throw new GodwitException(
                "unknown-network-model", $"QEMU is not given a network adapter '{other}'.", "Use model=virtio, e1000 or e1000e."),
        };
        var mtu = device == "virtio-net-pci" && nic.Mtu is { } bytes ? Invariant($",host_mtu={bytes}") : "";
        words.AddRange(
        [
            "-netdev", Invariant($"tap,id=net{index},fd={tap}"),
            "-device", Invariant($"{device},id=nic{index},netdev=net{index},mac={nic.Mac}{mtu},romfile="),
        ]);
    }

    /// <summary>In QEMU's option lists a comma of a value is doubled.</summary>
    private static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    private static string OnOff(bool value) => value ? "on" : "off";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
