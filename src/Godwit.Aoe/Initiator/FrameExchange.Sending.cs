using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Initiator;

/// <content>What goes out, as far as the window lets it.</content>
internal sealed partial class FrameExchange
{
    // Sends as much as the windows allow: what was lost before what is new.
    private void Pump()
    {
        while (_free.Count > 0 && _questions.TryDequeue(out var question))
        {
            if (!question.Completed) Send(Issue(question, question.Sectors), question.Path!);
        }
        if (_aside.Count > 0) TakeUpAside();
        while (SendLost() || SendNew())
        {
        }
        Post();
    }

    private bool SendLost()
    {
        while (_lost.TryPeek(out var slot))
        {
            if (slot.Request is not { } request || !slot.Lost)
            {
                _lost.Dequeue();
                continue;
            }
            if (request.Path is { } only)
            {
                _lost.Dequeue();
                Send(slot, only);
                return true;
            }
            if (_suspended && !request.Urgent)
            {
                _held.Enqueue(_lost.Dequeue());
                continue;
            }
            if (Choose(slot.Sectors, slot.Tries > 0 ? slot.Path : null) is { } path)
            {
                _lost.Dequeue();
                Send(slot, path);
                return true;
            }
            if (slot.Sectors <= _sectorsPerFrame || !TryCutAnew(slot)) return false;
        }
        return false;
    }

    private bool SendNew()
    {
        if (_free.Count == 0 || Choose(0, null) is not { } path) return false;
        var slot = IssueNext(_urgent, held: false) ?? IssueNext(_pending, held: _suspended);
        if (slot is null) return false;
        Send(slot, path);
        return true;
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
            if (_copies.Any && IsBarred(request))
            {
                _aside.Add(waiting.Dequeue());
                continue;
            }
            var slot = Issue(request, _sectorsPerFrame);
            if (request.AllIssued) waiting.Dequeue();
            return slot;
        }
        return null;
    }

    private FrameSlot Issue(IoRequest request, int sectorsPerFrame)
    {
        var slot = _free.Dequeue();
        var sectors = Math.Min(request.Sectors - request.Issued, sectorsPerFrame);
        slot.Take(_tagSession, request, request.FirstSector + request.Issued, sectors, request.Issued * AoeProtocol.SectorBytes);
        request.Issued += sectors;
        request.Outstanding++;
        request.AllIssued = request.Issued == request.Sectors;
        if (request.IsFlush) _syncing++;
        return slot;
    }

    private void Send(FrameSlot slot, FramePath path)
    {
        var request = slot.Request!;
        var outgoing = path.Port.Outgoing;
        var frame = outgoing.Next;
        AoeHeader.Request(path.Target, path.Port.Link.Address, _address, AoeCommand.Ata, slot.Tag).Write(frame);
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
        outgoing.Add(length);
        var now = _time.GetTimestamp();
        slot.Lost = false;
        slot.Tries++;
        slot.Sampled = _syncing == 0;
        slot.SentAt = now;
        slot.Path = path;
        if (slot.Tries == 1) slot.FirstSentAt = now;
        else path.Retransmits++;
        if (path.WaitingSince == 0) path.WaitingSince = now;
        path.InFlight++;
        _inFlight++;
        if (!_knowsTags && request.IsWrite) NoteCopy(slot, now);
        if (outgoing.IsFull) Post(path.Port);
    }

    private void Post()
    {
        foreach (var port in _ports) Post(port);
    }

    private void Post(LinkPort port)
    {
        if (port.Outgoing.Count == 0) return;
        try
        {
            if (port.Failure is null) port.Link.Send(port.Outgoing);
        }
        catch (IOException e)
        {
            LoseLink(port, e);
        }
        port.Outgoing.Clear();
    }

    private void AskWhere()
    {
        lock (_gate) AskWhereLocked();
    }

    private void AskWhereLocked()
    {
        foreach (var port in _ports)
        {
            var frame = port.Outgoing.Next;
            frame[..ConfigSection.StringAt].Clear();
            AoeHeader.Request(new MacAddress(0xFFFF_FFFF_FFFF), port.Link.Address, _address, AoeCommand.QueryConfig,
                new FrameTag(_tagSession, 0).Value).Write(frame);
            default(ConfigSection).Write(frame);
            port.Outgoing.Add(ConfigSection.StringAt);
            Post(port);
        }
    }

    private void MarkLost(FrameSlot slot)
    {
        if (slot.Lost) return;
        slot.Lost = true;
        slot.Path!.InFlight--;
        _inFlight--;
        _lost.Enqueue(slot);
    }

    private void Release(FrameSlot slot)
    {
        if (!slot.Lost)
        {
            slot.Path!.InFlight--;
            _inFlight--;
        }
        if (slot.Request!.IsFlush) _syncing--;
        slot.Free();
        _free.Enqueue(slot);
    }
}
