using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Initiator;

/// <content>What the target says, and what is remembered of writes until they are flushed.</content>
internal sealed partial class FrameExchange
{
    private void Take(LinkPort port, ReadOnlySpan<byte> frame, long now)
    {
        if (AoeHeader.TryRead(frame, out var header) != MalformedFrame.No
            || !header.IsResponse || header.Address != _address) return;
        if (header.Command == AoeCommand.QueryConfig)
        {
            TakeConfig(port, header, frame);
            return;
        }
        if (header.Command != AoeCommand.Ata || FindPath(port, header.Source) is not { } path) return;
        path.Hear(now);
        if (_copies.Any) _copies.Answered(header.Tag);
        var slot = _slots[FrameSlot.IndexOf(header.Tag)];
        if (slot.Request is not { } request || slot.Tag != header.Tag) return;
        // What is to show who is at the end of a path has to come from there; and a stranger is not believed in anything else.
        if (request.Path is { } asked ? asked != path : path.State == PathState.Foreign) return;
        if (_suspended && !request.Urgent && IsMarked(request))
        {
            // It was executed, if at all, by the target of before, and what that one answered last has been listed for repetition:
            // a write that is believed now would be covered by an older one. It is sent again afterwards.
            MarkLost(slot);
            return;
        }
        request.AnsweredBy = path;
        if (header.Error != AoeError.None)
        {
            slot.Refused();
            Fail(request, TargetFailure.AoeError, $"{_address}: the target answers {header.Error}");
            return;
        }
        if (AtaSection.TryRead(frame, out var ata) != MalformedFrame.No || ata.Lba != slot.SentLba) return;
        if ((ata.Command & AtaStatus.AnyFailure) != 0)
        {
            if ((ata.Feature & AtaStatus.StartedAnew) != 0 && !request.Urgent && IsMarked(request))
            {
                MarkLost(slot);
                SuspendLocked(path);
                return;
            }
            slot.Refused();
            Fail(request, (ata.Feature & AtaStatus.StartedAnew) != 0 ? TargetFailure.StartedAnew : TargetFailure.AtaError,
                $"{_address}: the target refuses command 0x{request.Command:x2} at sector {slot.Lba} (error 0x{ata.Feature:x2})");
            return;
        }
        if (request.Into.Length > 0)
        {
            var bytes = slot.Sectors * AoeProtocol.SectorBytes;
            if (frame.Length < AtaSection.DataAt + bytes) return;
            frame.Slice(AtaSection.DataAt, bytes).CopyTo(request.Into.Span[slot.At..]);
        }
        if (slot.Path == path && slot.Sampled && slot.Tries == 1 && _syncing == 0) path.RoundTrip.Add(slot.SentAt, now);
        path.Window.Answered();
        if (!request.Urgent && !request.IsFlush) path.Latency.Add(_time.GetElapsedTime(slot.FirstSentAt, now).TotalMicroseconds);
        NoteServed(request, now);
        if (request.IsWrite && _keeping && _mark != 0 && !request.Urgent) Keep(slot, request);
        Release(slot);
        if (--request.Outstanding != 0 || !request.AllIssued) return;
        if (request.IsFlush) Forget(request.Covers);
        MarkCompleted(request);
    }

    // Before the caller hears of its write, so that no flush of his can miss it; and frame by frame, for the target may
    // start anew in the middle of a request.
    private void Keep(FrameSlot slot, IoRequest request)
    {
        if (!_unflushed.Any) UnflushedChanged?.Invoke(true);
        _unflushed.Add(request.Command, slot.Lba, request.From.Span.Slice(slot.At, slot.Sectors * AoeProtocol.SectorBytes));
    }

    private void Forget(long last)
    {
        if (!_unflushed.Any) return;
        _unflushed.Flushed(last);
        if (!_unflushed.Any) UnflushedChanged?.Invoke(false);
    }

    private void SuspendLocked(FramePath? by)
    {
        if (_suspended || _dead) return;
        _suspended = true;
        RelyOnLocked(by);
        StartedAnew?.Invoke();
    }

    private static bool IsMarked(IoRequest request) =>
        request.IsWrite || request.Command is AtaCommand.ReadExt or AtaCommand.FlushCache;

    // A fence lets nobody but the session's holder have these; IDENTIFY is answered to all.
    private void NoteServed(IoRequest request, long now)
    {
        if (request.Command == AtaCommand.Identify) return;
        _servedAt = now;
        _wrote |= request.IsWrite;
    }
}
