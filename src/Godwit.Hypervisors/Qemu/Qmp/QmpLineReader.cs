using System.Buffers;
using System.IO.Pipelines;

namespace Godwit.Hypervisors.Qemu.Qmp;

/// <summary>Cuts QEMU's output into lines, none longer than a bound: what is longer is no message of QEMU's.</summary>
internal sealed class QmpLineReader(Stream stream, int longestLine = QmpLineReader.LongestLine)
{
    /// <summary>The longest known reply (query-qmp-schema) has 200 KB.</summary>
    public const int LongestLine = 4 << 20;

    private readonly PipeReader _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 << 10));

    /// <summary>The next line without its end; null at the end of the stream.</summary>
    /// <exception cref="QmpLostException">The line is too long.</exception>
    public async ValueTask<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await _reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end).ToArray();
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }
            if (buffer.Length > longestLine)
                throw new QmpLostException($"QEMU's monitor sent more than {longestLine} bytes without the end of a line");
            _reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted) return null;
        }
    }
}
