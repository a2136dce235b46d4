using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>A fence's ranges as frames ask for them: sorted, with the entries of their writers. Made anew at each change.</summary>
internal sealed class RangeTable
{
    private readonly long[] _starts;
    private readonly long[] _ends;
    private readonly FenceEntry?[] _writers;
    private readonly FenceEntry[][] _barred;
    private readonly FenceEntry? _rest;
    private readonly bool _bars;

    private RangeTable(FenceState state)
    {
        var (ranges, entries) = (state.Ranges, state.Readers.ToDictionary(reader => reader.Session));
        _starts = [.. ranges.Select(range => range.Start)];
        _ends = [.. ranges.Select(range => range.End)];
        _writers = [.. ranges.Select(range => entries.GetValueOrDefault(range.Writer))];
        _barred = [.. ranges.Select(range => range.Barred.Select(entries.GetValueOrDefault).OfType<FenceEntry>().ToArray())];
        _rest = ranges.FirstOrDefault(range => range.Rest) is { } rest ? entries.GetValueOrDefault(rest.Writer) : null;
        _bars = _barred.Any(barred => barred.Length > 0);
    }

    /// <summary>Null where the disk is fenced as a whole.</summary>
    public static RangeTable? Of(FenceState? state) => state is null || state.Ranges.IsEmpty ? null : new RangeTable(state);

    /// <summary>Whether all of these sectors are the sender's to write.</summary>
    public bool MayWrite(MacAddress source, int session, long first, long count)
    {
        var end = first + count;
        for (var i = FirstThatEndsAfter(first); first < end; i++)
        {
            // Up to the next range, or to the end, lies the rest.
            var start = i < _starts.Length ? _starts[i] : long.MaxValue;
            if (first < start)
            {
                if (_rest is null || !_rest.Sent(source, session)) return false;
                if (end <= start) return true;
            }
            if (_writers[i] is not { } writer || !writer.Sent(source, session)) return false;
            first = _ends[i];
        }
        return true;
    }

    /// <summary>Whether an admitted sender has been superseded in none of these sectors.</summary>
    public bool MayRead(MacAddress source, int session, long first, long count)
    {
        if (!_bars) return true;
        for (var i = FirstThatEndsAfter(first); i < _starts.Length && _starts[i] < first + count; i++)
        {
            foreach (var barred in _barred[i])
            {
                if (barred.Sent(source, session)) return false;
            }
        }
        return true;
    }

    private int FirstThatEndsAfter(long sector)
    {
        var (low, high) = (0, _ends.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_ends[middle] > sector) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
