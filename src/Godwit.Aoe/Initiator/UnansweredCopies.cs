namespace Godwit.Aoe.Initiator;

/// <summary>
/// Copies of writes that may still reach the target, and would bring old data back if a newer write to the same sectors had been
/// executed before. Such a write waits until all copies were answered, or the lifetime is over after which no network holds a
/// frame any more. For targets that do not know tags; of Godwit's, which execute a tag once, only for writes that were given up.
/// Belongs to the lock of <see cref="FrameExchange"/>.
/// </summary>
internal sealed class UnansweredCopies(TimeProvider time, TimeSpan lifetime)
{
    private readonly List<Copies> _writes = [];

    public bool Any => _writes.Count > 0;

    /// <summary>A write is sent, for the first time or again.</summary>
    public void Sent(uint tag, long sector, long sectors, long now)
    {
        var at = Find(tag);
        if (at < 0) _writes.Add(new Copies(tag, sector, sector + sectors, 1, now, Open: true));
        else _writes[at] = _writes[at] with { Count = _writes[at].Count + 1, SentAt = now, Open = true };
    }

    /// <summary>An answer came to one of the copies.</summary>
    public void Answered(uint tag)
    {
        var at = Find(tag);
        if (at < 0) return;
        var left = _writes[at] with { Count = _writes[at].Count - 1, Open = false };
        if (left.Count > 0) _writes[at] = left;
        else RemoveAt(at);
    }

    /// <summary>Nobody waits for the write any more, but copies of it are on their way.</summary>
    public void GaveUp(uint tag, long sector, long sectors, int copies, long sentAt)
    {
        var at = Find(tag);
        if (at >= 0) _writes[at] = _writes[at] with { Open = false };
        else _writes.Add(new Copies(tag, sector, sector + sectors, copies, sentAt, Open: false));
    }

    /// <summary>Whether a new write to these sectors has to wait.</summary>
    public bool Bar(long sector, long sectors, long now)
    {
        for (var i = _writes.Count - 1; i >= 0; i--)
        {
            var write = _writes[i];
            if (sector >= write.End || sector + sectors <= write.Sector) continue;
            if (write.Open || time.GetElapsedTime(write.SentAt, now) < lifetime) return true;
            RemoveAt(i);
        }
        return false;
    }

    /// <summary>Forgets those that are too old to come.</summary>
    public void Prune(long now)
    {
        for (var i = _writes.Count - 1; i >= 0; i--)
        {
            if (!_writes[i].Open && time.GetElapsedTime(_writes[i].SentAt, now) >= lifetime) RemoveAt(i);
        }
    }

    private int Find(uint tag)
    {
        for (var i = _writes.Count - 1; i >= 0; i--)
        {
            if (_writes[i].Tag == tag) return i;
        }
        return -1;
    }

    private void RemoveAt(int at)
    {
        _writes[at] = _writes[^1];
        _writes.RemoveAt(_writes.Count - 1);
    }

    /// <param name="Open">Whether somebody waits for the answer: two writes of the same sectors are not under way at a time.</param>
    private readonly record struct Copies(uint Tag, long Sector, long End, int Count, long SentAt, bool Open);
}
