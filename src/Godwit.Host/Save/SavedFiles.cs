using Godwit.Domains;
using Godwit.Native.Files;

namespace Godwit.Host.Save;

/// <summary>Saved memory as files of a directory that is this process's user's alone: a guest's memory holds its keys.</summary>
public sealed class SavedFiles : ISavedStore
{
    private const string Suffix = ".memory", Part = ".part";
    private readonly string _directory;

    public SavedFiles(string directory)
    {
        _directory = directory;
        PrivateDirectory.Ensure(directory);
        foreach (var left in Directory.EnumerateFiles(directory, "*" + Part))
            File.Delete(left);
    }

    public string Place => _directory;

    public long FreeBytes => new DriveInfo(_directory).AvailableFreeSpace;

    public IReadOnlyList<string> List() =>
        [.. Directory.EnumerateFiles(_directory, "*" + Suffix).Select(path => Path.GetFileName(path)[..^Suffix.Length])];

    public ISavedSink Create(string domain) => new Sink(PathOf(domain));

    public Stream? Open(string domain)
    {
        try
        {
            return new FileStream(PathOf(domain), FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public void Remove(string domain)
    {
        var path = PathOf(domain);
        if (!File.Exists(path))
            return;
        File.Delete(path);
        StableStorage.SyncDirectory(_directory);
    }

    private string PathOf(string domain) => domain.Length > 0 && domain[0] != '.' && Path.GetFileName(domain) == domain
        ? Path.Combine(_directory, domain + Suffix)
        : throw new GodwitException("bad-name", $"The memory of a domain '{domain}' cannot be kept: its name cannot be that of a file.");

    private sealed class Sink(string path) : ISavedSink
    {
        private readonly FileStream _file = new(path + Part, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _file.WriteAsync(bytes, cancellationToken);

        public Task KeepAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _file.Flush(flushToDisk: true);
            File.Move(path + Part, path, overwrite: true);
            StableStorage.SyncDirectory(Path.GetDirectoryName(path)!);
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            await _file.DisposeAsync();
            File.Delete(path + Part);
        }
    }
}
