using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Volumes;

/// <summary>
/// The groups of a storage host: those of its configuration, and those that were added by command, which are kept in a file
/// of the state directory. Where both have a name, the configuration's counts.
/// </summary>
public sealed class VolumeGroups
{
    private readonly string _host;
    private readonly ImmutableArray<IVolumeStore> _fixed;
    private readonly GroupFile? _file;
    private readonly Func<GroupDefinition, IVolumeStore> _open;
    private readonly Lock _lock = new();
    private ImmutableArray<IVolumeStore> _added;

    /// <param name="host">Name of this host.</param>
    /// <param name="configured">Those of its configuration.</param>
    /// <param name="file">Those that were added; null: none can be.</param>
    /// <param name="open">Makes the store of a group.</param>
    public VolumeGroups(string host, IEnumerable<GroupDefinition> configured, GroupFile? file, Func<GroupDefinition, IVolumeStore> open)
    {
        (_host, _file, _open) = (host, file, open);
        _fixed = [.. configured.Select(open)];
        _added = [.. (file?.Read() ?? []).Where(added => _fixed.All(store => store.Group != added.Name)).Select(open)];
    }

    /// <summary>Groups that nobody adds to.</summary>
    public VolumeGroups(string host, params ImmutableArray<IVolumeStore> stores)
    {
        (_host, _fixed, _added, _open) = (host, stores, [], _ => throw new InvalidOperationException());
    }

    public ImmutableArray<IVolumeStore> All => [.. _fixed, .. _added];

    /// <summary>Whether a group is of the configuration, so that no command removes it.</summary>
    public bool IsConfigured(string group) => _fixed.Any(store => store.Group == group);

    /// <exception cref="GodwitException">There is no such group; the remedy names the nearest.</exception>
    public IVolumeStore Find(string group)
    {
        var all = All;
        return all.FirstOrDefault(store => store.Group == group) ?? throw new GodwitException(
            StorageErrors.NoSuchGroup,
            $"{_host} has no volume group {group}.",
            Nearest.To(group, all.Select(store => store.Group)) is { } near ? $"Did you mean {near}?"
                : all.IsEmpty ? "Make one: `godwit volume group add`."
                : $"Its groups are: {string.Join(", ", all.Select(store => store.Group))}.");
    }

    public string PathOf(VolumeName name) => Find(name.Group).PathOf(name.Volume);

    /// <summary>Adds a group, which is looked at first.</summary>
    /// <exception cref="GodwitException">There is one of that name, or it cannot hold volumes.</exception>
    public async Task<IVolumeStore> AddAsync(GroupDefinition definition, CancellationToken cancellationToken)
    {
        CheckName(definition.Name);
        var store = _open(definition);
        await store.ReportAsync(cancellationToken);
        lock (_lock)
        {
            if (All.Any(other => other.Group == definition.Name))
                throw new GodwitException(StorageErrors.GroupExists, $"{_host} has a volume group {definition.Name} already.", "`godwit volume group list` shows it.");
            Save(_added.Add(store));
        }
        return store;
    }

    /// <exception cref="GodwitException">Volumes cannot be named by it.</exception>
    public static void CheckName(string group)
    {
        if (!VolumeName.TryParse($"{group}/x", out _))
            throw new GodwitException(StorageErrors.BadGroup, $"'{group}' cannot be the name of a group of volumes.", "Use letters, digits and . _ + - only.");
    }

    /// <summary>Forgets a group that was added; what lies there stays.</summary>
    /// <exception cref="GodwitException">It is of the configuration.</exception>
    public void Remove(string group)
    {
        lock (_lock)
        {
            var store = Find(group);
            if (IsConfigured(group))
            {
                throw new GodwitException(StorageErrors.GroupInUse, $"The group {group} is named in the godwitd.toml of {_host}.",
                    "Remove it there, and restart godwitd.");
            }
            Save(_added.Remove(store));
        }
    }

    private void Save(ImmutableArray<IVolumeStore> added)
    {
        (_file ?? throw new InvalidOperationException("These groups are fixed.")).Write([.. added.Select(store => store.Definition)]);
        _added = added;
    }
}
