using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Godwit.Domains;

/// <summary>
/// What a domain is, independent of the engine that runs it: the meaning of an xl.cfg(5) file once every name in it
/// has been understood. It travels with the domain, so that every host of the pool starts it alike.
/// </summary>
/// <remarks>
/// The generated reader of JSON sets also those members that a text lacks, to zero or null: each takes that for its
/// default, so that what an older version wrote is read as it was meant.
/// </remarks>
public sealed record DomainSpec
{
    public required string Name { get; init; }

    /// <summary>Stable identity of the domain; drawn at creation when the configuration gives none.</summary>
    public Guid Uuid { get; init; }

    /// <summary>With less no guest comes up.</summary>
    public const int LeastMemoryMiB = 4;

    /// <summary>What the guest runs on; null leaves it to the engine.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GuestType? GuestType { get; init; }

    /// <summary>Memory that the guest is to have, in MiB.</summary>
    public required int MemoryMiB { get; init; }

    /// <summary>Most that it can be given while it runs, in MiB; equals <see cref="MemoryMiB"/> when not given.</summary>
    public int MaxMemoryMiB { get => Math.Max(field, MemoryMiB); init; }

    /// <summary>Processors that the guest is to have.</summary>
    public int VirtualCpus { get; init => field = value == 0 ? 1 : value; } = 1;

    /// <summary>Most that it can be given while it runs; equals <see cref="VirtualCpus"/> when not given.</summary>
    [JsonIgnore]
    public int MaxVirtualCpus { get => VirtualCpusBound ?? VirtualCpus; init => VirtualCpusBound = value; }

    /// <summary>The same where it is more than they are, and so is to be said: a host of before knows no such word.</summary>
    [JsonPropertyName("maxVirtualCpus"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? VirtualCpusBound { get => field > VirtualCpus ? field : null; init; }

    /// <summary>Path of the kernel on the creating host; null boots from the first disk.</summary>
    public string? Kernel { get; init; }

    public string? Ramdisk { get; init; }

    /// <summary>The root device as the configuration names it (<c>/dev/hda1</c>); the driver maps it to its own name.</summary>
    public string? Root { get; init; }

    /// <summary>Rest of the kernel's command line (<c>extra</c>, or all of <c>cmdline</c>).</summary>
    public string CommandLine { get; init => field = value ?? ""; } = "";

    public ImmutableArray<DiskSpec> Disks { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<InterfaceSpec> Interfaces { get; init => field = value.IsDefault ? [] : value; } = [];

    public LifecycleAction OnPowerOff { get; init => field = value == 0 ? LifecycleAction.Destroy : value; } = LifecycleAction.Destroy;

    public LifecycleAction OnReboot { get; init => field = value == 0 ? LifecycleAction.Restart : value; } = LifecycleAction.Restart;

    public LifecycleAction OnCrash { get; init => field = value == 0 ? LifecycleAction.Destroy : value; } = LifecycleAction.Destroy;

    /// <summary>The same with other memory; the bound stays what it was, also where it was not given.</summary>
    public DomainSpec WithMemory(int mib) => this with { MaxMemoryMiB = MaxMemoryMiB, MemoryMiB = mib };

    /// <summary>The same with other processors; the bound stays what it was, also where it was not given.</summary>
    public DomainSpec WithVirtualCpus(int count) => this with { MaxVirtualCpus = MaxVirtualCpus, VirtualCpus = count };
}

/// <summary>What a guest runs on, where an engine offers several things.</summary>
public enum GuestType
{
    /// <summary>Paravirtualized: it needs no help of the processor.</summary>
    Pv = 1,

    /// <summary>With the processor's help, and no emulated devices.</summary>
    Pvh,

    /// <summary>With the processor's help, on an emulated machine.</summary>
    Hvm,
}

/// <summary>One disk of a domain.</summary>
public sealed record DiskSpec
{
    private const string DevicePrefix = "/dev/";

    /// <summary>What holds the data: <c>vg_xen/lv_vm1</c>, an absolute path of a device or file, or a <see cref="NetworkDisk"/>.</summary>
    public required string Target { get; init; }

    public required DiskBackend Backend { get; init; }

    /// <summary>The guest's name for it as configured (<c>hda1</c>, <c>xvda</c>, <c>sdb</c>).</summary>
    public required string VirtualDevice { get; init; }

    public DiskFormat Format { get; init => field = value == 0 ? DiskFormat.Raw : value; } = DiskFormat.Raw;

    public bool ReadOnly { get; init; }

    public bool IsCdrom { get; init; }

    /// <summary>The volume of the pool that it is, by its name or by the path that LVM would give it; null: it is something else.</summary>
    public VolumeName? FindVolume() =>
        VolumeName.TryParse(Target.StartsWith(DevicePrefix, StringComparison.Ordinal) ? Target[DevicePrefix.Length..] : Target, out var name) ? name : null;
}

/// <summary>How a disk's target is to be read.</summary>
public enum DiskBackend
{
    /// <summary><c>phy:</c>, a block device or a volume of the pool; also what an engine reaches over the network.</summary>
    Block = 1,

    /// <summary><c>file:</c> or <c>tap:</c>, a file on the host.</summary>
    File,
}

public enum DiskFormat
{
    Raw = 1,
    Qcow2,
}

/// <summary>One network interface of a domain.</summary>
public sealed record InterfaceSpec
{
    private const string DefaultBridge = "xenbr0";

    public required MacAddress Mac { get; init; }

    public string Bridge { get; init => field = value ?? DefaultBridge; } = DefaultBridge;

    /// <summary>Addresses given by <c>ip=</c>; announced after a move in addition to those learned from the guest.</summary>
    public ImmutableArray<string> Addresses { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>MTU of the tap in bytes; null takes the bridge's.</summary>
    public int? Mtu { get; init; }

    /// <summary>Guest-visible adapter (<c>virtio</c>, <c>e1000</c>); the driver chooses when null.</summary>
    public string? Model { get; init; }
}

/// <summary>What becomes of a domain when its guest ends in one of the ways that xl.cfg(5) tells apart.</summary>
public enum LifecycleAction
{
    Destroy = 1,
    Restart,
    Preserve,
}
