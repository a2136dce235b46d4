using System.Diagnostics.CodeAnalysis;

namespace Godwit.Hypervisors.Fake;

/// <summary>The receiving end: collects the stream, loads it, says so on the return path.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The timer ends with the attempt; the stream is the daemon's.")]
internal sealed class FakeReceive
{
    private readonly FakeProcess _process;
    private readonly FakePipe _pipe;
    private readonly List<byte> _unread = [];
    private ITimer? _loading;
    private FakeMemory _memory;
    private bool _ended;

    public FakeReceive(FakeProcess process)
    {
        _process = process;
        _pipe = new FakePipe(Take, StreamClosed);
    }

    public Stream Stream => _pipe;

    /// <summary>A stream that breaks half way ends the receiver; one that is loaded needs no stream any more.</summary>
    public void StreamClosed()
    {
        if (_ended || _loading is not null)
            return;
        Fail("the stream broke before its end");
    }

    public void Abandon()
    {
        _ended = true;
        _loading?.Dispose();
        _pipe.Break();
    }

    private DateTimeOffset Now => _process.Engine.Time.GetUtcNow();

    private void Take(ReadOnlyMemory<byte> bytes)
    {
        if (_ended || _loading is not null)
            return;
        _unread.AddRange(bytes.Span);
        try
        {
            var all = _unread.ToArray().AsSpan();
            var at = 0;
            while (FakeStreamFormat.TryRead(all[at..], out var kind, out var body, out var consumed))
            {
                at += consumed;
                if (kind != FakeStreamFormat.State)
                    continue;
                _memory = FakeStreamFormat.ReadState(body);
                _loading = _process.Engine.Time.CreateTimer(
                    static state => ((FakeReceive)state!).Loaded(), this, _process.Engine.Options.LoadTime, Timeout.InfiniteTimeSpan);
            }
            _unread.RemoveRange(0, at);
        }
        catch (InvalidDataException e)
        {
            Fail(e.Message);
        }
    }

    private void Loaded()
    {
        if (_ended)
            return;
        if (_process.Engine.TakeFailure(FakePoint.Load))
        {
            Fail("the fake engine was told to fail at Load");
            return;
        }
        _ended = true;
        _loading!.Dispose();
        _process.Load(_memory);
        _pipe.Say(FakeStreamFormat.Record(FakeStreamFormat.Loaded, []));
        _pipe.End();
    }

    private void Fail(string reason)
    {
        _ended = true;
        _process.Raise(new CopyEvent.ReceiveFailed(Now, reason));
        _process.Kill(reason);
    }
}
