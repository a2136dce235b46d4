using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Initiator;

/// <content>What the target says, and what is remembered of writes until they are flushed.</content>
internal sealed partial class FrameExchange
{
    private void Take(ReadOnlySpan<byte> frame)
    {
        if (AoeHeader.TryRead(frame, out var header) != MalformedFrame.No
            || !header.IsResponse || header.Address != _address) return;
        if (header.Command == AoeCommand.QueryConfig)
        {
            TakeConfig(header, frame);
            return;
        }
        _heardAt = _time.GetTimestamp();
        var slot = _slots[FrameSlot.IndexOf(header.Tag)];
        if (header.Command != AoeCommand.Ata || slot.Request is not { } request || slot.Tag != header.Tag) return;
        if (header.Error != AoeError.None)
        {
            Fail(request, TargetFailure.AoeError, $"{_address}: the target answers {header.Error}");
            return;
        }
        if (AtaSection.TryRead(frame, out var ata) != MalformedFrame.No || ata.Lba != slot.SentLba) return;
        if ((ata.Command & AtaStatus.AnyFailure) != 0)
        {
            if ((ata.Feature & AtaStatus.StartedAnew) != 0 && !request.Urgent && IsMarked(request))
            {
                MarkLost(slot);
                SuspendLocked();
                return;
            }
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
        if (slot.Sampled && slot.Tries == 1 && _syncing == 0) _roundTrip.Add(slot.SentAt, _time.GetTimestamp());
        _window.Answered();
        NoteServed(request);
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

    private void SuspendLocked()
    {
        if (_suspended || _dead) return;
        _suspended = true;
        StartedAnew?.Invoke();
    }

    private static bool IsMarked(IoRequest request) =>
        request.IsWrite || request.Command is AtaCommand.ReadExt or AtaCommand.FlushCache;

    // A fence lets nobody but the session's holder have these; IDENTIFY is answered to all.
    private void NoteServed(IoRequest request)
    {
        if (request.Command == AtaCommand.Identify) return;
        _servedAt = _time.GetTimestamp();
        _wrote |= request.IsWrite;
    }

    private void TakeConfig(in AoeHeader header, ReadOnlySpan<byte> frame)
    {
        if (header.Error != AoeError.None || ConfigSection.TryRead(frame, out var config) != MalformedFrame.No) return;
        // Any number of answers may come, also unasked; a target that answers is not traded for another.
        if (_found.Task.IsCompleted && Answering()) return;
        _target = header.Source;
        var theirs = config.SectorsPerFrame == 0 ? 2 : config.SectorsPerFrame;
        _sectorsPerFrame = Math.Min(theirs, AoeProtocol.SectorsPerFrame(_link.Mtu));
        _window.SetLimit(Math.Min(Math.Max((int)config.BufferCount, 1), Math.Min(_options.WindowLimit, FrameSlot.Count / 2)));
        _found.TrySetResult();
    }
}
