using Godwit.Domains;

namespace Godwit.Storage.Attachments;

/// <summary>Devices and files that the host has by other means, and what its engine reaches by itself: they are opened as they are, and no fence of ours holds them.</summary>
internal sealed class PlainPaths : IAttachmentWay
{
    public Task<AttachedDisk> AttachAsync(string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken) =>
        Task.FromResult(new AttachedDisk
        {
            Domain = domain,
            Disk = disk,
            ReadOnly = spec.ReadOnly,
            Path = spec.Target.StartsWith('/') || disk.Kind == DiskKind.Network ? spec.Target : "/dev/" + spec.Target,
            Format = spec.Format,
        });

    public Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken) => Task.FromResult(0L);

    public Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.FromResult(disk);

    public Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken) =>
        Task.FromResult(disk with { Disk = disk.Disk with { SizeBytes = sizeBytes } });

    public Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken) => Task.CompletedTask;
}
