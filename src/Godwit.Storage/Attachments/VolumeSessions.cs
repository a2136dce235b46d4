using System.Collections.Immutable;
using System.Globalization;
using Godwit.Domains;
using Godwit.Storage.Volumes;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage.Attachments;

/// <summary>This host's stays at volumes of the pool, as their storage hosts know them.</summary>
/// <param name="endpoints">The storage hosts.</param>
/// <param name="macs">Ethernet addresses of this host on the storage network.</param>
/// <param name="log">Takes what could not be given up.</param>
internal sealed class VolumeSessions(IVolumeEndpoints endpoints, ImmutableArray<MacAddress> macs, ILogger log)
{
    /// <param name="disk">A volume of the pool.</param>
    /// <param name="sessionless">Its frames will carry no session.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    public Task<int> AdmitAsync(DiskIdentity disk, bool sessionless, CancellationToken cancellationToken) =>
        endpoints.AdmitAsync(Locate(disk), macs, sessionless, cancellationToken);

    /// <summary>Who never writes takes no writer's role.</summary>
    public Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken) => disk.ReadOnly
        ? Task.FromResult(0L)
        : endpoints.FenceAsync(Locate(disk.Disk), epoch, disk.Session, cancellationToken);

    public Task ProbeAsync(DiskIdentity disk, CancellationToken cancellationToken) => endpoints.ProbeAsync(Locate(disk), cancellationToken);

    /// <summary>One that cannot be given up is left: the next admission of this host replaces it.</summary>
    public async Task ReleaseAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        try
        {
            await endpoints.ReleaseAsync(Locate(disk.Disk), disk.Session, cancellationToken);
        }
        catch (GodwitException e)
        {
            Log.NotReleased(log, disk.Domain, disk.Disk.Name, e);
        }
    }

    /// <summary>Address on the storage network, as in <c>e0.1</c>.</summary>
    public static string AddressOf(DiskIdentity disk) => AddressOf(disk.Shelf, disk.Slot);

    /// <inheritdoc cref="AddressOf(DiskIdentity)"/>
    public static string AddressOf(VolumeLocation volume) => AddressOf(volume.Shelf, volume.Slot);

    private static string AddressOf(int shelf, int slot) => string.Create(CultureInfo.InvariantCulture, $"e{shelf}.{slot}");

    private static VolumeLocation Locate(DiskIdentity disk) =>
        new(VolumeName.Parse(disk.Name), disk.SizeBytes, disk.StorageHost!, disk.Shelf, disk.Slot);
}
