using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Volumes;

/// <content>Volumes that change their size, and what is made of them.</content>
public sealed partial class VolumeService
{
    /// <summary>
    /// Gives a volume another size; its export has it when this returns. Growing leaves who uses it alone. Repeating it is
    /// harmless.
    /// </summary>
    /// <param name="name">The volume.</param>
    /// <param name="sizeBytes">Its new size, which a store may make up to what it can give.</param>
    /// <param name="shrink">It may become smaller, and what lies behind its new end is lost; only of a volume that no host uses.</param>
    /// <param name="progress">Takes how far new room has been made empty.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<VolumeLocation> ResizeAsync(
        VolumeName name, long sizeBytes, bool shrink, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        CheckSize(sizeBytes);
        var store = groups.Find(name.Group);
        using var alone = _gates.Change(name);
        var entry = Find(name);
        RefuseShared(entry);
        RefuseShrinking(name, entry.SizeBytes, sizeBytes, shrink);
        return sizeBytes < entry.SizeBytes
            ? await ShrinkAsync(entry, store, sizeBytes, cancellationToken)
            : await GrowAsync(entry, store, sizeBytes, progress, cancellationToken);
    }

    /// <exception cref="GodwitException">The volume would become smaller, and nobody said that it may.</exception>
    public static void RefuseShrinking(VolumeName name, long from, long to, bool shrink)
    {
        if (to < from && !shrink)
        {
            throw new GodwitException(StorageErrors.WouldShrink, $"{name} has {from} bytes; with {to} it would lose what is at its end.",
                "Make the file system on it smaller first, and repeat with --shrink.");
        }
    }

    /// <summary>
    /// Makes a volume of what another one holds. Where the store can, that takes no time and no room, and is as it was at one
    /// moment, also while a host writes to it; elsewhere it is copied, and nobody may use it meanwhile.
    /// </summary>
    /// <param name="source">The volume that is copied.</param>
    /// <param name="target">The new one; another group copies.</param>
    /// <param name="sizeBytes">Size of the new one; null for that of the source.</param>
    /// <param name="others">Addresses that are not to be given.</param>
    /// <param name="progress">Takes how far the copy has come.</param>
    /// <param name="cancellationToken">Gives up; nothing of the new volume is left then.</param>
    public async Task<VolumeLocation> CopyAsync(
        VolumeName source, VolumeName target, long? sizeBytes, IReadOnlyCollection<(int Shelf, int Slot)> others,
        IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var length = SizeOf(source);
        var size = sizeBytes ?? length;
        CheckSize(size);
        if (size < length)
        {
            throw new GodwitException(StorageErrors.BadSize, $"{source} has {length} bytes: what is made of it cannot have {size}.",
                "Leave the size out, or give a greater one.");
        }
        return await MakeAsync(target, others, async store =>
        {
            if (source.Group == target.Group && await AtOnceAsync(source, target, size, store, cancellationToken) is { } copied)
                return copied;
            using var copying = _gates.Copy(source);
            var parts = PartsOfUnused(source);
            var begun = await store.BeginAsync(target.Volume, size, progress, cancellationToken);
            await UndoneAsync(store, target, () => new PartedWork(data).Copy(parts, [VolumeExtent.Whole(begun.Path, length)]).RunAsync(progress, cancellationToken));
            return begun;
        }, cancellationToken);
    }

    /// <summary>Writes what a volume holds to a file, while nobody may use the volume.</summary>
    /// <exception cref="GodwitException">It is in use, or the file is there already or cannot be written; nothing is left of it then.</exception>
    public async Task WriteAsync(
        VolumeName name, string file, ImageFormat format, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        SizeOf(name);
        using var copying = _gates.Copy(name);
        await new VolumeFileWriter(data).WriteAsync(PartsOfUnused(name), file, format, progress, cancellationToken);
    }

    // Whoever uses the volume goes on.
    private async Task<NewVolume?> AtOnceAsync(VolumeName source, VolumeName target, long size, IVolumeStore store, CancellationToken cancellationToken)
    {
        using var looking = _gates.Look(source);
        return await store.TryBeginCopyAsync(source.Volume, target.Volume, size, cancellationToken);
    }

    private async Task<VolumeLocation> GrowAsync(
        CatalogEntry entry, IVolumeStore store, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var size = await store.ResizeAsync(entry.Name.Volume, sizeBytes, progress, cancellationToken);
        catalog.SetSize(entry.Name, size);
        await exports.GrowAsync(entry, cancellationToken);
        return Locate(entry with { SizeBytes = size });
    }

    private async Task<VolumeLocation> ShrinkAsync(CatalogEntry entry, IVolumeStore store, long sizeBytes, CancellationToken cancellationToken)
    {
        await EndUnusedAsync(entry, store, cancellationToken);
        try
        {
            var size = await store.ResizeAsync(entry.Name.Volume, sizeBytes, NoProgress.Instance, cancellationToken);
            catalog.SetSize(entry.Name, size);
            return Locate(entry with { SizeBytes = size });
        }
        finally
        {
            await exports.EnsureAsync(entry, store.PathOf(entry.Name.Volume), entry.IsNew, CancellationToken.None);
        }
    }

    private void RefuseUsedCopy(CatalogEntry entry) => RefuseUsedCopy(entry.Name, exports.UsersOf(entry));

    private static void RefuseUsedCopy(VolumeName name, ImmutableArray<string> users)
    {
        if (!users.IsEmpty)
        {
            throw new GodwitException(StorageErrors.CopyNeedsRest,
                $"{name} is in use by {string.Join(", ", users)}, and its storage cannot copy it as it is at one moment.",
                "Shut down what uses it; or keep such volumes in a thin pool of LVM, or on XFS or Btrfs. Where that is so, copy a snapshot of it.");
        }
    }
}
