using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Relocation;
using Godwit.Relocation.Channel;
using Godwit.Storage;
using Godwit.Storage.Volumes;

namespace Godwit.Host;

/// <summary>
/// What one host does with its domains: all that the daemon's API, and a simulation in its place, may ask of it.
/// Refusals are <see cref="GodwitException"/>s.
/// </summary>
public interface IDomainHost
{
    /// <summary>
    /// Looks at what an earlier daemon left: its journal, the registry, the copies that run. Then it serves, and settles
    /// what it found beside that, each domain for itself: one may have to wait for another host, or for a person.
    /// </summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Ends once all that was found at the start is settled.</summary>
    Task Settled { get; }

    /// <summary>Ends the tasks of the domains. The domains themselves go on.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Creates a domain on this host. On failure nothing is left of it.</summary>
    Task<DomainView> CreateAsync(DomainSpec spec, CreateOptions options, CancellationToken cancellationToken);

    /// <summary>The domains that this host has a copy of.</summary>
    Task<ImmutableArray<DomainView>> ListAsync(CancellationToken cancellationToken);

    Task<DomainView> ShowAsync(string domain, CancellationToken cancellationToken);

    Task ShutdownAsync(string domain, CancellationToken cancellationToken);

    Task RebootAsync(string domain, CancellationToken cancellationToken);

    Task DestroyAsync(string domain, CancellationToken cancellationToken);

    Task PauseAsync(string domain, CancellationToken cancellationToken);

    Task UnpauseAsync(string domain, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the memory of a domain to a file of this host and ends its copy. Cancelled or failed, the guest goes on as it was. Once
    /// the record says that it is saved it is not given up any more.
    /// </summary>
    Task SaveAsync(string domain, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>
    /// Lets a saved domain go on where it was. Cancelled or failed, it stays saved as it was. Once its disks are taken it is not given
    /// up any more.
    /// </summary>
    Task<DomainView> RestoreAsync(string domain, RestoreOptions options, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a domain whose owner, or the other side of whose relocation, is gone for good. A copy that this host holds goes
    /// on where the fences show that nobody ran it elsewhere; otherwise the domain starts cold here, as its policy says.
    /// </summary>
    Task TakeOverAsync(string domain, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a running domain other memory, within the bound of its configuration, for good: also after a move and a new start.
    /// Returns at once; the guest takes its time.
    /// </summary>
    /// <returns>The domain with what it has by now.</returns>
    Task<DomainView> SetMemoryAsync(string domain, int mib, CancellationToken cancellationToken);

    /// <inheritdoc cref="SetMemoryAsync"/>
    Task<DomainView> SetVirtualCpusAsync(string domain, int count, CancellationToken cancellationToken);

    /// <summary>A volume has grown: the guests here that have it as a disk see it when this returns.</summary>
    Task GrowDisksAsync(VolumeName volume, long sizeBytes, CancellationToken cancellationToken);

    Task<Stream> OpenConsoleAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Begins to move a domain away. Returns once it has begun or throws the refusal.</summary>
    Task<RelocationTicket> RelocateAsync(
        string domain, string destination, RelocationOptions options, CancellationToken cancellationToken);

    /// <summary>Relocations from this host, under way and lately ended.</summary>
    ImmutableArray<RelocationTicket> Relocations { get; }

    /// <summary>Serves a relocation that another host opened a channel for; ends with it.</summary>
    Task AcceptAsync(IRelocationChannel channel, CancellationToken cancellationToken);
}

public sealed record CreateOptions(bool Paused = false, bool Unfenced = false);

/// <param name="Paused">It stays paused; one that was paused when it was saved does in any case.</param>
public sealed record RestoreOptions(bool Paused = false);

/// <summary>A domain with the copy that this host has of it.</summary>
/// <param name="Record">As this host knows it.</param>
/// <param name="Copy">Null where there is none.</param>
/// <param name="Activity">What this host is doing with it.</param>
/// <param name="Relocation">The one under way.</param>
/// <param name="Waits">What it waits for, and since when; null when for nothing.</param>
public sealed record DomainView(DomainRecord Record, CopyStatus? Copy, DomainActivity Activity, Guid? Relocation, string? Waits = null)
{
    /// <summary>Disks that it writes and that no other host can be kept from writing to.</summary>
    public ImmutableArray<DiskIdentity> Unfenced { get; init; } = [];
}

/// <summary>What the host is doing with a domain.</summary>
public enum DomainActivity
{
    Starting = 1,
    Settled,
    MovingAway,
    Arriving,
    Ending,

    /// <summary>Its memory is being written to a file.</summary>
    Saving,

    /// <summary>Found when the daemon started, and not settled yet.</summary>
    Settling,
}
