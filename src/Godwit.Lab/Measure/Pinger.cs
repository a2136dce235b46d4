using System.Net;
using Godwit.Native.Network;

namespace Godwit.Lab.Measure;

/// <summary>Pings an address from inside a network namespace at a steady pace, until disposed.</summary>
public sealed class Pinger : IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private static int s_identifiers = Environment.ProcessId;

    private readonly IcmpEchoSocket _socket;
    private readonly TimeSpan _interval;
    private readonly Thread _sender;
    private readonly Thread _receiver;
    private volatile bool _sending = true;
    private volatile bool _receiving = true;
    private volatile Exception? _failure;

    private Pinger(IcmpEchoSocket socket, ushort identifier, TimeSpan interval)
    {
        (_socket, _interval) = (socket, interval);
        Identifier = identifier;
        // Threads of their own, above the rest: a late ping would look like a gap of the guest's.
        _sender = new Thread(() => Guarded(Send)) { IsBackground = true, Priority = ThreadPriority.Highest };
        _receiver = new Thread(() => Guarded(Receive)) { IsBackground = true, Priority = ThreadPriority.Highest };
        _receiver.Start();
        _sender.Start();
    }

    public PingLog Log { get; } = new();

    /// <summary>ICMP identifier of its requests and their replies; the sequence number is the lower half of a ping's number.</summary>
    public ushort Identifier { get; }

    /// <param name="networkNamespace">Name as <c>ip netns</c> shows it.</param>
    /// <param name="target">Whom it pings.</param>
    /// <param name="interval">Between two pings; null for <see cref="Interval"/>.</param>
    public static Pinger Start(string networkNamespace, IPAddress target, TimeSpan? interval = null)
    {
        var identifier = (ushort)Interlocked.Increment(ref s_identifiers);
        using var inside = NetworkNamespace.OpenNamed(networkNamespace);
        return new Pinger(inside.Run(() => IcmpEchoSocket.Open(target, identifier)), identifier, interval ?? Interval);
    }

    /// <summary>Sends no more, and waits until the last one sent has either its reply or none in time.</summary>
    /// <exception cref="InvalidOperationException">Pinging broke off by an error; what was measured is not whole.</exception>
    public async Task StopAsync(CancellationToken ct)
    {
        _sending = false;
        var until = PingLog.Now + (long)PingLog.Patience.TotalNanoseconds;
        while (Log.Total().Lost > 0 && PingLog.Now < until) await Task.Delay(50, ct).ConfigureAwait(false);
        Dispose();
        if (_failure is { } failure) throw new InvalidOperationException("the ping broke off: " + failure.Message, failure);
    }

    public void Dispose()
    {
        _sending = _receiving = false;
        _sender.Join();
        _receiver.Join();
        _socket.Dispose();
    }

    private void Send()
    {
        var next = PingLog.Now;
        for (uint number = 0; _sending; number++)
        {
            // The log first: the reply may be here before the call returns.
            Log.Sent(PingLog.Now);
            _socket.Send(number);
            next += (long)_interval.TotalNanoseconds;
            var wait = next - PingLog.Now;
            // After a long stop of this whole machine the pace starts anew; it is not made up for by a burst.
            if (wait < -1_000_000_000) next = PingLog.Now;
            else if (wait > 0) Thread.Sleep(TimeSpan.FromTicks(wait / 100));
        }
    }

    private void Receive()
    {
        while (_receiving)
            if (_socket.TryReceive(out var number, out var arrival)) Log.Replied(number, arrival);
    }

    private void Guarded(Action loop)
    {
        try
        {
            loop();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _failure = e;
        }
    }
}
