using System.Security.Cryptography;
using System.Text;

namespace Godwit.Storage.Images;

/// <summary>
/// Keeps what was built once. An entry is a directory named by a hash of all that went into it, complete from the
/// moment it has that name; nobody changes it afterwards.
/// </summary>
public sealed class ImageCache
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);
    private readonly string _directory;

    /// <param name="directory">Null takes <c>GODWIT_CACHE</c> of the environment, else /var/cache/godwit/images.</param>
    public ImageCache(string? directory = null) => _directory =
        directory ?? Environment.GetEnvironmentVariable("GODWIT_CACHE") ?? "/var/cache/godwit/images";

    /// <summary>
    /// The directory of an entry, built now if it was not there. Of several builders, in any program, one builds and
    /// the others wait for it.
    /// </summary>
    /// <param name="name">What a person calls the entry.</param>
    /// <param name="recipe">All that determines the content: another recipe is another entry.</param>
    /// <param name="build">Fills the directory it is given.</param>
    public async Task<string> GetAsync(
        string name, IEnumerable<string> recipe, Func<string, CancellationToken, Task> build, CancellationToken ct)
    {
        var entry = Path.Combine(_directory, $"{name}-{Hash(recipe)}");
        if (Directory.Exists(entry)) return entry;
        Directory.CreateDirectory(_directory);
        await using var only = await LockAsync(entry + ".lock", ct).ConfigureAwait(false);
        if (Directory.Exists(entry)) return entry;

        // Left by a builder that was killed: we hold its lock, so it is nobody's.
        var unfinished = entry + ".new";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        try
        {
            await build(unfinished, ct).ConfigureAwait(false);
            Directory.Move(unfinished, entry);
        }
        finally
        {
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        }
        return entry;
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(Retry, ct).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Each part is preceded by its length, so that no two recipes run together to the same text.</summary>
    private static string Hash(IEnumerable<string> recipe)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in recipe)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
