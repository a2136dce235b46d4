namespace Godwit.Storage.Volumes.Stores;

/// <summary>Long work on the data of volumes, by the paths of their files and devices.</summary>
public interface IVolumeData
{
    /// <summary>The bytes from <paramref name="start"/> to before <paramref name="end"/> read as zeroes afterwards.</summary>
    Task ZeroAsync(string path, long start, long end, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>
    /// Copies a part into another of the same length that reads as zeroes, where holes and zeroes take no time to write and no
    /// room.
    /// </summary>
    /// <exception cref="Godwit.Domains.GodwitException"><see cref="StorageErrors.CopyFailed"/>: either side failed; it is named.</exception>
    Task CopyAsync(VolumeExtent from, VolumeExtent to, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>All that was written is on stable storage.</summary>
    Task SyncAsync(string path, CancellationToken cancellationToken);
}
