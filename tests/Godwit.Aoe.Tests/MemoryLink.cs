using System.Collections.Concurrent;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Tests;

/// <summary>Two ends of a wire in memory, which may drop, double and hold back frames as a seed says.</summary>
internal sealed class MemoryLink : IFrameLink
{
    private readonly BlockingCollection<byte[]> _queue = [];
    private readonly Faults _faults;
    private MemoryLink? _other;
    private volatile bool _failed;
    private int _sent;

    private MemoryLink(string name, ulong address, int mtu, Faults faults)
    {
        (Name, Address, Mtu, _faults) = (name, new MacAddress(address), mtu, faults);
    }

    public string Name { get; }

    public MacAddress Address { get; }

    public int Mtu { get; set; }

    public int MtuLimit => Math.Max(Mtu, 9000);

    public long Dropped => 0;

    /// <summary>What is sent is lost: this end has no power.</summary>
    public bool Dead { get; set; }

    /// <summary>Frames that were sent from this end.</summary>
    public int Sent => _sent;

    /// <summary>Most frames that were sent in one call.</summary>
    public int LargestBatch { get; set; }

    /// <summary>Decides what becomes of a frame that is sent: true loses it.</summary>
    public Func<byte[], bool>? Loses { get; set; }

    public static (MemoryLink A, MemoryLink B) Pair(int mtu = 9000, Faults? faults = null) => Pair("", mtu, faults);

    /// <param name="name">Tells the addresses of one pair from those of another.</param>
    public static (MemoryLink A, MemoryLink B) Pair(string name, int mtu = 9000, Faults? faults = null)
    {
        var number = name.Length == 0 ? 0u : (uint)name[0] << 8;
        var a = new MemoryLink("a" + name, 0x02_00_00_00_00_0AUL | number, mtu, faults ?? new Faults());
        var b = new MemoryLink("b" + name, 0x02_00_00_00_00_0BUL | number, mtu, faults ?? new Faults());
        (a._other, b._other) = (b, a);
        return (a, b);
    }

    /// <summary>The interface is gone for good.</summary>
    public void Fail()
    {
        _failed = true;
        Wake();
    }

    /// <summary>A frame comes in that somebody held up, or made up.</summary>
    public void Deliver(byte[] frame) => _queue.Add(frame);

    public void Receive(PacketBatch batch, int timeoutMs)
    {
        batch.Clear();
        if (_failed) throw new IOException($"{Name} is gone");
        if (!_queue.TryTake(out var frame, timeoutMs)) return;
        do
        {
            if (frame.Length > 0) batch.Add(frame);
        }
        while (!batch.IsFull && _queue.TryTake(out frame));
    }

    public void Send(PacketBatch batch)
    {
        if (Dead) return;
        LargestBatch = Math.Max(LargestBatch, batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            _sent++;
            var sent = batch.Copy(i);
            if (Loses?.Invoke(sent) == true) continue;
            foreach (var frame in _faults.Pass(sent)) _other!._queue.Add(frame);
        }
    }

    public void Wake() => _queue.Add([]);

    public void Dispose()
    {
    }

    /// <summary>In thousandths of all frames.</summary>
    internal sealed class Faults(int seed = 0)
    {
        private readonly Random _random = new(seed);
        private readonly Lock _gate = new();
        private readonly List<(int Until, byte[] Frame)> _held = [];
        private int _passed;

        public int Drop { get; init; }

        public int Double { get; init; }

        public int Hold { get; init; }

        /// <summary>Most frames that overtake a held one.</summary>
        public int Overtaken { get; init; } = 30;

        public int Count(string what) => what switch { "dropped" => _dropped, "doubled" => _doubled, _ => _heldBack };

        private int _dropped, _doubled, _heldBack;

        public List<byte[]> Pass(byte[] frame)
        {
            lock (_gate)
            {
                var passing = new List<byte[]>();
                _passed++;
                foreach (var held in _held.Where(h => h.Until <= _passed).ToList())
                {
                    passing.Add(held.Frame);
                    _held.Remove(held);
                }
                var copies = Chance(Double) ? 2 : 1;
                if (copies == 2) _doubled++;
                for (var i = 0; i < copies; i++)
                {
                    if (Chance(Drop)) _dropped++;
                    else if (Chance(Hold))
                    {
                        _heldBack++;
                        _held.Add((_passed + _random.Next(1, Overtaken), frame));
                    }
                    else passing.Add(frame);
                }
                return passing;
            }
        }

        private bool Chance(int thousandths) => _random.Next(1000) < thousandths;
    }
}
