using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Storage.Attachments;

/// <summary>
/// One way of making disks usable on this host, with the meaning of <see cref="IDisks"/>. A disk stays with the way that
/// attached it until it is detached, also when a daemon is started anew with other settings.
/// </summary>
internal interface IAttachmentWay
{
    Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken);

    Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken);

    Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken);

    Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken);

    Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken);

    Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken);

    Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken);

    Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken);

    ImmutableArray<AttachedDisk> Find();
}
