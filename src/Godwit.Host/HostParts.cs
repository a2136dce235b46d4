using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Godwit.Relocation.Channel;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host;

/// <summary>What a host is made of; the daemon and the simulation each put in their own.</summary>
public sealed record HostParts
{
    /// <summary>Name of this host in the pool.</summary>
    public required string Name { get; init; }

    public required IHypervisor Hypervisor { get; init; }

    public required IDisks Disks { get; init; }

    public required IGuestNetwork Network { get; init; }

    public required IRegistry Registry { get; init; }

    public required RecordChanger Records { get; init; }

    /// <summary>What this host has seen of the registry; the same that <see cref="Records"/> has.</summary>
    public required Witness Witness { get; init; }

    public required IJournal Journal { get; init; }

    public required Create.IBootStore BootFiles { get; init; }

    /// <summary>Memory of saved domains.</summary>
    public required Save.ISavedStore Saved { get; init; }

    public required IRelocationDialer Dialer { get; init; }

    public required IHostResources Resources { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Logs { get; init; }

    /// <summary>For tests of faults; null where it ships.</summary>
    public Relocation.IFailpoints? Failpoints { get; init; }
}

/// <summary>What a host has to give, and identities drawn on it.</summary>
public interface IHostResources
{
    /// <summary>
    /// Memory that a further domain can have, in MiB. Where it is less than <paramref name="wantedMiB"/> and a domain is just
    /// ending, that one's memory is waited for a little.
    /// </summary>
    Task<long> AskAvailableMemoryMiBAsync(long wantedMiB, CancellationToken cancellationToken);

    Guid NewId();
}
