using Godwit.Native.Packets;

namespace Godwit.Aoe.Tests.Relay;

/// <summary>
/// Takes the place of a cable between two interfaces, and is a bad one: it loses frames, doubles them, and holds some up while
/// others pass.
/// </summary>
internal sealed class FrameRelay : IDisposable
{
    private const int FrameBytes = 9100;
    private readonly PacketLink[] _ends;
    private readonly RelayFaults _faults;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<(PacketLink To, byte[] Frame), long> _held = new();
    private readonly List<Thread> _threads = [];
    private volatile bool _stopping;
    private int _dropped, _doubled, _heldUp;

    public FrameRelay(string one, string two, RelayFaults faults)
    {
        (_faults, _random) = (faults, new Random(faults.Seed));
        _ends = [PacketLink.Open(one, []), PacketLink.Open(two, [])];
        Start(() => Pass(_ends[0], _ends[1]));
        Start(() => Pass(_ends[1], _ends[0]));
        Start(LetGo);
    }

    public (int Dropped, int Doubled, int HeldUp) Counted => (_dropped, _doubled, _heldUp);

    public void Dispose()
    {
        _stopping = true;
        foreach (var end in _ends) end.Wake();
        foreach (var thread in _threads) thread.Join();
        foreach (var end in _ends) end.Dispose();
    }

    private void Start(Action loop)
    {
        var thread = new Thread(() => loop()) { IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private void Pass(PacketLink from, PacketLink to)
    {
        var (coming, going) = (new PacketBatch(64, FrameBytes), new PacketBatch(128, FrameBytes));
        while (!_stopping)
        {
            from.Receive(coming, -1);
            going.Clear();
            for (var i = 0; i < coming.Count; i++)
            {
                foreach (var hold in Fates())
                {
                    if (hold is not { } time) going.Add(coming[i]);
                    else lock (_gate) _held.Enqueue((to, coming[i].ToArray()), Environment.TickCount64 + time);
                }
            }
            if (going.Count > 0) to.Send(going);
        }
    }

    // Of each copy of a frame that is not lost: the milliseconds that it is held up, or null.
    private List<int?> Fates()
    {
        var fates = new List<int?>(2);
        lock (_gate)
        {
            var copies = 1;
            if (Chance(_faults.Double)) (copies, _) = (2, _doubled++);
            for (; copies > 0; copies--)
            {
                if (Chance(_faults.Drop))
                {
                    _dropped++;
                }
                else if (Chance(_faults.Hold))
                {
                    _heldUp++;
                    fates.Add(_random.Next(1, (int)_faults.LongestHold.TotalMilliseconds));
                }
                else
                {
                    fates.Add(null);
                }
            }
        }
        return fates;
    }

    private void LetGo()
    {
        var going = new PacketBatch(1, FrameBytes);
        while (!_stopping)
        {
            (PacketLink To, byte[] Frame)? next = null;
            lock (_gate)
            {
                if (_held.TryPeek(out _, out var due) && due <= Environment.TickCount64) next = _held.Dequeue();
            }
            if (next is not { } late)
            {
                Thread.Sleep(1);
                continue;
            }
            going.Clear();
            going.Add(late.Frame);
            late.To.Send(going);
        }
    }

    private bool Chance(int thousandths) => _random.Next(1000) < thousandths;
}
