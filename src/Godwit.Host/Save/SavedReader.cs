using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Godwit.Domains;
using Godwit.Relocation.Protocol;

namespace Godwit.Host.Save;

/// <summary>Reads a file of <see cref="SavedFormat"/>, and tells one that is not whole or not as it was written.</summary>
internal sealed class SavedReader : IAsyncDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Stream _file;
    private readonly string _domain, _place;
    private long _left;

    private SavedReader(Stream file, string domain, string place) => (_file, _domain, _place) = (file, domain, place);

    /// <summary>What was saved.</summary>
    public RelocationOffer Offer { get; private set; } = null!;

    /// <summary>Length of the engine's stream.</summary>
    public long StreamBytes { get; private set; }

    /// <exception cref="GodwitException">There is no file, or it is damaged.</exception>
    public static async Task<SavedReader> OpenAsync(ISavedStore store, string domain, CancellationToken cancellationToken)
    {
        var file = store.Open(domain) ?? throw new GodwitException(
            "saved-memory-missing", $"The memory of {domain} is not in {store.Place} any more.", StartCold(domain));
        var reader = new SavedReader(file, domain, store.Place);
        try
        {
            await reader.ReadHeaderAsync(cancellationToken);
            return reader;
        }
        catch (EndOfStreamException)
        {
            await reader.DisposeAsync();
            throw reader.Damaged("it is cut short");
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next bytes of the engine's stream; 0 at its end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_left == 0)
            return 0;
        var read = await _file.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        if (read == 0)
            throw Damaged("it is cut short");
        _hash.AppendData(buffer.Span[..read]);
        _left -= read;
        return read;
    }

    /// <summary>Reads what is left, and compares the digest.</summary>
    /// <exception cref="GodwitException">The file is not as it was written.</exception>
    public async Task VerifyAsync(CancellationToken cancellationToken)
    {
        var block = new byte[_left == 0 ? 0 : 1 << 20];
        while (await ReadAsync(block, cancellationToken) > 0)
        {
            // An engine that failed has not taken all of it.
        }
        var trailer = new byte[SavedFormat.TrailerLength];
        await _file.ReadExactlyAsync(trailer, cancellationToken);
        _hash.AppendData(trailer.AsSpan(0, SavedFormat.TrailerLength - SavedFormat.HashLength));
        if (!_hash.GetHashAndReset().AsSpan().SequenceEqual(trailer.AsSpan(SavedFormat.TrailerLength - SavedFormat.HashLength)))
            throw Damaged("its digest is not that of what was written");
    }

    public async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await _file.DisposeAsync();
    }

    /// <summary>What is left to a domain whose memory is lost.</summary>
    public static string StartCold(string domain) =>
        $"Its disks are untouched: `godwit destroy {domain}`, and `godwit create` starts it from them as after a power failure.";

    private async Task ReadHeaderAsync(CancellationToken cancellationToken)
    {
        var preamble = await TakeAsync(SavedFormat.PreambleLength, cancellationToken);
        if (!preamble.AsSpan().StartsWith(SavedFormat.Magic))
            throw Damaged("it does not begin as one");
        if (BinaryPrimitives.ReadInt32BigEndian(preamble.AsSpan(8)) is var version && version != SavedFormat.Version)
            throw new GodwitException("saved-by-other-version", $"The memory of {_domain} in {_place} is of format {version}; this godwitd reads {SavedFormat.Version}.", "Restore it with the version that saved it.");
        var length = BinaryPrimitives.ReadInt32BigEndian(preamble.AsSpan(12));
        if (length is <= 0 or > SavedFormat.LongestHeader)
            throw Damaged("its header has an impossible length");
        try
        {
            Offer = JsonSerializer.Deserialize(await TakeAsync(length, cancellationToken), SavedJson.Default.RelocationOffer) ?? throw Damaged("its header is empty");
        }
        catch (JsonException e)
        {
            throw Damaged($"its header cannot be read: {e.Message}");
        }
        var start = _file.Position;
        if (_file.Length < start + SavedFormat.TrailerLength)
            throw Damaged("it is cut short");
        _file.Position = _file.Length - SavedFormat.TrailerLength;
        var recorded = new byte[8];
        await _file.ReadExactlyAsync(recorded, cancellationToken);
        _file.Position = start;
        StreamBytes = _left = _file.Length - start - SavedFormat.TrailerLength;
        if (BinaryPrimitives.ReadInt64BigEndian(recorded) != StreamBytes)
            throw Damaged("it has not the length that was written");
    }

    private async Task<byte[]> TakeAsync(int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        await _file.ReadExactlyAsync(bytes, cancellationToken);
        _hash.AppendData(bytes);
        return bytes;
    }

    private GodwitException Damaged(string how) =>
        new("saved-memory-damaged", $"The memory of {_domain} in {_place} is damaged: {how}.", StartCold(_domain));
}
