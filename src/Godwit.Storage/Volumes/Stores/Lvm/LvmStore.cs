using System.Collections.Immutable;
using System.Globalization;
using Godwit.Domains;

namespace Godwit.Storage.Volumes.Stores.Lvm;

/// <summary>
/// Volumes that are logical volumes of an LVM2 volume group, thin ones where the group has a pool for them. Those of Godwit
/// have a tag, <c>godwit</c>, or <c>godwit.unfinished</c> until they are complete: what has neither is another's, and is never
/// changed, removed or exported.
/// </summary>
public sealed class LvmStore(GroupDefinition definition, LvmTool lvm, IVolumeData data) : IVolumeStore
{
    private const string Tag = "godwit";
    private const string UnfinishedTag = "godwit.unfinished";

    /// <summary>From here on a pool counts as full: the kernel tells a little late.</summary>
    private const double FullPercent = 99;

    public GroupDefinition Definition => definition;

    private string Group => definition.Name;

    public string PathOf(string volume) => $"/dev/{Group}/{volume}";

    public async Task<NewVolume> BeginAsync(string volume, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        await RemoveUnfinishedAsync(volume, cancellationToken).ConfigureAwait(false);
        await RefuseFullPoolAsync(definition.ThinPool, cancellationToken).ConfigureAwait(false);
        var size = Bytes(sizeBytes);
        await lvm.RunAsync(definition.ThinPool is { } pool
            ? ["lvcreate", "--yes", "--thin", "--virtualsize", size, "--name", volume, "--addtag", UnfinishedTag, $"{Group}/{pool}"]
            : ["lvcreate", "--yes", "--wipesignatures", "y", "--size", size, "--name", volume, "--addtag", UnfinishedTag, Group], cancellationToken).ConfigureAwait(false);
        try
        {
            var made = await FindAsync(volume, cancellationToken).ConfigureAwait(false) ?? throw Vanished(volume);
            // What the extents held before may be another guest's secrets. A thin pool gives out zeroes by itself.
            if (definition.ThinPool is null)
                await data.ZeroAsync(PathOf(volume), 0, made.SizeBytes, progress, cancellationToken).ConfigureAwait(false);
            return new NewVolume(PathOf(volume), made.SizeBytes);
        }
        catch
        {
            await RemoveUnfinishedAsync(volume, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    public async Task<NewVolume?> TryBeginCopyAsync(string source, string volume, long sizeBytes, CancellationToken cancellationToken)
    {
        var original = await FindAsync(source, cancellationToken).ConfigureAwait(false) ?? throw Vanished(source);
        RefuseForeign(original);
        if (original.Pool.Length == 0)
            return null;
        await RemoveUnfinishedAsync(volume, cancellationToken).ConfigureAwait(false);
        await RefuseFullPoolAsync(original.Pool, cancellationToken).ConfigureAwait(false);
        // A thin snapshot is a volume like any other; only its flag that keeps it from being activated is in the way.
        await lvm.RunAsync(
            ["lvcreate", "--yes", "--snapshot", "--setactivationskip", "n", "--name", volume, "--addtag", UnfinishedTag, $"{Group}/{source}"],
            cancellationToken).ConfigureAwait(false);
        try
        {
            var size = sizeBytes > original.SizeBytes
                ? await SetSizeAsync(volume, sizeBytes, cancellationToken).ConfigureAwait(false) : original.SizeBytes;
            return new NewVolume(PathOf(volume), size);
        }
        catch
        {
            await RemoveUnfinishedAsync(volume, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    public async Task FinishAsync(string volume, CancellationToken cancellationToken)
    {
        if (await FindAsync(volume, cancellationToken).ConfigureAwait(false) is not { } found || !found.Tags.Contains(UnfinishedTag))
            return;
        await data.SyncAsync(PathOf(volume), cancellationToken).ConfigureAwait(false);
        await lvm.RunAsync(["lvchange", "--addtag", Tag, "--deltag", UnfinishedTag, $"{Group}/{volume}"], cancellationToken).ConfigureAwait(false);
    }

    public async Task ActivateAsync(string volume, CancellationToken cancellationToken)
    {
        if (await FindAsync(volume, cancellationToken).ConfigureAwait(false) is not { } found)
            throw Vanished(volume);
        RefuseForeign(found);
        if (!found.IsActive)
            await lvm.RunAsync(["lvchange", "--activate", "y", $"{Group}/{volume}"], cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> ResizeAsync(string volume, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var before = await FindAsync(volume, cancellationToken).ConfigureAwait(false) ?? throw Vanished(volume);
        RefuseForeign(before);
        if (before.SizeBytes == sizeBytes)
            return sizeBytes;
        if (before.Pool.Length > 0 && sizeBytes > before.SizeBytes)
            await RefuseFullPoolAsync(before.Pool, cancellationToken).ConfigureAwait(false);
        var size = await SetSizeAsync(volume, sizeBytes, cancellationToken).ConfigureAwait(false);
        if (before.Pool.Length > 0 || size <= before.SizeBytes)
            return size;
        try
        {
            await data.ZeroAsync(PathOf(volume), before.SizeBytes, size, progress, cancellationToken).ConfigureAwait(false);
            return size;
        }
        catch
        {
            // Who repeats it would be given what another volume has left in the new room.
            await SetSizeAsync(volume, before.SizeBytes, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    public async Task DeleteAsync(string volume, CancellationToken cancellationToken)
    {
        if (await FindAsync(volume, cancellationToken).ConfigureAwait(false) is not { } found)
            return;
        RefuseForeign(found);
        await lvm.RunAsync(["lvremove", "--yes", $"{Group}/{volume}"], cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<string>> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        [.. (await ListAsync(cancellationToken).ConfigureAwait(false)).Where(volume => volume.Tags.Contains(UnfinishedTag)).Select(volume => volume.Name)];

    public async Task<GroupReport> ReportAsync(CancellationToken cancellationToken)
    {
        var group = LvmReports.Groups(await lvm.RunAsync(
            ["vgs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", LvmReports.GroupFields, Group], cancellationToken).ConfigureAwait(false)).Single();
        if (definition.ThinPool is not { } name)
            return new GroupReport(group.SizeBytes, group.FreeBytes, $"volume group {Group}");
        var pool = (await ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(volume => volume.Name == name);
        if (pool is not { DataPercent: { } full })
        {
            throw new GodwitException(StorageErrors.NoSuchGroup, $"The volume group {Group} has no thin pool {name}.",
                $"Make one: lvcreate --type thin-pool -l 90%FREE -n {name} {Group}");
        }
        return new GroupReport(pool.SizeBytes, (long)(pool.SizeBytes * (100 - full) / 100), $"thin pool {Group}/{name}");
    }

    // LVM itself gives out volumes of a full pool where its own threshold (lvm.conf, thin_pool_autoextend_threshold) is not set.
    private async Task RefuseFullPoolAsync(string? pool, CancellationToken cancellationToken)
    {
        if (pool is not null && await FindAsync(pool, cancellationToken).ConfigureAwait(false) is { DataPercent: >= FullPercent } full)
            throw LvmErrors.FullPool(Group, full);
    }

    // LVM names what it makes of the request: sizes are whole extents.
    private async Task<long> SetSizeAsync(string volume, long sizeBytes, CancellationToken cancellationToken)
    {
        await lvm.RunAsync(["lvresize", "--yes", "--force", "--size", Bytes(sizeBytes), $"{Group}/{volume}"], cancellationToken).ConfigureAwait(false);
        return (await FindAsync(volume, cancellationToken).ConfigureAwait(false) ?? throw Vanished(volume)).SizeBytes;
    }

    // Left by a daemon that died, or by a step that failed: nobody else changes this volume now.
    private async Task RemoveUnfinishedAsync(string volume, CancellationToken cancellationToken)
    {
        if (await FindAsync(volume, cancellationToken).ConfigureAwait(false) is { } left && left.Tags.Contains(UnfinishedTag))
            await lvm.RunAsync(["lvremove", "--yes", $"{Group}/{volume}"], cancellationToken).ConfigureAwait(false);
    }

    private async Task<LogicalVolume?> FindAsync(string volume, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(found => found.Name == volume);

    private async Task<ImmutableArray<LogicalVolume>> ListAsync(CancellationToken cancellationToken) => LvmReports.Volumes(await lvm.RunAsync(
        ["lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", LvmReports.VolumeFields, Group], cancellationToken).ConfigureAwait(false));

    private void RefuseForeign(LogicalVolume volume)
    {
        if (volume.Tags.Contains(Tag) || volume.Tags.Contains(UnfinishedTag))
            return;
        throw new GodwitException(StorageErrors.NotOurs, $"The logical volume {Group}/{volume.Name} is not one of Godwit's: it lacks the tag {Tag}.",
            $"If it is to become one: lvchange --addtag {Tag} {Group}/{volume.Name}");
    }

    private GodwitException Vanished(string volume) => new(
        StorageErrors.NoSuchVolume, $"The volume group {Group} has no logical volume {volume} any more.", "Was it removed by lvremove? `lvs` shows those there are.");

    private static string Bytes(long size) => string.Create(CultureInfo.InvariantCulture, $"{size}b");
}
