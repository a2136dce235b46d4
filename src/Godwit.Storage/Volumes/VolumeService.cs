using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage.Volumes;

/// <summary>
/// The volumes of a storage host, which lie in the stores of its groups. Each is exported for as long as it is in the catalog.
/// </summary>
public sealed partial class VolumeService(
    string host,
    VolumeGroups groups,
    VolumeCatalog catalog,
    VolumeExports exports,
    IVolumeData data,
    TimeProvider time,
    ILogger<VolumeService> log)
{
    private const long LargestSize = 1L << 50;
    private const int SectorLength = 512;
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(250);
    private readonly VolumeGates _gates = new();

    /// <summary>Names of the groups that there are.</summary>
    public ImmutableArray<string> Groups => [.. groups.All.Select(store => store.Group)];

    public ImmutableArray<VolumeLocation> List() => [.. catalog.Entries.Where(entry => !entry.IsNew).Select(Locate)];

    /// <exception cref="GodwitException">There is no such volume; the remedy names the nearest.</exception>
    public CatalogEntry Find(VolumeName name) => catalog.Find(name)
        ?? throw NoSuch($"{host} has no volume {name}.", name, catalog.Entries.Select(entry => entry.Name));

    /// <param name="message">What is wrong.</param>
    /// <param name="name">The volume that was asked for.</param>
    /// <param name="all">Those that there are.</param>
    public static GodwitException NoSuch(string message, VolumeName name, IEnumerable<VolumeName> all) => new(
        StorageErrors.NoSuchVolume, message,
        Nearest.To(name.ToString(), all.Select(one => one.ToString())) is { } near ? $"Did you mean {near}?" : "`godwit volume list` shows those there are.");

    public bool Has(VolumeName name) => catalog.Find(name) is not null;

    /// <summary>Hosts that its fence knows, as writer or reader.</summary>
    public ImmutableArray<string> UsersOf(VolumeName name) => exports.UsersOf(Find(name));

    /// <summary>The same, by their names alone.</summary>
    public ImmutableArray<string> HostsOf(VolumeName name) => exports.HostsOf(Find(name));

    /// <summary>Makes an empty volume and exports it. On failure nothing of it is left.</summary>
    public Task<VolumeLocation> CreateAsync(VolumeName name, long sizeBytes, CancellationToken cancellationToken) =>
        CreateAsync(name, sizeBytes, [], cancellationToken);

    /// <summary>The same, in a pool where other storage hosts have volumes, and with content.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="sizeBytes">Its size, which a store may make up to what it can give.</param>
    /// <param name="others">Addresses that are not to be given.</param>
    /// <param name="cancellationToken">Gives up; nothing of the volume is left then.</param>
    /// <param name="content">Fills it before anybody is served it; null leaves it empty.</param>
    /// <param name="progress">Takes how far the content has come.</param>
    public async Task<VolumeLocation> CreateAsync(
        VolumeName name, long sizeBytes, IReadOnlyCollection<(int Shelf, int Slot)> others, CancellationToken cancellationToken,
        VolumeContent? content = null, IProgress<WorkProgress>? progress = null)
    {
        CheckSize(sizeBytes);
        var report = progress ?? NoProgress.Instance;
        return await MakeAsync(name, others, async store =>
        {
            var begun = await store.BeginAsync(name.Volume, sizeBytes, report, cancellationToken);
            if (content is not null)
                await UndoneAsync(store, name, () => content(begun.Path, report, cancellationToken));
            return begun;
        }, cancellationToken);
    }

    /// <summary>Ends the export of a volume and removes it with its data. Repeating it after a failure goes on with it.</summary>
    /// <exception cref="GodwitException">There is no such volume, or a host uses it; then it is served on.</exception>
    public async Task DeleteAsync(VolumeName name, CancellationToken cancellationToken)
    {
        var entry = Find(name);
        RefuseShared(entry);
        var store = groups.Find(name.Group);
        using var alone = _gates.Change(name);
        await EndUnusedAsync(entry, store, cancellationToken);
        try
        {
            await store.DeleteAsync(name.Volume, cancellationToken);
        }
        catch
        {
            await exports.EnsureAsync(entry, store.PathOf(name.Volume), entry.IsNew, CancellationToken.None);
            throw;
        }
        exports.Forget(entry);
        // Last, so that a deletion that was cut short can be asked for again.
        catalog.Retire(name);
    }

    /// <summary>Ends the export of a volume that no host uses; of one that is used it goes on, and that is thrown.</summary>
    private async Task EndUnusedAsync(CatalogEntry entry, IVolumeStore store, CancellationToken cancellationToken)
    {
        RefuseUsed(entry);
        await exports.EndAsync(entry, cancellationToken);
        try
        {
            // Whoever was admitted since the first look is seen now: nobody is admitted by an export that has ended.
            RefuseUsed(entry);
        }
        catch (GodwitException)
        {
            await exports.EnsureAsync(entry, store.PathOf(entry.Name.Volume), entry.IsNew, CancellationToken.None);
            throw;
        }
    }

    /// <summary>For as long as a host is being admitted to a volume, nobody begins to copy it.</summary>
    /// <exception cref="GodwitException">It is being copied.</exception>
    internal IDisposable Admitting(VolumeName name) => _gates.Admit(name);

    private static void CheckSize(long sizeBytes)
    {
        if (sizeBytes is <= 0 or > LargestSize || sizeBytes % SectorLength != 0)
        {
            throw new GodwitException(
                StorageErrors.BadSize, $"A volume cannot have {sizeBytes} bytes.", $"Give a multiple of {SectorLength} up to {LargestSize}.");
        }
    }

    private void RefuseUsed(CatalogEntry entry)
    {
        if (exports.UsersOf(entry) is { IsEmpty: false } users)
        {
            throw new GodwitException(StorageErrors.VolumeInUse, $"{entry.Name} is in use by {string.Join(", ", users)}.",
                "Destroy the domains that use it: `godwit list` shows where they run.");
        }
    }

    /// <summary>Enters and exports what <paramref name="begin"/> makes, which leaves nothing where it fails. On failure nothing is left.</summary>
    private async Task<VolumeLocation> MakeAsync(
        VolumeName name, IReadOnlyCollection<(int Shelf, int Slot)> others, Func<IVolumeStore, Task<NewVolume>> begin, CancellationToken cancellationToken)
    {
        var store = groups.Find(name.Group);
        using var alone = _gates.Change(name);
        if (catalog.Find(name) is not null)
            throw VolumeCatalog.Taken(name);
        var begun = await begin(store);
        CatalogEntry? entry = null;
        try
        {
            // A daemon that dies before the entry leaves an unfinished volume, which the next one removes; after it, one
            // that the next one finishes.
            entry = catalog.Add(name, begun.SizeBytes, isNew: true, others);
            await store.FinishAsync(name.Volume, cancellationToken);
            await exports.EnsureAsync(entry, store.PathOf(name.Volume), isNew: true, cancellationToken);
            catalog.Settle(name);
            return Locate(entry);
        }
        catch
        {
            if (entry is not null)
            {
                await exports.EndAsync(entry, CancellationToken.None);
                exports.Forget(entry);
                catalog.Remove(name);
            }
            await store.DeleteAsync(name.Volume, CancellationToken.None);
            throw;
        }
    }

    private static async Task UndoneAsync(IVolumeStore store, VolumeName name, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch
        {
            await store.DeleteAsync(name.Volume, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Exports all volumes, and goes on to start again what ends, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(groups.All.Select(store => SweepAsync(store, cancellationToken)));
        // Side by side: one that does not come up must not keep the guests of the others waiting.
        var starts = catalog.Entries.Select(entry => EnsureAsync(entry, cancellationToken)).ToHashSet();
        using var timer = new PeriodicTimer(WatchInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                starts.RemoveWhere(start => start.IsCompletedSuccessfully);
                if (starts.FirstOrDefault(start => start.IsFaulted) is { } failed)
                    await failed;
                starts.UnionWith(catalog.Entries.Where(exports.HasEnded).Select(entry => EnsureAsync(entry, cancellationToken)));
            }
        }
        finally
        {
            await Task.WhenAll(starts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What a daemon left that died while it filled a volume.
    private async Task SweepAsync(IVolumeStore store, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var volume in await store.ListUnfinishedAsync(cancellationToken))
            {
                var name = new VolumeName(store.Group, volume);
                using var alone = _gates.Change(name);
                if (catalog.Find(name) is not null)
                    continue;
                await store.DeleteAsync(volume, cancellationToken);
                Log.Swept(log, name);
            }
        }
        catch (Exception e) when (e is GodwitException or IOException or UnauthorizedAccessException)
        {
            // The volumes that there are matter more: it is tried again with the next start.
            Log.NotSwept(log, store.Group, e);
        }
    }

    private async Task EnsureAsync(CatalogEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            using var alone = _gates.Start(entry.Name);
            // It may have been deleted since it was listed.
            if (catalog.Find(entry.Name) is not { } current)
                return;
            var store = groups.Find(current.Name.Group);
            // The daemon died in the middle of its creation.
            if (current.IsNew)
                await store.FinishAsync(current.Name.Volume, cancellationToken);
            await store.ActivateAsync(current.Name.Volume, cancellationToken);
            await exports.EnsureAsync(current, store.PathOf(current.Name.Volume), current.IsNew, cancellationToken);
            if (current.IsNew)
                catalog.Settle(current.Name);
        }
        catch (GodwitException e) when (e.Code == StorageErrors.VolumeBusy)
        {
            // Whoever changes it sees to its export.
        }
        catch (Exception e) when (e is GodwitException or IOException or UnauthorizedAccessException)
        {
            // The other volumes are to be served all the same; it is tried again with the next look.
            Log.ExportFailed(log, entry.Name, e);
        }
    }

    private VolumeLocation Locate(CatalogEntry entry) => new(entry.Name, entry.SizeBytes, host, entry.Shelf, entry.Slot, SharedGroup: entry.Shared?.Group);
}
