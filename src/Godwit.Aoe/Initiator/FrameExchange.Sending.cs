using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Initiator;

/// <content>What goes out, as far as the window lets it.</content>
internal sealed partial class FrameExchange
{
    // Sends as much as the window allows: what was lost before what is new.
    private void Pump()
    {
        while (_inFlight < _window.Size)
        {
            if (_lost.TryDequeue(out var slot))
            {
                if (slot.Request is null || !slot.Lost) continue;
                if (_suspended && !slot.Request.Urgent)
                {
                    _held.Enqueue(slot);
                    continue;
                }
                _retransmits++;
            }
            else if ((slot = IssueNext(_urgent, held: false) ?? IssueNext(_pending, held: _suspended)) is null)
            {
                break;
            }
            Send(slot);
        }
        Post();
    }

    private FrameSlot? IssueNext(Queue<IoRequest> waiting, bool held)
    {
        while (waiting.TryPeek(out var request))
        {
            if (request.Completed)
            {
                waiting.Dequeue();
                continue;
            }
            if (held) break;
            var slot = Issue(request);
            if (request.AllIssued) waiting.Dequeue();
            return slot;
        }
        return null;
    }

    private FrameSlot Issue(IoRequest request)
    {
        var slot = _free.Dequeue();
        var sectors = Math.Min(request.Sectors - request.Issued, _sectorsPerFrame);
        slot.Take(_session, request, request.FirstSector + request.Issued, sectors, request.Issued * AoeProtocol.SectorBytes);
        request.Issued += sectors;
        request.Outstanding++;
        request.AllIssued = request.Issued == request.Sectors;
        if (request.IsFlush) _syncing++;
        return slot;
    }

    private void Send(FrameSlot slot)
    {
        var request = slot.Request!;
        var frame = _outgoing.Next;
        AoeHeader.Request(_target, _link.Address, _address, AoeCommand.Ata, slot.Tag).Write(frame);
        var length = AtaSection.DataAt;
        var flags = request.Command is AtaCommand.ReadExt or AtaCommand.WriteExt or AtaCommand.DataSetManagement ? AtaFlags.Extended : AtaFlags.None;
        var feature = IsMarked(request) && !request.Urgent ? _mark : request.Feature;
        slot.SentLba = slot.Lba;
        // A trim has its feature, and no address.
        if (request.IsTrim) (feature, slot.SentLba) = (AtaCommand.Trim, feature);
        if (request.From.Length > 0)
        {
            var bytes = slot.Sectors * AoeProtocol.SectorBytes;
            request.From.Span.Slice(slot.At, bytes).CopyTo(frame[AtaSection.DataAt..]);
            length += bytes;
            flags |= AtaFlags.Write;
        }
        new AtaSection
        {
            Flags = flags,
            Feature = feature,
            SectorCount = (byte)slot.Sectors,
            Command = request.Command,
            Lba = slot.SentLba,
        }.Write(frame);
        _outgoing.Add(length);
        slot.Lost = false;
        slot.Tries++;
        slot.Sampled = _syncing == 0;
        slot.SentAt = _time.GetTimestamp();
        _inFlight++;
        if (_outgoing.IsFull) Post();
    }

    private void Post()
    {
        if (_outgoing.Count == 0) return;
        _link.Send(_outgoing);
        _outgoing.Clear();
    }

    private void AskWhere()
    {
        lock (_gate) AskWhereLocked();
    }

    private void AskWhereLocked()
    {
        var frame = _outgoing.Next;
        frame[..ConfigSection.StringAt].Clear();
        AoeHeader.Request(new MacAddress(0xFFFF_FFFF_FFFF), _link.Address, _address, AoeCommand.QueryConfig,
            new FrameTag(_session, 0).Value).Write(frame);
        default(ConfigSection).Write(frame);
        _outgoing.Add(ConfigSection.StringAt);
        Post();
    }

    private void MarkLost(FrameSlot slot)
    {
        if (slot.Lost) return;
        slot.Lost = true;
        _inFlight--;
        _lost.Enqueue(slot);
    }

    private void Release(FrameSlot slot)
    {
        if (!slot.Lost) _inFlight--;
        if (slot.Request!.IsFlush) _syncing--;
        slot.Free();
        _free.Enqueue(slot);
    }
}
