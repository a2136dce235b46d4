using System.Security.Cryptography;
using Godwit.Domains;
using Godwit.Relocation.Destination;

namespace Godwit.Host.Create;

/// <summary>The boot store as a directory of files named by their digest.</summary>
public sealed class BootStore : IBootStore
{
    /// <summary>Longest boot file taken from another host, in bytes; real ones are below 200 MiB.</summary>
    private const long MaxLength = 1L << 30;

    private const int BlockLength = 1 << 20;

    private readonly string _directory;

    public BootStore(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        foreach (var left in Directory.EnumerateFiles(directory, "*.part"))
            File.Delete(left);
    }

    public async Task<string> AddAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            // Read once: what it is named by is known at its end.
            await using var sink = new Sink(_directory, null, Bounded(file.Length));
            var block = new byte[BlockLength];
            int read;
            while ((read = await file.ReadAsync(block, cancellationToken)) > 0)
                await sink.WriteAsync(block.AsMemory(0, read), cancellationToken);
            return await sink.KeepUnderItsDigestAsync(cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new GodwitException(
                "no-such-boot-file",
                $"The kernel or ramdisk {path} cannot be read on this host: {e.Message}",
                "Give the path of a file that exists here; /boot holds those of the installed kernels.",
                e);
        }
    }

    public string? Find(string digest)
    {
        var path = PathOf(digest);
        return File.Exists(path) ? path : null;
    }

    public IBootFileSink Create(string digest, long length) => new Sink(_directory, PathOf(digest), Bounded(length));

    // Also of a file of this host: no other would take it.
    private static long Bounded(long length) => length is > 0 and <= MaxLength
        ? length
        : throw new GodwitException("bad-boot-file", $"A boot file of {length} bytes was offered; between 1 and {MaxLength} are allowed.");

    private string PathOf(string digest) => digest.Length == 64 && digest.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(_directory, digest)
        : throw new GodwitException("bad-boot-file", "A boot file is named by its SHA-256 in lower-case hexadecimal.");

    private sealed class Sink : IBootFileSink
    {
        private readonly string _directory;
        private readonly string? _path;
        private readonly string _part;
        private readonly long _length;
        private readonly FileStream _file;
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _written;

        /// <param name="directory">Where it is kept.</param>
        /// <param name="path">What its digest will have to be, as its path; null: that is not known before its end.</param>
        /// <param name="length">Most bytes that it may have.</param>
        public Sink(string directory, string? path, long length)
        {
            (_directory, _path, _length) = (directory, path, length);
            // Two domains with the same kernel may arrive at once: each writes its own part.
            _part = Path.Combine(directory, Path.GetRandomFileName() + ".part");
            _file = new FileStream(_part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
        }

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            if (_written + bytes.Length > _length)
                throw Wrong($"more than the {_length} bytes that were announced");
            _hash.AppendData(bytes.Span);
            await _file.WriteAsync(bytes, cancellationToken);
            _written += bytes.Length;
        }

        public async Task<bool> KeepAsync(CancellationToken cancellationToken)
        {
            if (_written < _length)
                return false;
            if (TakeDigest() != Path.GetFileName(_path))
                throw Wrong("bytes with another SHA-256");
            await MoveAsync(_path!, cancellationToken);
            return true;
        }

        /// <returns>The digest.</returns>
        public async Task<string> KeepUnderItsDigestAsync(CancellationToken cancellationToken)
        {
            var digest = TakeDigest();
            var path = Path.Combine(_directory, digest);
            if (!File.Exists(path))
                await MoveAsync(path, cancellationToken);
            return digest;
        }

        public async ValueTask DisposeAsync()
        {
            _hash.Dispose();
            try
            {
                await _file.DisposeAsync();
            }
            catch (IOException)
            {
                // What a full disk did not take is still to be written then; what was kept is on the disk already.
            }
            File.Delete(_part);
        }

        private string TakeDigest() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        private async Task MoveAsync(string path, CancellationToken cancellationToken)
        {
            await _file.FlushAsync(cancellationToken);
            _file.Flush(flushToDisk: true);
            File.Move(_part, path, overwrite: true);
        }

        private GodwitException Wrong(string what) =>
            new("bad-boot-file", $"The boot file {Path.GetFileName(_path)?[..12]}… came with {what}; it was not kept.", "Migrate again.");
    }
}
