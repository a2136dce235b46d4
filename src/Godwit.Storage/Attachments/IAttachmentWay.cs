using Godwit.Domains;

namespace Godwit.Storage.Attachments;

/// <summary>
/// Making disks usable on this host, and the writer's role in them. A disk stays with the way that attached it until it is
/// detached, also when a daemon is started anew with other settings.
/// </summary>
public interface IAttachmentWay
{
    /// <summary>
    /// Makes the disk usable on this host. This host is then admitted as a reader, under a session of its own; it
    /// writes nothing before <see cref="FenceAsync"/>. An engine may open its path at once, and waits there until the disk
    /// answers, which <see cref="ReadyAsync"/> tells. On failure nothing is left attached.
    /// </summary>
    Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken);

    /// <summary>Ends once the disk has answered. After a failure, which names the cause, it is still to be detached.</summary>
    Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken);

    /// <summary>
    /// Moves the writer's role to this host. When it returns, the role is durable, and no frame of the former writer
    /// reaches the disk any more, not even one that was on its way. Refused with the code
    /// <see cref="FenceRefusal.StaleEpoch"/> when the disk has seen a greater epoch. Repeating it is harmless.
    /// </summary>
    /// <returns>The epoch that held the role before.</returns>
    Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken);

    /// <summary>Draws a new session after the role was lost to another host and is to be taken back.</summary>
    Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken);

    /// <summary>Succeeds when the storage that holds the disk answers now.</summary>
    Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken);

    /// <summary>All that the guest wrote so far is on stable storage.</summary>
    Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken);

    /// <summary>
    /// The disk has grown: what is attached has the new size when this returns, and whoever has it open learns it by opening it
    /// anew.
    /// </summary>
    /// <exception cref="GodwitException">The storage does not say so.</exception>
    Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken);

    /// <summary>Detaches, and gives up this host's session. Repeating it is harmless.</summary>
    Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken);
}
