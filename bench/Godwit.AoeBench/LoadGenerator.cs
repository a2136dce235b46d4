using System.Diagnostics;
using System.Security.Cryptography;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.AoeBench;

/// <summary>
/// Keeps so many requests on their way to a target, at random places, from one thread. Of answers it receives the head alone:
/// a copy of the data would make this thread the limit of all that it measures. That targets answer with the right data
/// is looked at before (<see cref="Probe.Compare"/>).
/// </summary>
internal sealed class LoadGenerator
{
    private const int HeadBytes = 64;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly PacketSocket _socket;
    private readonly AoeAddress _target;
    private readonly MacAddress _ours;
    private readonly MacAddress _theirs;
    private readonly Series _series;
    private readonly long _places;
    private readonly PacketBatch _outgoing;
    private readonly PacketBatch _incoming;
    private readonly (uint Tag, long Place, long SentAt)[] _slots;
    private readonly List<long> _latencies = new(1 << 20);
    private readonly Random _random = new(1);
    private uint _uses;
    private long _answered, _retransmits;

    public LoadGenerator(PacketSocket socket, AoeAddress target, MacAddress theirs, Series series, long diskBytes)
    {
        (_socket, _target, _theirs, _series) = (socket, target, theirs, series);
        _ours = MacAddress.Read(socket.Interface.Address.Span);
        _places = diskBytes / series.Bytes;
        _slots = new (uint, long, long)[series.Depth];
        var room = Math.Max(series.Depth, 64);
        _outgoing = new PacketBatch(room, AtaSection.DataAt + series.Bytes);
        _incoming = new PacketBatch(room, HeadBytes, keepsTruncated: true);
        while (!_outgoing.IsFull)
        {
            RandomNumberGenerator.Fill(_outgoing.Next[AtaSection.DataAt..]);
            _outgoing.Add(0);
        }
        _outgoing.Clear();
    }

    public Measured Run(TimeSpan warmUp, TimeSpan measured, Func<long> targetCpu)
    {
        for (var i = 0; i < _slots.Length; i++) Issue(i);
        RunFor(warmUp);
        (_answered, _retransmits) = (0, 0);
        _latencies.Clear();
        var (theirs, ours, began) = (targetCpu(), CpuTime.OfThread(), Stopwatch.GetTimestamp());
        RunFor(measured);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        ours = CpuTime.OfThread() - ours;
        theirs = targetCpu() - theirs;
        _latencies.Sort();
        return new Measured(_answered / seconds, Percentile(0.5), Percentile(0.99), theirs / 1000.0 / _answered, ours / 1000.0 / _answered, _retransmits);
    }

    private double Percentile(double part) =>
        _latencies.Count == 0 ? double.NaN : _latencies[(int)((_latencies.Count - 1) * part)] * 1e6 / Stopwatch.Frequency;

    private void RunFor(TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        var lookedAt = began;
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            Post();
            // Never asleep: to wake it would cost the targets time, and each another time.
            _socket.Receive(_incoming, 0);
            if (_incoming.Count == 0) Thread.Yield();
            var now = Stopwatch.GetTimestamp();
            for (var i = 0; i < _incoming.Count; i++) Take(_incoming[i], now);
            if (Stopwatch.GetElapsedTime(lookedAt, now) < s_patience / 2) continue;
            lookedAt = now;
            Repeat(now);
        }
    }

    private void Take(ReadOnlySpan<byte> head, long now)
    {
        if (AoeHeader.TryRead(head, out var header) != MalformedFrame.No || !header.IsResponse || header.Command != AoeCommand.Ata) return;
        var slot = (int)(header.Tag & 0xFF);
        if (slot >= _slots.Length || _slots[slot].Tag != header.Tag) return;
        if (header.Error != AoeError.None || AtaSection.TryRead(head, out var ata) != MalformedFrame.No || (ata.Command & AtaStatus.AnyFailure) != 0)
            throw new IOException($"{_target} answers with an error.");
        _latencies.Add(now - _slots[slot].SentAt);
        _answered++;
        Issue(slot);
    }

    private void Issue(int slot)
    {
        // Bit 31 is clear, as in the tags of the Linux driver: the target has no session to remember writes of.
        _slots[slot] = ((++_uses << 8 | (uint)slot) & 0x7FFF_FFFF, _random.NextInt64(_places), Stopwatch.GetTimestamp());
        Add(slot);
    }

    // Frames that are lost, or that a target is slow with.
    private void Repeat(long now)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            if (Stopwatch.GetElapsedTime(_slots[i].SentAt, now) < s_patience) continue;
            _retransmits++;
            Add(i);
        }
    }

    private void Add(int slot)
    {
        if (_outgoing.IsFull) Post();
        var frame = _outgoing.Next;
        var sectors = _series.Bytes / AoeProtocol.SectorBytes;
        AoeHeader.Request(_theirs, _ours, _target, AoeCommand.Ata, _slots[slot].Tag).Write(frame);
        new AtaSection
        {
            Flags = AtaFlags.Extended | (_series.Writes ? AtaFlags.Write : AtaFlags.None),
            Command = _series.Writes ? AtaCommand.WriteExt : AtaCommand.ReadExt,
            SectorCount = (byte)sectors,
            Lba = _slots[slot].Place * sectors,
        }.Write(frame);
        _outgoing.Add(AtaSection.DataAt + (_series.Writes ? _series.Bytes : 0));
    }

    private void Post()
    {
        _socket.Send(_outgoing);
        _outgoing.Clear();
    }
}
