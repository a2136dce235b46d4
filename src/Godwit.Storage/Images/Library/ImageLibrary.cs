using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Native.Files;

namespace Godwit.Storage.Images.Library;

/// <summary>The images of a storage host.</summary>
/// <code>
/// DIRECTORY/NAME/disk.raw     the disk, sparse
///                image.json   what it is (ImageRecord)
/// DIRECTORY/.NAME.new/        one in the making; what a daemon that died has left is removed by the next one
/// </code>
/// An image is complete from the moment it has its name, and nobody changes it afterwards.
public sealed class ImageLibrary
{
    private const string RecordFile = "image.json";
    private const string DiskFile = "disk.raw";
    private readonly string _directory;
    private readonly ConcurrentDictionary<string, bool> _making = [];

    public ImageLibrary(string directory)
    {
        _directory = directory;
        PrivateDirectory.Ensure(directory);
        foreach (var left in Directory.GetDirectories(directory, ".*.new"))
            TryDelete(left);
    }

    public ImmutableArray<ImageRecord> List() =>
    [
        .. Directory.EnumerateDirectories(_directory)
            .Select(directory => Path.Combine(directory, RecordFile))
            .Where(path => !path.Contains("/.", StringComparison.Ordinal) && File.Exists(path))
            .Select(Read).OrderBy(image => image.Name, StringComparer.Ordinal),
    ];

    /// <exception cref="GodwitException">There is no such image; the remedy names the nearest.</exception>
    public ImageRecord Find(string name)
    {
        var path = Path.Combine(_directory, ImageName.Parse(name), RecordFile);
        return File.Exists(path) ? Read(path) : throw NoSuch(name, List().Select(image => image.Name));
    }

    /// <summary>The file with the disk of an image that there is.</summary>
    public string DiskOf(ImageRecord image) => Path.Combine(_directory, image.Name, DiskFile);

    /// <summary>Removes an image. Whoever copies its disk at this moment has it open, and gets all of it.</summary>
    public void Delete(string name)
    {
        var image = Find(name);
        // First out of the list, in one step; a daemon that dies now removes the rest at its next start.
        var away = Path.Combine(_directory, $".{image.Name}.{Path.GetRandomFileName()}.new");
        Directory.Move(Path.Combine(_directory, image.Name), away);
        StableStorage.SyncDirectory(_directory);
        Directory.Delete(away, recursive: true);
    }

    /// <summary>Takes a name for an image that is to be made.</summary>
    /// <exception cref="GodwitException">There is such an image, or somebody is making it.</exception>
    public UnfinishedImage Begin(string name)
    {
        ImageName.Parse(name);
        if (!_making.TryAdd(name, true))
            throw new GodwitException(ImageErrors.ImageBusy, $"The image {name} is being made.", "Wait for it, or choose another name.");
        try
        {
            if (Path.Exists(Path.Combine(_directory, name)))
                throw new GodwitException(ImageErrors.ImageExists, $"There is an image {name} already.", $"Choose another name, or remove that one: `godwit image delete {name}`.");
            var place = Path.Combine(_directory, $".{name}.new");
            if (Directory.Exists(place))
                Directory.Delete(place, recursive: true);
            PrivateDirectory.Ensure(place);
            return new UnfinishedImage(place, Path.Combine(_directory, name), () => _making.TryRemove(name, out _));
        }
        catch
        {
            _making.TryRemove(name, out _);
            throw;
        }
    }

    public static GodwitException NoSuch(string name, IEnumerable<string> known) => new(
        ImageErrors.NoSuchImage, $"There is no image {name}.",
        Nearest.To(name, known) is { } near ? $"Did you mean {near}?" : "`godwit image list` shows those there are; `godwit image build` and `godwit image import` make one.");

    // A program that outlived its daemon may still write there, until it misses what was removed: the next start removes the rest.
    private static void TryDelete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (IOException)
        {
            return;
        }
    }

    private static ImageRecord Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ImageJson.Default.ImageRecord)!;
        }
        catch (JsonException e)
        {
            throw new GodwitException("bad-image-record", $"{path} is not the description of an image: {e.Message}", "Remove its directory, and make the image anew.", e);
        }
    }

    /// <summary>An image in the making: its directory is there until it is kept, or thrown away.</summary>
    public sealed class UnfinishedImage(string directory, string final, Action release) : IDisposable
    {
        private bool _kept;

        public string DiskPath { get; } = Path.Combine(directory, DiskFile);

        /// <summary>Where other files and directories may lie until the image is finished; they are not kept.</summary>
        public string Scratch(string name) => Path.Combine(directory, name);

        /// <summary>The image is in the list from now on, and outlives a power loss.</summary>
        public void Keep(ImageRecord record)
        {
            foreach (var other in Directory.EnumerateFileSystemEntries(directory).Where(entry => entry != DiskPath))
            {
                if (Directory.Exists(other)) Directory.Delete(other, recursive: true);
                else File.Delete(other);
            }
            using (var disk = File.OpenHandle(DiskPath, FileMode.Open, FileAccess.ReadWrite))
                StableStorage.Sync(disk);
            StableStorage.Replace(Path.Combine(directory, RecordFile), JsonSerializer.SerializeToUtf8Bytes(record, ImageJson.Default.ImageRecord));
            Directory.Move(directory, final);
            _kept = true;
            StableStorage.SyncDirectory(Path.GetDirectoryName(final)!);
        }

        public void Dispose()
        {
            try
            {
                if (!_kept && Directory.Exists(directory))
                    Directory.Delete(directory, recursive: true);
            }
            finally
            {
                release();
            }
        }
    }
}
