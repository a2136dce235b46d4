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

    public GroupDefinition Definition { get; } = GroupDefinition.OfDirectory(group, directory);

    public string PathOf(string volume) => Path.Combine(directory, volume);

    public Task<NewVolume> BeginAsync(string volume, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken) =>
        Task.FromResult(Begin(volume, sizeBytes));

    public Task<NewVolume?> TryBeginCopyAsync(string source, string volume, long sizeBytes, CancellationToken cancellationToken)
    {
        var begun = Begin(volume, sizeBytes);
        try
        {
            using var from = File.OpenHandle(PathOf(source), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = File.OpenHandle(begun.Path, FileMode.Open, FileAccess.ReadWrite);
            if (SparseFile.TryShare(from, to))
                return Task.FromResult<NewVolume?>(begun);
        }
        catch
        {
            VolumeFile.Delete(begun.Path);
            throw;
        }
        VolumeFile.Delete(begun.Path);
        return Task.FromResult<NewVolume?>(null);
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

    public Task ActivateAsync(string volume, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<long> ResizeAsync(string volume, long sizeBytes, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(PathOf(volume), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        VolumeFile.SetSize(file, PathOf(volume), sizeBytes);
        return Task.FromResult(sizeBytes);
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

    public Task<GroupReport> ReportAsync(CancellationToken cancellationToken)
    {
        try
        {
            // One is asked for what is there already, or will be with the first volume.
            Directory.CreateDirectory(directory);
            var drive = new DriveInfo(directory);
            return Task.FromResult(new GroupReport(drive.TotalSize, drive.AvailableFreeSpace, directory));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException(StorageErrors.NoSuchGroup, $"{directory} cannot hold volumes: {e.Message}", "Give a directory that can be made and written to.", e);
        }
    }

    private NewVolume Begin(string volume, long sizeBytes)
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
        return new NewVolume(UnfinishedOf(volume), sizeBytes);
    }

    private string UnfinishedOf(string volume) => Path.Combine(directory, $".{volume}{UnfinishedEnd}");
}
