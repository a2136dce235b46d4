using Godwit.Domains;

namespace Godwit.Storage.Volumes.Stores;

/// <summary>
/// Where the volumes of one group lie. A new volume is unfinished at first: it has another name or mark then, by which the
/// next start of the daemon knows that it is to be removed. Calls for one volume come one at a time.
/// </summary>
public interface IVolumeStore
{
    /// <summary>The group: first part of its volumes' names.</summary>
    string Group => Definition.Name;

    GroupDefinition Definition { get; }

    /// <summary>File or device of a volume, once it is finished.</summary>
    string PathOf(string volume);

    /// <summary>Makes a volume that reads as zeroes, unfinished. On failure there is none.</summary>
    /// <exception cref="GodwitException">Something of that name is there, or the store does not take the size.</exception>
    Task<NewVolume> BeginAsync(string volume, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>
    /// Makes an unfinished volume with what another volume of the group holds at one moment, while that one may be written to;
    /// it takes no time to speak of.
    /// </summary>
    /// <returns>Null, and nothing was made, where this store can only copy.</returns>
    Task<NewVolume?> TryBeginCopyAsync(string source, string volume, long sizeBytes, CancellationToken cancellationToken);

    /// <summary>The unfinished volume is a volume now, and outlives a power loss with its data. Repeating it is harmless.</summary>
    Task FinishAsync(string volume, CancellationToken cancellationToken);

    /// <summary>Sees to it that a volume can be opened: it may not be after a restart of the host.</summary>
    Task ActivateAsync(string volume, CancellationToken cancellationToken);

    /// <summary>Gives a volume another size; what is new reads as zeroes, what no longer fits is lost. On failure it is as before.</summary>
    /// <returns>Its size now: what was asked for, made up to what the store can give.</returns>
    Task<long> ResizeAsync(string volume, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>Removes a volume, finished or not, that nobody has open. One that is not there is no error.</summary>
    Task DeleteAsync(string volume, CancellationToken cancellationToken);

    /// <summary>Volumes that were begun and not finished, by whoever did so.</summary>
    Task<IReadOnlyList<string>> ListUnfinishedAsync(CancellationToken cancellationToken);

    /// <exception cref="GodwitException">The group is not there, or cannot be used.</exception>
    Task<GroupReport> ReportAsync(CancellationToken cancellationToken);
}

/// <summary>An unfinished volume.</summary>
/// <param name="Path">Its file or device, until it is finished.</param>
/// <param name="SizeBytes">Its size: what was asked for, made up to what the store can give.</param>
public readonly record struct NewVolume(string Path, long SizeBytes);

/// <summary>How full a group is.</summary>
/// <param name="SizeBytes">What it can hold in all.</param>
/// <param name="FreeBytes">What is left of it.</param>
/// <param name="Place">Directory, volume group or thin pool, for a person.</param>
public sealed record GroupReport(long SizeBytes, long FreeBytes, string Place);
