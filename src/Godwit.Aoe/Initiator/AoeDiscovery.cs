using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Initiator;

/// <summary>Looks around on one interface, as <c>aoe-discover</c> and <c>aoe-stat</c> do. Blocks while it waits.</summary>
public sealed class AoeDiscovery : IDisposable
{
    // Asked twice, as the first frame may be lost while a switch learns.
    private const int Rounds = 2;
    private readonly IFrameLink _link;
    private readonly TimeProvider _time;
    private readonly PacketBatch _outgoing;
    private readonly PacketBatch _incoming;
    private uint _sequence;

    /// <summary>Takes over the link, which has to let all answers in (<see cref="AoeFilters.AllAnswers"/>).</summary>
    public AoeDiscovery(IFrameLink link, TimeProvider time)
    {
        _link = link;
        _time = time;
        var room = Math.Max(AoeProtocol.FrameBytes(link.Mtu), 4096);
        _outgoing = new PacketBatch(1, room);
        _incoming = new PacketBatch(64, room);
        _sequence = (uint)time.GetTimestamp();
    }

    /// <summary>All targets, or the one of an address, that answer within a time.</summary>
    public IReadOnlyList<FoundTarget> Find(AoeAddress? only, TimeSpan patience)
    {
        var found = new SortedDictionary<(AoeAddress, ulong), FoundTarget>();
        for (var round = 0; round < Rounds; round++)
        {
            Ask(new MacAddress(0xFFFF_FFFF_FFFF), only ?? AoeAddress.Broadcast, AoeCommand.QueryConfig, ConfigSection.StringAt,
                frame => default(ConfigSection).Write(frame));
            Collect(patience / Rounds, (header, frame) =>
            {
                if (header.Command != AoeCommand.QueryConfig || (only is not null && header.Address != only)
                    || ConfigSection.TryRead(frame, out var config) != MalformedFrame.No) return false;
                found[(header.Address, header.Source.Value)] = new FoundTarget
                {
                    Address = header.Address,
                    Interface = _link.Name,
                    Mtu = _link.Mtu,
                    Mac = header.Source,
                    BufferCount = config.BufferCount,
                    Firmware = config.Firmware,
                    SectorsPerFrame = config.SectorsPerFrame == 0 ? 2 : config.SectorsPerFrame,
                };
                return false;
            });
        }
        return [.. found.Values];
    }

    /// <summary>Size, reservation and fence of a target. What it does not answer stays null.</summary>
    public TargetDetails Describe(FoundTarget target, TimeSpan patience)
    {
        var details = new TargetDetails();
        var identify = new AtaSection { Command = AtaCommand.Identify, SectorCount = 1 };
        var tag = Ask(target.Mac, target.Address, AoeCommand.Ata, AtaSection.DataAt, frame => identify.Write(frame));
        Collect(patience, (header, frame) =>
        {
            if (header.Tag != tag || header.Address != target.Address) return false;
            if (frame.Length >= AtaSection.DataAt + AtaIdentity.Bytes && AtaIdentity.TryRead(frame[AtaSection.DataAt..], out var identity))
                details = details with { SizeBytes = identity.Sectors * AoeProtocol.SectorBytes, Godwit = identity.Godwit };
            return true;
        });
        tag = Ask(target.Mac, target.Address, AoeCommand.ReserveRelease, ReserveSection.AddressesAt,
            frame => ReserveSection.Write(frame, ReserveCommand.Read, []));
        Collect(patience, (header, frame) =>
        {
            if (header.Tag != tag || header.Address != target.Address) return false;
            if (header.Error == AoeError.None && ReserveSection.TryRead(frame, out var reserve) == MalformedFrame.No)
                details = details with { Reservers = reserve.Count };
            return true;
        });
        return details;
    }

    public void Dispose() => _link.Dispose();

    private delegate void Fill(Span<byte> frame);

    private delegate bool Answer(AoeHeader header, ReadOnlySpan<byte> frame);

    private uint Ask(MacAddress to, AoeAddress address, AoeCommand command, int length, Fill fill)
    {
        var tag = new FrameTag(0, _sequence++).Value;
        _outgoing.Clear();
        var frame = _outgoing.Next;
        frame[..length].Clear();
        AoeHeader.Request(to, _link.Address, address, command, tag).Write(frame);
        fill(frame);
        _outgoing.Add(length);
        _link.Send(_outgoing);
        return tag;
    }

    // Until the time is over, or an answer was the one.
    private void Collect(TimeSpan patience, Answer answer)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            var left = patience - _time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return;
            _link.Receive(_incoming, Math.Max((int)left.TotalMilliseconds, 1));
            for (var i = 0; i < _incoming.Count; i++)
            {
                var frame = _incoming[i];
                if (AoeHeader.TryRead(frame, out var header) == MalformedFrame.No && header.IsResponse && answer(header, frame))
                    return;
            }
        }
    }
}
