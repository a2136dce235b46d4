using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;

namespace Godwit.Storage.Volumes;

/// <content>
/// Groups that lie on exported volumes. Their hosts change the metadata (<see cref="Groups.SharedGroup"/>) and tell of it; this host, which
/// has the bytes at hand, overwrites what a new volume finds in its extents and fills it.
/// </content>
public sealed partial class VolumeService
{
    private const long SectorBytes = 512;

    /// <summary>The volume that a group of this name lies on; null where none does.</summary>
    public CatalogEntry? FindDevice(string group) => catalog.Entries.FirstOrDefault(entry => entry.Shared?.Group == group);

    /// <summary>The same, as hosts reach it.</summary>
    /// <exception cref="GodwitException">There is no such group.</exception>
    public VolumeLocation LocateDevice(string group) => Locate(FindDevice(group)
        ?? throw new GodwitException(StorageErrors.NoSuchGroup, $"{host} has no shared group {group}.", "`godwit volume group list` shows those there are."));

    /// <summary>A volume that was in its group before Godwit knew it: what it holds is its own.</summary>
    public void Adopt(VolumeName name) => catalog.SetShared(FindShared(name).Device.Name, shared => shared?.WithReady(name.Volume));

    /// <summary>Volumes of shared groups. Those that were never complete are not there for anybody.</summary>
    public ImmutableArray<VolumeLocation> ListShared() =>
        [.. catalog.Entries.SelectMany(entry => (entry.Shared?.Volumes ?? []).Where(volume => !volume.IsNew).Select(volume => Locate(entry, volume)))];

    /// <summary>Volumes of a shared group that were begun and never complete: what a daemon left that died meanwhile.</summary>
    public ImmutableArray<string> UnfinishedOf(string group) =>
        [.. (FindDevice(group)?.Shared?.Volumes ?? []).Where(volume => volume.IsNew && !_gates.IsChanging(new VolumeName(group, volume.Name))).Select(volume => volume.Name)];

    /// <summary>From now on a group lies on the volume, and it is no disk of a domain. Repeating it is harmless.</summary>
    /// <exception cref="GodwitException">It is in use, or there is such a group.</exception>
    public VolumeLocation BeginSharing(VolumeName device, string group)
    {
        using var alone = _gates.Change(device);
        var entry = Find(device);
        if (entry.Shared?.Group == group)
            return Locate(entry);
        if (entry.Shared is { } other)
            throw new GodwitException(StorageErrors.GroupInUse, $"The group {other.Group} lies on {device}.", "Choose another volume.");
        if (FindDevice(group) is not null || groups.All.Any(store => store.Group == group))
            throw new GodwitException(StorageErrors.GroupExists, $"{host} has a volume group {group} already.", "`godwit volume group list` shows it.");
        RefuseUsed(entry);
        catalog.SetShared(device, _ => new SharedContents(group, []));
        return Locate(Find(device));
    }

    /// <summary>No group lies on the volume any more.</summary>
    /// <exception cref="GodwitException">It has volumes.</exception>
    public void EndSharing(VolumeName device)
    {
        RefuseHolding(device);
        ForgetSharing(device);
    }

    /// <exception cref="GodwitException">The group that lies on a volume has volumes.</exception>
    public void RefuseHolding(VolumeName device)
    {
        if (Find(device).Shared is { Volumes: [var volume, ..], Group: var group })
            throw new GodwitException(StorageErrors.GroupInUse, $"{group}/{volume.Name} is in the group {group}.", "Delete its volumes first: `godwit volume list` shows them.");
    }

    /// <summary>The same, whatever it holds: the group was not made.</summary>
    public void ForgetSharing(VolumeName device) => catalog.SetShared(device, _ => null);

    /// <summary>A host has changed the metadata of the group that lies on a volume, under the group's lock.</summary>
    public void Settle(VolumeName device, IEnumerable<GroupVolume> layout)
    {
        if (Find(device).Shared is null)
            throw new GodwitException(StorageErrors.NoSuchGroup, $"No group lies on {device}.", "Make one: `godwit volume group add GROUP --on VOLUME`.");
        catalog.SetShared(device, shared => shared?.With(layout));
    }

    /// <summary>Size of a volume, of whichever kind of group.</summary>
    /// <exception cref="GodwitException">There is no such volume.</exception>
    public long SizeOf(VolumeName name) => FindDevice(name.Group) is null ? Find(name).SizeBytes : FindShared(name).Volume.SizeBytes;

    /// <summary>For as long as a volume of a shared group is made, changed or removed; nobody becomes its writer meanwhile.</summary>
    public IDisposable Changing(VolumeName name) => _gates.ChangeAlone(name);

