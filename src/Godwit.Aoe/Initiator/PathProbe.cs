using Godwit.Aoe.Wire;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// Finds out by trying how long frames may be on the way to a target: questions for its configuration are filled up to some
/// length, and either come through or do not. Godwit's targets answer with a frame of the same length, so that both ways are
/// measured; others answer with a short one. Nothing is read or written, so no fence is in the way. Blocks while it waits.
/// </summary>
public sealed class PathProbe : IDisposable
{
    /// <summary>Lengths that are tried at a time; each try leaves an interval of this part of the last one.</summary>
    private const int Tries = 12;

    // Asked twice: a frame may be lost.
    private const int Rounds = 2;

    /// <summary>Payload of the shortest frame of Ethernet, in bytes.</summary>
    private const int LeastMtu = 46;

    /// <summary>Payload by which targets that answer at length are told from others; every network carries it.</summary>
    private const int ModestMtu = 400;

    private readonly IFrameLink _link;
    private readonly TimeProvider _time;
    private readonly PacketBatch _outgoing;
    private readonly PacketBatch _incoming;
    private uint _sequence;

    /// <summary>Takes over the link, which has to let all answers in (<see cref="AoeFilters.AllAnswers"/>).</summary>
    public PathProbe(IFrameLink link, TimeProvider time)
    {
        _link = link;
        _time = time;
        var room = AoeProtocol.FrameBytes(Math.Max(link.MtuLimit, link.Mtu));
        _outgoing = new PacketBatch(Tries, room);
        _incoming = new PacketBatch(2 * Tries, room);
        _sequence = (uint)time.GetTimestamp();
    }

    /// <summary>Tries frames up to what the interface carries.</summary>
    /// <param name="patience">How long an answer may take.</param>
    public PathMeasure Measure(FoundTarget target, TimeSpan patience)
    {
        var modest = Math.Min(ModestMtu, _link.Mtu);
        var heard = Ask(target, [LeastMtu, modest], patience);
        if (heard.Count == 0) return default;
        var bothWays = heard.TryGetValue(modest, out var length) && length >= modest;
        var (passes, fails) = (LeastMtu, _link.Mtu + 1);
        // What is likely first: the whole, or what a switch passes that knows no jumbo frames.
        int[] next = [.. Lengths(passes, fails), Math.Min(1500, fails - 1), Math.Min(1501, fails - 1), fails - 1];
        while (next.Length > 0)
        {
            var answers = Ask(target, next, patience);
            foreach (var mtu in next)
            {
                if (answers.TryGetValue(mtu, out var answered) && (answered >= mtu || !bothWays)) passes = Math.Max(passes, mtu);
            }
            fails = next.Where(mtu => mtu > passes).Append(fails).Min();
            next = [.. Lengths(passes, fails)];
        }
        return new PathMeasure(passes, bothWays);
    }

    public void Dispose() => _link.Dispose();

    // All between the two, or so many of them, evenly.
    private static IEnumerable<int> Lengths(int passes, int fails)
    {
        var between = fails - passes - 1;
        if (between <= Tries) return Enumerable.Range(passes + 1, between);
        return Enumerable.Range(1, Tries - 3).Select(i => passes + (int)((long)between * i / (Tries - 3)));
    }

    /// <returns>For each payload that was answered, the payload of its longest answer.</returns>
    private Dictionary<int, int> Ask(FoundTarget target, int[] mtus, TimeSpan patience)
    {
        var answers = new Dictionary<int, int>();
        for (var round = 0; round < Rounds; round++)
        {
            var tags = new Dictionary<uint, int>();
            _outgoing.Clear();
            foreach (var mtu in mtus.Distinct().Where(mtu => !answers.ContainsKey(mtu)))
            {
                var frame = _outgoing.Next[..AoeProtocol.FrameBytes(mtu)];
                frame.Clear();
                var tag = new FrameTag(0, _sequence++).Value;
                tags[tag] = mtu;
                AoeHeader.Request(target.Mac, _link.Address, target.Address, AoeCommand.QueryConfig, tag).Write(frame);
                default(ConfigSection).Write(frame);
                _outgoing.Add(frame.Length);
            }
            if (tags.Count == 0) break;
            _link.Send(_outgoing);
            Collect(target, tags, answers, patience);
        }
        return answers;
    }

    private void Collect(FoundTarget target, Dictionary<uint, int> tags, Dictionary<int, int> answers, TimeSpan patience)
    {
        var began = _time.GetTimestamp();
        while (tags.Count > 0)
        {
            var left = patience - _time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return;
            _link.Receive(_incoming, Math.Max((int)left.TotalMilliseconds, 1));
            for (var i = 0; i < _incoming.Count; i++)
            {
                var frame = _incoming[i];
                if (AoeHeader.TryRead(frame, out var header) == MalformedFrame.No && header.IsResponse
                    && header.Source == target.Mac && tags.Remove(header.Tag, out var mtu))
                    answers[mtu] = frame.Length - AoeProtocol.EthernetHeaderBytes;
            }
        }
    }
}

/// <param name="Mtu">Greatest payload of a frame that came through, in bytes; 0: nothing was answered.</param>
/// <param name="BothWays">Answers were as long; else only the way to the target was measured.</param>
public readonly record struct PathMeasure(int Mtu, bool BothWays);
