using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Domains;
using Godwit.Native.Files;

namespace Godwit.Storage.Volumes;

/// <summary>A volume in the catalog.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Shelf">First part of its address.</param>
/// <param name="Slot">Second part of it.</param>
/// <param name="IsNew">Its export has not answered yet: nobody has used it, and its fence is still to begin.</param>
/// <param name="IsDeleted">It is gone, and its address is not given again.</param>
/// <param name="Shared">The group that lies on it; null where it is the disk of domains.</param>
public sealed record CatalogEntry(
    VolumeName Name, long SizeBytes, int Shelf, int Slot, bool IsNew = false, bool IsDeleted = false, SharedContents? Shared = null);

/// <summary>
/// The volumes of a storage host and the addresses they are exported under, which stay with them for good: whoever is still
/// attached to one that was deleted does not come upon another. Kept in one file that is replaced whole, and is on stable
/// storage before a change counts.
/// </summary>
public sealed class VolumeCatalog
{
    /// <summary>Linux refuses slot 255 and the two highest shelves, which are for broadcasts.</summary>
    private const int SlotsPerShelf = 255;

    private readonly string _path;
    private readonly Lock _lock = new();
    private ImmutableArray<CatalogEntry> _all;

    public VolumeCatalog(string path)
    {
        _path = path;
        _all = File.Exists(path)
            ? [.. JsonSerializer.Deserialize(File.ReadAllBytes(path), CatalogJson.Default.IReadOnlyListCatalogEntry) ?? []]
            : [];
        Entries = [.. _all.Where(entry => !entry.IsDeleted)];
    }

    /// <summary>Those that there are.</summary>
    public ImmutableArray<CatalogEntry> Entries { get; private set; }

    public CatalogEntry? Find(VolumeName name) => Entries.FirstOrDefault(entry => entry.Name == name);

    /// <summary>Adds a volume under the lowest free address.</summary>
    /// <param name="others">Addresses that other storage hosts have on the same network.</param>
    public CatalogEntry Add(VolumeName name, long sizeBytes, bool isNew = false, IEnumerable<(int Shelf, int Slot)>? others = null)
    {
        lock (_lock)
        {
            if (Find(name) is not null)
                throw Taken(name);
            var taken = _all.Select(entry => (entry.Shelf, entry.Slot)).Concat(others ?? [])
                .Select(address => (address.Shelf * SlotsPerShelf) + address.Slot).ToHashSet();
            var address = Enumerable.Range(0, int.MaxValue).First(n => !taken.Contains(n));
            var entry = new CatalogEntry(name, sizeBytes, address / SlotsPerShelf, address % SlotsPerShelf, isNew);
            Save(_all.Add(entry));
            return entry;
        }
    }

    /// <summary>The volume is complete, and no longer new.</summary>
    public void Settle(VolumeName name)
    {
        lock (_lock)
            Save([.. _all.Select(entry => entry.Name == name ? entry with { IsNew = false } : entry)]);
    }

    public void SetSize(VolumeName name, long sizeBytes)
    {
        lock (_lock)
            Save([.. _all.Select(entry => entry.Name == name && !entry.IsDeleted ? entry with { SizeBytes = sizeBytes } : entry)]);
    }

    /// <summary>Changes what is known of the group that lies on a volume.</summary>
    public void SetShared(VolumeName name, Func<SharedContents?, SharedContents?> change)
    {
        lock (_lock)
            Save([.. _all.Select(entry => entry.Name == name && !entry.IsDeleted ? entry with { Shared = change(entry.Shared) } : entry)]);
    }

    public static GodwitException Taken(VolumeName name) =>
        new(StorageErrors.VolumeExists, $"There is a volume {name} already.", "Choose another name.");

    /// <summary>It was never used: its address is free.</summary>
    public void Remove(VolumeName name)
    {
        lock (_lock)
            Save(_all.RemoveAll(entry => entry.Name == name && !entry.IsDeleted));
    }

    /// <summary>It was used, and is no more.</summary>
    public void Retire(VolumeName name)
    {
        lock (_lock)
            Save([.. _all.Select(entry => entry.Name == name ? entry with { IsDeleted = true } : entry)]);
    }

    private void Save(ImmutableArray<CatalogEntry> entries)
    {
        StableStorage.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(entries, CatalogJson.Default.IReadOnlyListCatalogEntry));
        _all = entries;
        Entries = [.. entries.Where(entry => !entry.IsDeleted)];
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<CatalogEntry>))]
internal sealed partial class CatalogJson : JsonSerializerContext;
