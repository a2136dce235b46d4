namespace Godwit.Machines;

/// <summary>One emulated machine.</summary>
/// <param name="Name">Its host name; also a part of its interfaces' names, so at most ten characters.</param>
/// <param name="Address">Its IPv4 address in the guests' network, without a length.</param>
public sealed record MachineSpec(string Name, string Address)
{
    public int MemoryMiB { get; init; } = 1024;

    /// <summary>A bridge of that name has eth0 as a port, and the address. Null: eth0 has it.</summary>
    public string? Bridge { get; init; }

    /// <summary>More disks, empty ones, in bytes: /dev/vdb, /dev/vdc.</summary>
    public IReadOnlyList<long> Disks { get; init; } = [];

    /// <summary>20 s on an idle machine of two cores, and much longer on one that is busy otherwise.</summary>
    public TimeSpan BootsWithin { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>
    /// QEMU's model of a processor. This one has AMD's virtualization with nested paging, so that <c>kvm_amd</c> loads and domains run under
    /// real KVM, at about the speed of the emulation itself.
    /// </summary>
    public string Processor { get; init; } = "EPYC-Rome";
}
