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
    public Task<int> AdmitAsync(VolumeName volume, string host, ImmutableArray<MacAddress> macs, CancellationToken cancellationToken)
    {
        if (macs.IsDefaultOrEmpty)
        {
            throw new GodwitException(
                "no-storage-address", $"{host} names no Ethernet address on the storage network.", "Set [storage] interface in its godwitd.toml.");
        }
        return Control(volume).AdmitAsync(host, [.. macs.Select(mac => mac.ToString())], cancellationToken);
    }

    /// <summary>Returns the epoch that held the writer's role before.</summary>
    public async Task<long> FenceAsync(VolumeName volume, string host, long epoch, int session, CancellationToken cancellationToken) =>
        (await Control(volume).FenceAsync(host, epoch, session, cancellationToken)).PreviousEpoch;

    public Task ReleaseAsync(VolumeName volume, string host, int session, CancellationToken cancellationToken) =>
        Control(volume).ReleaseAsync(host, session, cancellationToken);

    public Task ProbeAsync(VolumeName volume, CancellationToken cancellationToken) => Control(volume).StatusAsync(cancellationToken);

    private ExportControlClient Control(VolumeName volume) => exports.Control(volumes.Find(volume));
}
