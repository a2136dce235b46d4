using System.Buffers;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Channel;

/// <summary>Carries what an engine says to the other side, and counts it.</summary>
/// <param name="engine">What it says.</param>
/// <param name="channel">The line to the other side.</param>
/// <param name="shorten">The other side knows zeros by their number: some engines send every page, also those that were never used.</param>
internal sealed class EnginePump(Stream engine, IRelocationChannel channel, bool shorten)
{
    /// <summary>Large blocks: engines write the stream in pieces of 32 KiB and more, and each costs a wake-up.</summary>
    private const int BlockLength = 256 * 1024;

    public long Bytes { get; private set; }

    /// <summary>Runs to the end of the engine's stream; an engine that breaks off ends it too.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Apart.RunAsync(() => PumpAsync(cancellationToken));

    private async Task<bool> PumpAsync(CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockLength);
        try
        {
            int read;
            while ((read = await ReadAsync(block, cancellationToken)) > 0)
            {
                await SendAsync(block.AsMemory(0, read), cancellationToken);
                Bytes += read;
            }
            await channel.SendAsync(new RelocationMessage.EngineEnd(), cancellationToken);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var (start, length) = shorten ? ZeroRun.FindFirst(bytes.Span) : new ZeroRun(bytes.Length, 0);
            if (start > 0)
                await channel.SendAsync(new RelocationMessage.EngineBytes(bytes[..start]), cancellationToken);
            if (length > 0)
                await channel.SendAsync(new RelocationMessage.EngineZeros(length), cancellationToken);
            bytes = bytes[(start + length)..];
        }
    }

    // What an engine's broken socket means is told by the engine's own event; here it is just the end.
    private async ValueTask<int> ReadAsync(byte[] block, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.ReadAsync(block.AsMemory(0, BlockLength), cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
