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
            // A large buffer: what computes the digest asks for a few kilobytes at a time, and each that reaches the file costs a change of thread.
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BlockLength);
            var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
            if (Find(digest) is not null)
                return digest;
            file.Position = 0;
            await using var sink = Create(digest, file.Length);
            var block = new byte[BlockLength];
            int read;
            while ((read = await file.ReadAsync(block, cancellationToken)) > 0)
                await sink.WriteAsync(block.AsMemory(0, read), cancellationToken);
            await sink.KeepAsync(cancellationToken);
            return digest;
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

    public IBootFileSink Create(string digest, long length) => length is > 0 and <= MaxLength
        ? new Sink(PathOf(digest), digest, length)
        : throw new GodwitException("bad-boot-file", $"A boot file of {length} bytes was offered; between 1 and {MaxLength} are allowed.");

    private string PathOf(string digest) => digest.Length == 64 && digest.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(_directory, digest)
        : throw new GodwitException("bad-boot-file", "A boot file is named by its SHA-256 in lower-case hexadecimal.");

    private sealed class Sink : IBootFileSink
    {
        private readonly string _path;
        private readonly string _part;
        private readonly string _digest;
        private readonly long _length;
        private readonly FileStream _file;
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _written;

        public Sink(string path, string digest, long length)
        {
            (_path, _digest, _length) = (path, digest, length);
            // Two domains with the same kernel may arrive at once: each writes its own part.
            _part = $"{path}.{Path.GetRandomFileName()}.part";
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
            if (Convert.ToHexStringLower(_hash.GetHashAndReset()) != _digest)
                throw Wrong("bytes with another SHA-256");
            await _file.FlushAsync(cancellationToken);
            _file.Flush(flushToDisk: true);
            File.Move(_part, _path, overwrite: true);
            return true;
        }

        public async ValueTask DisposeAsync()
        {
            await _file.DisposeAsync();
            _hash.Dispose();
            File.Delete(_part);
        }

        private GodwitException Wrong(string what) =>
            new("bad-boot-file", $"The boot file {_digest[..12]}… came with {what}; it was not kept.", "Migrate again.");
    }
}
