using Godwit.Domains;
using Godwit.Native.Files;

namespace Godwit.Storage.Volumes.Stores;

/// <summary>
/// Volumes that are sparse files of one directory. An unfinished one is <c>.NAME.new</c> there: no volume's name begins
/// with a dot.
/// </summary>
public sealed class DirectoryStore(string group, string directory) : IVolumeStore
{
    private const string UnfinishedEnd = ".new";

    public string Group => group;

    public string PathOf(string volume) => Path.Combine(directory, volume);

    public Task<NewVolume> BeginAsync(string volume, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        if (Path.Exists(PathOf(volume)))
        {
            throw new GodwitException(
                StorageErrors.VolumeExists, $"{PathOf(volume)} is there already, and no volume of the pool.", "Remove it, or choose another name.");
        }
        Directory.CreateDirectory(directory);
        // One that is there was left by a daemon that died: nobody else changes this volume now.
        File.Delete(UnfinishedOf(volume));
        VolumeFile.Create(UnfinishedOf(volume), sizeBytes);
        return Task.FromResult(new NewVolume(UnfinishedOf(volume), sizeBytes));
    }

    public Task FinishAsync(string volume, CancellationToken cancellationToken)
    {
        if (!File.Exists(UnfinishedOf(volume)))
            return Task.CompletedTask;
        using (var file = File.OpenHandle(UnfinishedOf(volume), FileMode.Open, FileAccess.ReadWrite))
            StableStorage.Sync(file);
        File.Move(UnfinishedOf(volume), PathOf(volume));
        StableStorage.SyncDirectory(directory);
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string volume, CancellationToken cancellationToken)
    {
        VolumeFile.Delete(UnfinishedOf(volume));
        VolumeFile.Delete(PathOf(volume));
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> ListUnfinishedAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>(
        Directory.Exists(directory)
            ? [.. Directory.EnumerateFiles(directory, ".*" + UnfinishedEnd).Select(path => Path.GetFileName(path)[1..^UnfinishedEnd.Length])]
            : []);

    private string UnfinishedOf(string volume) => Path.Combine(directory, $".{volume}{UnfinishedEnd}");
}
