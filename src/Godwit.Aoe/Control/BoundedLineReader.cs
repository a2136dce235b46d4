using System.Text;

namespace Godwit.Aoe.Control;

/// <summary>Lines of UTF-8 text from a stream; one that does not end in time is an error, not a growing buffer.</summary>
public sealed class BoundedLineReader(Stream stream, int longest) : IDisposable
{
    private readonly StreamReader _reader = new(stream, Encoding.UTF8, false, 1024, leaveOpen: true);
    private readonly char[] _buffer = new char[1024];
    private readonly StringBuilder _line = new();
    private int _start;
    private int _end;

    /// <returns>The line without its end; null at the end of the stream. An unfinished last line does not count.</returns>
    /// <exception cref="IOException">The line is longer than allowed, or the stream broke.</exception>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        _line.Clear();
        while (true)
        {
            var newline = Array.IndexOf(_buffer, '\n', _start, _end - _start);
            var taken = newline < 0 ? _end - _start : newline - _start;
            if (_line.Length + taken > longest)
                throw new IOException($"a line is longer than {longest} characters");
            _line.Append(_buffer, _start, taken);
            if (newline >= 0)
            {
                _start = newline + 1;
                return _line.ToString();
            }
            _start = 0;
            _end = await _reader.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false);
            if (_end == 0) return null;
        }
    }

    public void Dispose() => _reader.Dispose();
}
