using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Volumes;

namespace Godwit.Storage.Fences;

/// <summary>
/// The fences of a storage host's volumes, as its API serves them. The name of the calling host comes from its
/// certificate and from nowhere else.
/// </summary>
public sealed class VolumeFences(VolumeService volumes, VolumeExports exports)
{
    public async Task<int> AdmitAsync(
        VolumeName volume, string host, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken)
    {
        if (macs.IsDefaultOrEmpty)
        {
            throw new GodwitException(
                "no-storage-address", $"{host} names no Ethernet address on the storage network.", "Set [storage] interface in its godwitd.toml.");
        }
        using var admitting = volumes.Admitting(volume);
        return await AskAsync(volume, export => export.AdmitAsync(host, [.. macs.Select(mac => mac.ToString())], cancellationToken, sessionless));
    }

    /// <summary>Returns the epoch that held the writer's role before.</summary>
    public async Task<long> FenceAsync(VolumeName volume, string host, long epoch, int session, CancellationToken cancellationToken) =>
        (await AskAsync(volume, export => export.FenceAsync(host, epoch, session, cancellationToken))).PreviousEpoch;

    /// <summary>The same for parts of the volume, of all or none; with <paramref name="free"/> only where nobody has them.</summary>
    public async Task<long> FenceAsync(
        VolumeName volume, string host, long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken)
    {
        CheckSound(sectors);
        using var taking = volumes.Taking(volume, sectors);
        return (await AskAsync(volume, export => export.FenceAsync(host, epoch, session, sectors, cancellationToken, free))).PreviousEpoch;
    }

    /// <summary>A session that was superseded in parts of the volume reads them again.</summary>
    public Task ReturnAsync(VolumeName volume, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken)
    {
        CheckSound(sectors);
        return AskAsync(volume, export => export.ReturnAsync(host, session, sectors, cancellationToken));
    }

    /// <summary>Gives up the writer's role of parts of the volume.</summary>
    public Task ReleaseAsync(VolumeName volume, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken)
    {
        CheckSound(sectors);
        return AskAsync(volume, export => export.ReleaseAsync(host, session, sectors, cancellationToken));
    }

    /// <summary>Parts of the volume are none any more, at the word of the one who has the lock of the group that lies on it.</summary>
    public Task ForgetAsync(VolumeName volume, string host, int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken)
    {
        CheckSound(sectors);
        return AskAsync(volume, export => export.ForgetAsync(host, session, sectors, cancellationToken));
    }

    public Task ReleaseAsync(VolumeName volume, string host, int session, CancellationToken cancellationToken) =>
        AskAsync(volume, export => export.ReleaseAsync(host, session, cancellationToken));

    /// <summary>
    /// Succeeds when a writer would be served now. An export that runs and serves no writes, because its fence or its
    /// medium is damaged, fails: a guest that was stopped on its word could not go on anywhere.
    /// </summary>
    public async Task ProbeAsync(VolumeName volume, CancellationToken cancellationToken)
    {
        var status = await AskAsync(volume, export => export.StatusAsync(cancellationToken));
        if (!status.ServesWrites)
        {
            throw new GodwitException(
                StorageErrors.Unreachable, $"{volume} is exported, and serves no writes: {status.Problem ?? "it is read-only"}.",
                $"`godwit-aoe export` of {status.Device} on the storage host logged what it found.");
        }
    }

    /// <summary>Who holds each volume of this host, and under which epoch.</summary>
    public async Task<ImmutableArray<VolumeFence>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await Task.WhenAll(volumes.List().Select(async volume =>
        {
            var status = await AskAsync(volume.Name, export => export.StatusAsync(cancellationToken));
            return SharedOf(volume, status).Prepend(new VolumeFence(volume.Name, status.Epoch, status.Writer?.Host));
        }))).SelectMany(fences => fences)];

    /// <summary>Who holds the volumes of the group that lies on one.</summary>
    private IEnumerable<VolumeFence> SharedOf(VolumeLocation device, ExportStatus status)
    {
        foreach (var location in volumes.ListShared().Where(location => location.LiesOn == device.Name))
        {
            var (_, volume) = volumes.FindShared(location.Name);
            var held = status.Ranges.Where(range => volume.LiesIn([new SectorRange(range.Start, range.Length, range.Rest)])).ToList();
            // Of several extents one host has all or none.
            var writer = held.Count > 0 ? status.Readers.FirstOrDefault(reader => held.All(range => range.Writer == reader.Session)) : null;
            yield return new VolumeFence(location.Name, held.Select(range => range.Epoch).DefaultIfEmpty(0).Max(), writer?.Host);
        }
    }

    private static void CheckSound(ImmutableArray<SectorRange> sectors)
    {
        if (sectors.IsDefaultOrEmpty || !sectors.All(range => range.IsSound))
            throw new GodwitException("bad-range", "That names no sectors of a disk.", "Give a start and a length, in sectors of 512 bytes.");
    }

    private Task<bool> AskAsync(VolumeName volume, Func<ExportControlClient, Task> ask) => AskAsync(volume, async export =>
    {
        await ask(export);
        return true;
    });

    private async Task<T> AskAsync<T>(VolumeName volume, Func<ExportControlClient, Task<T>> ask)
    {
        var entry = volumes.Find(volume);
        try
        {
            return await ask(exports.Control(entry));
        }
        catch (AoeControlException e) when (e.Code is AoeControlCode.NotRunning or AoeControlCode.NoFenceState or AoeControlCode.StateNotSaved)
        {
            throw new GodwitException(StorageErrors.Unreachable, $"{volume} is not served at the moment: {e.Message}", e.Remedy, e);
        }
    }
}

/// <summary>The fence of a volume: the greatest epoch that it has seen, and the host that has the writer's role.</summary>
public sealed record VolumeFence(VolumeName Volume, long Epoch, string? Writer);