    /// <summary>
    /// Makes a volume of a shared group complete: overwrites what its extents held, and copies into it what another volume of this host
    /// holds. The caller has it to himself.
    /// </summary>
    /// <param name="name">The volume, whose extents are known.</param>
    /// <param name="source">What it is filled with; null leaves it empty.</param>
    /// <param name="progress">Takes how far it has come.</param>
    /// <param name="cancellationToken">Gives up; it is as incomplete as it was then.</param>
    public async Task<VolumeLocation> CompleteAsync(
        VolumeName name, VolumeName? source, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var (device, volume) = FindShared(name);
        var parts = PartsOf(device, volume);
        using var copying = source is { } one ? _gates.Copy(one) : null;
        var from = source is { } filled ? PartsOfUnused(filled) : [];
        if (from.Sum(part => part.Length) > volume.SizeBytes)
            throw new GodwitException(StorageErrors.BadSize, $"{source} is larger than {name}.", "Leave the size out, or give a greater one.");
        await new PartedWork(data).Zero(VolumeExtent.Cut(parts, volume.ReadyBytes, volume.SizeBytes)).Copy(from, parts).RunAsync(progress, cancellationToken);
        await data.SyncAsync(groups.PathOf(device.Name), cancellationToken);
        catalog.SetShared(device.Name, shared => shared?.WithReady(name.Volume));
        return Locate(device, volume);
    }

    /// <summary>Hosts that write to a volume of a shared group.</summary>
    public ImmutableArray<string> WritersOf(VolumeName name)
    {
        var (device, volume) = FindShared(name);
        return WritersOf(device, volume.Sectors);
    }

    /// <summary>Hosts that write to these sectors of a volume that holds a shared group.</summary>
    internal ImmutableArray<string> WritersOf(VolumeName device, ImmutableArray<SectorRange> sectors) => WritersOf(Find(device), sectors);

    /// <summary>For as long as a host is becoming the writer of these sectors, nobody begins to copy or change a volume that lies there.</summary>
    /// <exception cref="GodwitException">It is being copied, made or changed. A writer that there is gives the role to another all the same.</exception>
    internal IDisposable Taking(VolumeName device, ImmutableArray<SectorRange> sectors)
    {
        var taken = new Leavings();
        try
        {
            var shared = Find(device).Shared;
            foreach (var volume in (shared?.Volumes ?? []).Where(volume => volume.LiesIn(sectors)))
            {
                var name = new VolumeName(shared!.Group, volume.Name);
                taken.Add(_gates.Admit(name));
                if (!volume.IsReady || (_gates.IsChanging(name) && WritersOf(device, volume.Sectors).IsEmpty))
                    throw new GodwitException(StorageErrors.VolumeBusy, $"{name} is being made or changed, or that was cut short.", $"Try again, or repeat that: `godwit volume show {name}`.");
            }
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <exception cref="GodwitException">There is no such volume in a shared group.</exception>
    public (CatalogEntry Device, SharedVolume Volume) FindShared(VolumeName name) =>
        FindDevice(name.Group) is { Shared: { } shared } device && shared.Volumes.FirstOrDefault(volume => volume.Name == name.Volume) is { } volume
            ? (device, volume)
            : throw NoSuch($"{host} has no volume {name}.", name, ListShared().Select(location => location.Name));

    private ImmutableArray<VolumeExtent> PartsOfUnused(VolumeName name)
    {
        if (catalog.Find(name) is { } entry)
        {
            RefuseUsedCopy(entry);
            return [VolumeExtent.Whole(groups.PathOf(name), entry.SizeBytes)];
        }
        var (device, volume) = FindShared(name);
        RefuseUsedCopy(name, WritersOf(device, volume.Sectors));
        return PartsOf(device, volume);
    }

    private ImmutableArray<VolumeExtent> PartsOf(CatalogEntry device, SharedVolume volume)
    {
        var path = groups.PathOf(device.Name);
        return [.. volume.Sectors.Select(range => new VolumeExtent(path, range.Start * SectorBytes, range.Length * SectorBytes))];
    }

    private ImmutableArray<string> WritersOf(CatalogEntry device, ImmutableArray<SectorRange> sectors) => exports.FenceOf(device) is not { } fence ? [] :
    [
        .. fence.Ranges.Where(range => range.Writer != 0 && !range.Rest && sectors.Any(range.Sectors.Overlaps))
            .Select(range => fence.Readers.FirstOrDefault(reader => reader.Session == range.Writer)?.Host ?? "a host").Distinct(),
    ];

    private static void RefuseShared(CatalogEntry entry)
    {
        if (entry.Shared is { } shared)
        {
            throw new GodwitException(StorageErrors.GroupInUse, $"The group {shared.Group} lies on {entry.Name}.",
                $"Delete its volumes, and then: godwit volume group remove {shared.Group}");
        }
    }

    private VolumeLocation Locate(CatalogEntry device, SharedVolume volume) => new(
        new VolumeName(device.Shared!.Group, volume.Name), volume.SizeBytes, host, device.Shelf, device.Slot, device.Name);

    private sealed class Leavings : IDisposable
    {
        private readonly List<IDisposable> _all = [];

        public void Add(IDisposable one) => _all.Add(one);

        public void Dispose()
        {
            foreach (var one in _all)
                one.Dispose();
        }
    }
}
