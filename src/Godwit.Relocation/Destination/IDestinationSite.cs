using System.Collections.Immutable;
using System.Net;
using Godwit.Hypervisors;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Destination;

/// <summary>What the destination's side of a relocation needs from its host.</summary>
public interface IDestinationSite
{
    IRelocationRegistry Registry { get; }

    /// <summary>Checks whether this host can take the domain.</summary>
    /// <returns>Digests of the boot files that it lacks.</returns>
    /// <exception cref="Domains.GodwitException">It cannot; reason and remedy are for the person who asked.</exception>
    Task<ImmutableArray<string>> JudgeAsync(RelocationOffer offer, CancellationToken cancellationToken);

    /// <summary>Opens a place for a boot file. The file counts only once <see cref="IBootFileSink.KeepAsync"/> was called.</summary>
    IBootFileSink CreateBootFile(string digest, long length);

    /// <summary>
    /// Journals that a relocation has begun here, attaches the disks as reader and starts an empty, paused receiver.
    /// On failure nothing is left. The one entry is enough: whether this side has committed is told by the record,
    /// whether the copy has run by its phase, or, where it is gone, by the fence.
    /// </summary>
    Task<IDomainCopy> PrepareAsync(RelocationOffer offer, CancellationToken cancellationToken);

    /// <summary>Draws the guest's frames here, where they wait for it.</summary>
    Task AnnounceAsync(ImmutableArray<ImmutableArray<IPAddress>> addresses, CancellationToken cancellationToken);

    /// <summary>Gives the guest frames that reached it at its old place, by interface.</summary>
    void DeliverFrames(ImmutableArray<ImmutableArray<byte[]>> frames);

    /// <summary>
    /// Takes the writer's role of all disks. Fails only when a disk refuses, or stays away for longer than the domain
    /// may be kept paused.
    /// </summary>
    Task FenceAsync(long epoch, CancellationToken cancellationToken);

    /// <summary>Notes, on stable storage, that the guest is about to run here: from then on it may have run.</summary>
    Task JournalResumeAsync(CancellationToken cancellationToken);

    /// <summary>The domain is this host's and runs, or tried to: records it, settles the network, and owns the copy.</summary>
    Task ArriveAsync(long epoch, string? failure, CancellationToken cancellationToken);

    /// <summary>Undoes all that <see cref="PrepareAsync"/> and <see cref="AnnounceAsync"/> did. Repeating it is harmless.</summary>
    Task UndoAsync(CancellationToken cancellationToken);
}

/// <summary>A boot file on its way in.</summary>
public interface IBootFileSink : IAsyncDisposable
{
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Verifies length and digest and keeps the file; true once all bytes are there.</summary>
    /// <exception cref="Domains.GodwitException">The bytes are not those of the digest.</exception>
    Task<bool> KeepAsync(CancellationToken cancellationToken);
}
