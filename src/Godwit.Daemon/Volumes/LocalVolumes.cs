using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;
using Godwit.Storage.Fences;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Daemon.Volumes;

/// <summary>The volumes that this host exports itself.</summary>
internal sealed class LocalVolumes(
    string host, VolumeService volumes, VolumeGroups groups, VolumeFences fences, IRegistry registry, IVolumeUsers users, IGroupMembers members) : IVolumeHost
{
    private readonly SharedVolumes _shared = new(volumes, members, registry);

    public ImmutableArray<string> Groups => [.. groups.All.Select(store => store.Group)];

    public Task<VolumeRecord> CreateAsync(VolumeName name, long sizeBytes, CancellationToken cancellationToken, VolumeContent? content = null) => _shared.Has(name.Group)
        ? content is null
            ? _shared.CreateAsync(name, sizeBytes, null, NoProgress.Instance, cancellationToken)
            : throw new GodwitException(Storage.StorageErrors.BadGroup, $"{name.Group} lies on an exported volume: a volume of it cannot be filled so.",
                "Make a volume in another group of the storage host, and clone it: godwit volume clone.")
        : EnterAsync(name, others => volumes.CreateAsync(name, sizeBytes, others, cancellationToken, content), cancellationToken);

    public Task<VolumeRecord> CopyAsync(
        VolumeName source, VolumeName target, long? sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken) =>
        _shared.Has(target.Group)
            ? _shared.CreateAsync(target, sizeBytes ?? volumes.SizeOf(source), source, progress, cancellationToken)
            : EnterAsync(target, others => volumes.CopyAsync(source, target, sizeBytes, others, progress, cancellationToken), cancellationToken);

    public Task WriteAsync(VolumeName name, string file, ImageFormat format, IProgress<WorkProgress> progress, CancellationToken cancellationToken) =>
        volumes.WriteAsync(name, file, format, progress, cancellationToken);

    public async Task<ResizedVolume> ResizeAsync(
        VolumeName name, long sizeBytes, bool shrink, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var domains = (await registry.ListAsync(cancellationToken)).Where(domain => domain.Spec.Disks.Any(disk => disk.FindVolume() == name)).ToList();
        if (sizeBytes < volumes.SizeOf(name) && domains is [var user, ..])
        {
            throw new GodwitException(Storage.StorageErrors.VolumeInUse, $"{name} is a disk of {user.Name}, and would become smaller under it.",
                $"Destroy what uses it: `godwit destroy {user.Name}`.");
        }
        // Both of its hosts would have to hear of it between two steps of the move.
        if (domains.FirstOrDefault(domain => domain.Intent is not null) is { } moving)
            throw new GodwitException(Storage.StorageErrors.DomainMoves, $"{moving.Name}, which has {name}, is moving.", "Try again when it has arrived: `godwit migration list`.");
        if (_shared.Has(name))
            return new ResizedVolume(await _shared.ResizeAsync(name, sizeBytes, shrink, progress, cancellationToken), []);
        var record = Record(await volumes.ResizeAsync(name, sizeBytes, shrink, progress, cancellationToken));
        await registry.PutVolumeAsync(record, cancellationToken);
        return new ResizedVolume(record, [.. (await Task.WhenAll(
            volumes.HostsOf(name).Select(user => TellAsync(user, record, cancellationToken)))).OfType<string>()]);
    }

    public async Task<ImmutableArray<FoundGroup>> ListGroupsAsync(CancellationToken cancellationToken) =>
        [.. await Task.WhenAll(groups.All.Select(store => LookAsync(store, cancellationToken))), .. _shared.List()];

    public async Task<FoundGroup> AddGroupAsync(GroupDefinition definition, CancellationToken cancellationToken) => definition.On is { } device
        ? await _shared.AddAsync(definition.Name, device, cancellationToken)
        : await LookAsync(await groups.AddAsync(definition, cancellationToken), cancellationToken);

    public async Task RemoveGroupAsync(string group, CancellationToken cancellationToken)
    {
        if (_shared.Has(group))
        {
            await _shared.RemoveAsync(group, cancellationToken);
            return;
        }
        groups.Find(group);
        if (volumes.List().FirstOrDefault(volume => volume.Name.Group == group) is { } volume)
        {
            throw new GodwitException(Storage.StorageErrors.GroupInUse, $"{volume.Name} is in the group {group}.",
                "Delete its volumes first: `godwit volume list` shows them.");
        }
        groups.Remove(group);
    }

    private async Task<FoundGroup> LookAsync(IVolumeStore store, CancellationToken cancellationToken)
    {
        try
        {
            return new FoundGroup(store.Definition, groups.IsConfigured(store.Group), await store.ReportAsync(cancellationToken), null);
        }
        catch (GodwitException e)
        {
            return new FoundGroup(store.Definition, groups.IsConfigured(store.Group), null, e.Message);
        }
    }

    private async Task<string?> TellAsync(string user, VolumeRecord volume, CancellationToken cancellationToken)
    {
        try
        {
            await users.TellGrownAsync(user, volume.Name, volume.SizeBytes, cancellationToken);
            return null;
        }
        catch (GodwitException e)
        {
            return $"{user} goes on with the former size: {e.Message} Repeat the command when that is mended.";
        }
    }

    /// <summary>Has a volume made and enters it in the registry; it is gone again where another storage host was first.</summary>
    private async Task<VolumeRecord> EnterAsync(
        VolumeName name, Func<IReadOnlyCollection<(int, int)>, Task<VolumeLocation>> make, CancellationToken cancellationToken)
    {
        // The registry is asked first, so that a volume is not made while nobody could be told of it.
        var known = await registry.ListVolumesAsync(cancellationToken);
        RefuseTaken(known.FirstOrDefault(volume => volume.Name == name));
        while (true)
        {
            // Two disks of one address on one network would be taken for each other.
            var record = Record(await make([.. known.Select(volume => (volume.Shelf, volume.Slot))]));
            try
            {
                await registry.PutVolumeAsync(record, cancellationToken);
                // Of two hosts that gave one address at the same time, at least the later of these two reads sees both.
                known = await registry.ListVolumesAsync(cancellationToken);
            }
            catch
            {
                // Nobody was told of it: with the next start of the daemon it would appear.
                await volumes.DeleteAsync(name, CancellationToken.None);
                throw;
            }
            if (!known.Any(volume => YieldsTo(record, volume)))
                return record;
            await volumes.DeleteAsync(name, CancellationToken.None);
            // Of one name the registry keeps what was entered first; our own record is of the address that was yielded.
            RefuseTaken(known.FirstOrDefault(volume => volume.Name == name && volume.StorageHost != host));
        }
    }

    private static void RefuseTaken(VolumeRecord? other)
    {
        if (other is null)
            return;
        throw new GodwitException(
            Storage.StorageErrors.VolumeExists, $"The pool has a volume {other.Name} already, on {other.StorageHost}.", "Choose another name.");
    }

    public async Task<VolumeUsers> UsersAsync(VolumeName name, CancellationToken cancellationToken) =>
        new(await DomainsOfAsync(name, cancellationToken), _shared.Has(name) ? volumes.WritersOf(name) : volumes.UsersOf(name));

    public async Task DeleteAsync(VolumeName name, CancellationToken cancellationToken)
    {
        // Also of one that does not run: it is to start again some day.
        if (await DomainsOfAsync(name, cancellationToken) is { IsEmpty: false } domains)
        {
            throw new GodwitException(Storage.StorageErrors.VolumeInUse, $"{name} is a disk of {string.Join(", ", domains)}.",
                $"Destroy what uses it: `godwit destroy {domains[0]}`.");
        }
        if (_shared.Has(name))
        {
            await _shared.DeleteAsync(name, host, cancellationToken);
            return;
        }
        // One that is in the registry alone is what a deletion has left that was cut short.
        if (volumes.Has(name) || (await registry.ListVolumesAsync(cancellationToken)).All(volume => volume.Name != name))
            await volumes.DeleteAsync(name, cancellationToken);
        await registry.RemoveVolumeAsync(name, host, cancellationToken);
    }

    private async Task<ImmutableArray<string>> DomainsOfAsync(VolumeName name, CancellationToken cancellationToken) =>
        [.. (await registry.ListAsync(cancellationToken)).Where(domain => domain.Spec.Disks.Any(disk => disk.FindVolume() == name)).Select(domain => domain.Name)];

    internal static bool YieldsTo(VolumeRecord record, VolumeRecord other) =>
        (other.Name == record.Name && other.StorageHost != record.StorageHost)
        || (other.Shelf, other.Slot) == (record.Shelf, record.Slot) && string.CompareOrdinal(other.StorageHost, record.StorageHost) < 0;

    public Task<int> AdmitAsync(
        VolumeName name, string host, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken) =>
        fences.AdmitAsync(name, host, macs, sessionless, cancellationToken);

    public Task<long> FenceAsync(VolumeName name, string host, long epoch, int session, CancellationToken cancellationToken) =>
        fences.FenceAsync(name, host, epoch, session, cancellationToken);

    public Task ReleaseAsync(VolumeName name, string host, int session, CancellationToken cancellationToken) =>
        fences.ReleaseAsync(name, host, session, cancellationToken);

    public Task<long> FenceAsync(
        VolumeName name, string host, long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken) =>
        fences.FenceAsync(name, host, epoch, session, sectors, free, cancellationToken);

    public Task ReturnAsync(VolumeName name, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        fences.ReturnAsync(name, host, session, sectors, cancellationToken);

    public Task ReleaseAsync(VolumeName name, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        fences.ReleaseAsync(name, host, session, sectors, cancellationToken);

    public Task ForgetAsync(VolumeName name, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) =>
        fences.ForgetAsync(name, host, session, sectors, cancellationToken);

    public void Settle(VolumeName name, ImmutableArray<GroupVolume> layout) => volumes.Settle(name, layout);

    public Task ProbeAsync(VolumeName name, CancellationToken cancellationToken) => fences.ProbeAsync(name, cancellationToken);

    public async Task<IReadOnlyList<FenceReport>> ReportAsync(CancellationToken cancellationToken) =>
        [.. (await fences.ListAsync(cancellationToken)).Select(fence => new FenceReport(fence.Volume, fence.Epoch, fence.Writer))];

    public static VolumeRecord Record(VolumeLocation volume) =>
        new(volume.Name, volume.SizeBytes, volume.StorageHost, volume.Shelf, volume.Slot, volume.LiesOn, volume.SharedGroup);
}
