using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Volumes;

/// <summary>The groups of a storage host.</summary>
public sealed class VolumeGroups(string host, ImmutableArray<IVolumeStore> stores)
{
    public ImmutableArray<IVolumeStore> All { get; } = stores;

    /// <exception cref="GodwitException">There is no such group; the remedy names the nearest.</exception>
    public IVolumeStore Find(string group) => All.FirstOrDefault(store => store.Group == group) ?? throw new GodwitException(
        StorageErrors.NoSuchGroup,
        $"{host} has no volume group {group}.",
        Nearest.To(group, All.Select(store => store.Group)) is { } near
            ? $"Did you mean {near}?"
            : $"Its groups are: {string.Join(", ", All.Select(store => store.Group))}.");

    public string PathOf(VolumeName name) => Find(name.Group).PathOf(name.Volume);
}
