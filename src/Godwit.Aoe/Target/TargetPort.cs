using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Target;

/// <summary>
/// An interface that an export is served on: takes a batch of frames, has them executed, has synced what must be durable,
/// and answers where they came from.
/// </summary>
internal sealed class TargetPort(IFrameLink link, Export export)
{
    private const int BatchFrames = 64;

    private PacketBatch _requests = new(BatchFrames, RoomFor(link.MtuLimit));
    private PacketBatch _answers = new(BatchFrames, RoomFor(link.MtuLimit));
    private PacketBatch _again = new(1, RoomFor(link.MtuLimit));
    private long _malformed;
    private int _next;

    public IFrameLink Link => link;

    public PortStatus Status => new(link.Name, link.Mtu, link.Dropped, _malformed, link.TooLong);

    /// <summary>See <see cref="IFrameLink.Renew"/>.</summary>
    public LinkChange Renew()
    {
        var change = link.Renew();
        if (change == LinkChange.Renewed && RoomFor(link.MtuLimit) is var room && room > _requests.FrameBytes)
        {
            (_requests, _answers) = (new PacketBatch(BatchFrames, room), new PacketBatch(BatchFrames, room));
            _again = new PacketBatch(1, room);
        }
        return change;
    }

    public void Receive(int timeoutMs) => link.Receive(_requests, timeoutMs);

    /// <summary>Executes what was received and answers it; but no more than a frame once somebody asks for his turn.</summary>
    /// <returns>Whether there is more to execute.</returns>
    public bool Execute(ref int asking)
    {
        // One alone is better left to the kernel, which sees where a sequence leads.
        if (_next == 0 && _requests.Count > 1 && export.ReadsAhead)
        {
            for (var i = 0; i < _requests.Count; i++) export.Foresee(_requests[i]);
        }
        while (_next < _requests.Count)
        {
            Execute(_requests[_next++]);
            if (Volatile.Read(ref asking) > 0) break;
        }
        Answer();
        if (_next < _requests.Count) return true;
        _requests.Clear();
        _next = 0;
        return false;
    }

    /// <summary>Tells all on the network, unasked, that the export is there.</summary>
    public void Announce()
    {
        export.Announce(_answers, link);
        Answer();
    }

    private void Execute(ReadOnlySpan<byte> frame)
    {
        if (AoeHeader.TryRead(frame, out var header) != MalformedFrame.No || header.IsResponse)
        {
            _malformed++;
            return;
        }
        if (!export.Settings.Address.IsMeantBy(header.Address)) return;
        if (_answers.IsFull) Answer();
        export.Handle(header, frame, _answers, link);
    }

    private void Answer()
    {
        if (_answers.Count == 0) return;
        export.Commit(_answers);
        link.Send(_answers);
        for (var i = 0; i < _answers.Unreadable.Count; i++)
        {
            export.ReadAgain(_answers, _answers.Unreadable[i], _again);
            link.Send(_again);
            _again.Clear();
        }
        _answers.Clear();
        export.Sent();
    }

    // An answer may be longer than an interface of small frames carries: a configuration string, a full list.
    private static int RoomFor(int mtu) => Math.Max(
        AoeProtocol.FrameBytes(mtu), MaskSection.DirectivesAt + MaskSection.Longest * MaskSection.DirectiveBytes);
}
