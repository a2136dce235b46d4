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

    public Task ReleaseAsync(VolumeName volume, string host, int session, CancellationToken cancellationToken) =>
        AskAsync(volume, async export =>
        {
            await export.ReleaseAsync(host, session, cancellationToken);
            return true;
        });

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
        [.. await Task.WhenAll(volumes.List().Select(async volume =>
        {
            var status = await AskAsync(volume.Name, export => export.StatusAsync(cancellationToken));
            return new VolumeFence(volume.Name, status.Epoch, status.Writer?.Host);
        }))];

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
