using System.Buffers;
using System.IO.Pipelines;

namespace Godwit.Nbd;

/// <summary>Whole pieces from a pipe, whose lengths were checked before.</summary>
internal static class PipeReading
{
    /// <summary>Fills the buffer.</summary>
    /// <returns>False when the stream ends before the first byte.</returns>
    /// <exception cref="EndOfStreamException">The stream ends within the piece.</exception>
    public static async ValueTask<bool> ReadExactlyAsync(
        this PipeReader reader, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length - filled));
            piece.CopyTo(buffer.Span[filled..]);
            filled += (int)piece.Length;
            reader.AdvanceTo(piece.End);
            if (filled == buffer.Length || !result.IsCompleted) continue;
            return filled == 0 ? false : throw new EndOfStreamException("the stream ends within a message");
        }
        return true;
    }

    /// <summary>Reads over bytes that nobody wants.</summary>
    public static async ValueTask SkipAsync(this PipeReader reader, long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, count));
            count -= piece.Length;
            reader.AdvanceTo(piece.End);
            if (count > 0 && result.IsCompleted) throw new EndOfStreamException("the stream ends within a message");
        }
    }
}
