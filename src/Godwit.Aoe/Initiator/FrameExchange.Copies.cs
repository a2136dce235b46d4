using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Initiator;

/// <content>Writes that wait for the copies of others, see <see cref="UnansweredCopies"/>.</content>
internal sealed partial class FrameExchange
{
    // Whether the next frame of a request is a write that has to wait. Others overtake it: nothing orders requests that are
    // under way together.
    private bool IsBarred(IoRequest request)
    {
        if (!request.IsWrite || request.Urgent) return false;
        var (sector, sectors) = request.IsTrim
            ? Everything
            : (request.FirstSector + request.Issued, Math.Min(request.Sectors - request.Issued, _sectorsPerFrame));
        return _copies.Bar(sector, sectors, _time.GetTimestamp());
    }

    private void TakeUpAside()
    {
        for (var i = 0; i < _aside.Count;)
        {
            var request = _aside[i];
            if (!request.Completed && IsBarred(request))
            {
                i++;
                continue;
            }
            _aside.RemoveAt(i);
            if (!request.Completed) _pending.Enqueue(request);
        }
    }

    private void NoteCopy(FrameSlot slot, long now)
    {
        var (sector, sectors) = Reach(slot);
        _copies.Sent(slot.Tag, sector, sectors, now);
    }

    /// <summary>The tag of a slot is not used any more, and what was sent under it may still come to the target.</summary>
    private void GiveUpCopies(FrameSlot slot)
    {
        if (slot.Tries == 0 || !slot.Request!.IsWrite) return;
        var (sector, sectors) = Reach(slot);
        _copies.GaveUp(slot.Tag, sector, sectors, slot.Tries, slot.SentAt);
    }

    // A trim has its ranges in its data: it reaches anything.
    private static (long Sector, long Sectors) Reach(FrameSlot slot) => slot.Request!.IsTrim ? Everything : (slot.Lba, slot.Sectors);

    private static (long Sector, long Sectors) Everything => (0, long.MaxValue);

    // The paths that could carry the frame are gone: its sectors go in smaller ones, under tags of their own.
    private bool TryCutAnew(FrameSlot slot)
    {
        var (request, lba, sectors, at) = (slot.Request!, slot.Lba, slot.Sectors, slot.At);
        if (_sectorsPerFrame == 0 || _free.Count < sectors / _sectorsPerFrame) return false;
        GiveUpCopies(slot);
        for (var done = 0; done < sectors; done += _sectorsPerFrame)
        {
            var piece = done == 0 ? slot : _free.Dequeue();
            piece.Take(_tagSession, request, lba + done, Math.Min(sectors - done, _sectorsPerFrame), at + done * AoeProtocol.SectorBytes);
            piece.Lost = true;
            if (done == 0) continue;
            _lost.Enqueue(piece);
            request.Outstanding++;
        }
        return true;
    }
}
