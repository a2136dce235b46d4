using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Godwit.Relocation.Protocol;

namespace Godwit.Host.Save;

/// <summary>Writes a file of <see cref="SavedFormat"/>.</summary>
internal sealed class SavedWriter(ISavedSink sink) : IAsyncDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _streamBytes, _length;

    public async Task BeginAsync(RelocationOffer offer, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(offer, SavedJson.Default.RelocationOffer);
        var preamble = new byte[SavedFormat.PreambleLength];
        SavedFormat.Magic.CopyTo(preamble);
        BinaryPrimitives.WriteInt32BigEndian(preamble.AsSpan(8), SavedFormat.Version);
        BinaryPrimitives.WriteInt32BigEndian(preamble.AsSpan(12), json.Length);
        await PutAsync(preamble, cancellationToken);
        await PutAsync(json, cancellationToken);
    }

    /// <summary>The next bytes of the engine's stream.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await PutAsync(bytes, cancellationToken);
        _streamBytes += bytes.Length;
    }

    /// <summary>The stream is complete: when this returns the file is on stable storage.</summary>
    /// <returns>Its length.</returns>
    public async Task<long> KeepAsync(CancellationToken cancellationToken)
    {
        var trailer = new byte[SavedFormat.TrailerLength];
        BinaryPrimitives.WriteInt64BigEndian(trailer, _streamBytes);
        _hash.AppendData(trailer.AsSpan(0, SavedFormat.TrailerLength - SavedFormat.HashLength));
        _hash.GetHashAndReset(trailer.AsSpan(SavedFormat.TrailerLength - SavedFormat.HashLength));
        await sink.WriteAsync(trailer, cancellationToken);
        await sink.KeepAsync(cancellationToken);
        return _length + trailer.Length;
    }

    public async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await sink.DisposeAsync();
    }

    private async Task PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _hash.AppendData(bytes.Span);
        await sink.WriteAsync(bytes, cancellationToken);
        _length += bytes.Length;
    }
}
