using System.Collections.Immutable;
using System.Net;
using Godwit.Hypervisors;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Source;

/// <summary>What the source's side of a relocation needs from its host.</summary>
public interface ISourceSite
{
    /// <summary>The copy that is to be sent. Its events come to <see cref="SourceRun.Observe"/>.</summary>
    IDomainCopy Copy { get; }

    RelocationOffer Offer { get; }

    IRelocationRegistry Registry { get; }

    /// <summary>Addresses of the guest, by interface, to be announced on the other side.</summary>
    ImmutableArray<ImmutableArray<IPAddress>> Addresses { get; }

    Task<Stream> OpenBootFileAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Succeeds when all disks answer now.</summary>
    Task ProbeDisksAsync(CancellationToken cancellationToken);

    /// <summary>Brings what the guest wrote so far to stable storage, so that the flush at the stop is short.</summary>
    Task FlushDisksAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes durable that this relocation has begun here. One entry is enough: how far it came is told by the record
    /// and by the phase of the engine's copy, and the stop stays free of syncs of this host.
    /// </summary>
    Task JournalAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes the writer's role of all disks back, under the epoch that the abort, the give-back or the take-over drew, and
    /// says by what they answered whether the held memory may go on.
    /// </summary>
    Task<HeldMemory> RegainDisksAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The guest may stop at any moment: frames that come for it from now on are noted until they are taken or forgotten. Said
    /// again, it makes room for more.
    /// </summary>
    void NoteFrames();

    /// <summary>The frames that the guest has not had, by interface, to be sent after it.</summary>
    ImmutableArray<ImmutableArray<byte[]>> TakeFrames(DateTimeOffset stopped);

    void ForgetFrames();

    /// <summary>Draws the guest's frames back to this host.</summary>
    Task AnnounceBackAsync(CancellationToken cancellationToken);

    /// <summary>Destroys the copy. Called only once the record names another owner under a greater epoch.</summary>
    Task DestroyCopyAsync(CancellationToken cancellationToken);
}

/// <summary>What the record and the fences of its disks say of a held copy's memory.</summary>
public enum HeldMemory
{
    /// <summary>Nobody has run it elsewhere since: it may go on.</summary>
    Current = 1,

    /// <summary>The side that is gone may have run: nobody resumes this memory.</summary>
    Stale,

    /// <summary>The domain is not this host's any more.</summary>
    Superseded,
}
