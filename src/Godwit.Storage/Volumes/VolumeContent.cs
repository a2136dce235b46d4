namespace Godwit.Storage.Volumes;

/// <summary>How far a long work on a volume's data has come, in bytes.</summary>
public readonly record struct WorkProgress(long Done, long Total);

/// <summary>
/// Fills a new volume before anybody is served it. It is synced by the caller afterwards; where it throws, or is cancelled,
/// nothing of the volume is left.
/// </summary>
/// <param name="path">File or block device of the volume, which reads as zeroes and has the size that was asked for at least.</param>
/// <param name="progress">Takes how far it has come, as often as there is something to tell.</param>
/// <param name="cancellationToken">Gives up.</param>
public delegate Task VolumeContent(string path, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

/// <summary>For whoever does not want to know.</summary>
public sealed class NoProgress : IProgress<WorkProgress>
{
    public static readonly NoProgress Instance = new();

    public void Report(WorkProgress value)
    {
    }
}
