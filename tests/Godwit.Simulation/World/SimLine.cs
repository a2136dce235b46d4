using System.Diagnostics.CodeAnalysis;

namespace Godwit.Simulation.World;

/// <summary>
/// A connection between two hosts: ordered, slow, and cut at any moment. What was on its way when it is cut is lost,
/// and either end may notice late.
/// </summary>
internal sealed class SimLine
{
    public SimLine(string from, string to, SimWorld world)
    {
        (From, To) = (from, to);
        Near = new SimLineEnd(world);
        Far = new SimLineEnd(world);
        (Near.Peer, Far.Peer) = (Far, Near);
    }

    public string From { get; }

    public string To { get; }

    public SimLineEnd Near { get; }

    public SimLineEnd Far { get; }

    public bool Joins(SimHost one, SimHost other) =>
        (From == one.Name && To == other.Name) || (From == other.Name && To == one.Name);

    public void Cut(TimeSpan nearNotices, TimeSpan farNotices)
    {
        Near.Break(nearNotices);
        Far.Break(farNotices);
    }

    /// <summary>What one host says is not heard any more.</summary>
    public void CutOneWay(SimHost speaker, TimeSpan nearNotices, TimeSpan farNotices)
    {
        (From == speaker.Name ? Near : Far).IsMute = true;
        Near.BreakLater(nearNotices);
        Far.BreakLater(farNotices);
    }
}

/// <summary>One end, as a stream. Reads wait for what the other end wrote, which comes after the line's latency.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Timers of the simulation hold nothing.")]
internal sealed class SimLineEnd(SimWorld world) : Stream
{
    private readonly Queue<ReadOnlyMemory<byte>> _arrived = [];
    private TaskCompletionSource? _waiting;
    private DateTimeOffset _lastArrival;
    private bool _deaf;
    private bool _ended;
    private bool _disposed;

    public SimLineEnd? Peer { get; set; }

    public bool Broken { get; private set; }

    /// <summary>What it says is lost.</summary>
    public bool IsMute { get; set; }

    /// <summary>From now on nothing passes; this end hears of it later.</summary>
    public void Break(TimeSpan noticed)
    {
        _deaf = true;
        BreakLater(noticed);
    }

    /// <summary>Until then this end hears what still comes.</summary>
    public void BreakLater(TimeSpan noticed) => world.After(noticed, () =>
    {
        (_deaf, Broken) = (true, true);
        Wake();
    });

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_arrived.Count == 0)
        {
            if (Broken || _disposed)
                throw new IOException("the connection was reset");
            if (_ended)
                return 0;
            cancellationToken.ThrowIfCancellationRequested();
            var waiting = _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using (cancellationToken.Register(() => waiting.TrySetCanceled(cancellationToken)))
                await waiting.Task;
        }
        var next = _arrived.Peek();
        // Frames come in pieces of any size.
        var length = Math.Min(Math.Min(next.Length, buffer.Length), world.Random.Next(1, 4096));
        next[..length].CopyTo(buffer);
        _arrived.Dequeue();
        if (length < next.Length)
        {
            var rest = _arrived.ToArray();
            _arrived.Clear();
            _arrived.Enqueue(next[length..]);
            foreach (var block in rest)
                _arrived.Enqueue(block);
        }
        return length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Broken || _disposed)
            return ValueTask.FromException(new IOException("the connection was reset"));
        if (!_deaf && !IsMute)
            Peer!.Expect(buffer.ToArray());
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            Wake();
            if (!_deaf && !IsMute)
                Peer!.Expect(null);
        }
        base.Dispose(disposing);
    }

    /// <summary>Bytes on their way to this end; null is the end of them.</summary>
    private void Expect(ReadOnlyMemory<byte>? bytes)
    {
        var now = world.Time.GetUtcNow();
        var arrival = now + TimeSpan.FromTicks(world.Random.Next(1_000, 10_000));
        _lastArrival = arrival = arrival > _lastArrival ? arrival : _lastArrival.AddTicks(1);
        world.After(arrival - now, () =>
        {
            if (_deaf)
                return;
            if (bytes is { } block)
                _arrived.Enqueue(block);
            else
                _ended = true;
            Wake();
        });
    }

    private void Wake()
    {
        var waiting = _waiting;
        _waiting = null;
        waiting?.TrySetResult();
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
        // What is written is on its way at once.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
