namespace Godwit.Hypervisors.Tests.Xen.Fake;

/// <summary>The two daemons of a move, as far as they carry bytes: the source is permitted to go on unless the test stops before.</summary>
internal sealed class FakeMove : IAsyncDisposable
{
    private readonly IDomainCopy _source;
    private readonly Stream _from, _to;
    private readonly CancellationTokenSource _end;
    private readonly Task _there, _back;

    private FakeMove(IDomainCopy source, IDomainCopy receiver, Stream from, Stream to, CancellationToken ct)
    {
        (_source, Receiver, _from, _to) = (source, receiver, from, to);
        _end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        (_there, _back) = (PumpAsync(from, to), PumpAsync(to, from));
    }

    public IDomainCopy Receiver { get; }

    /// <summary>Events of the source, since the move began.</summary>
    public List<string> Told { get; } = [];

    public static async Task<FakeMove> StartAsync(IDomainCopy source, IDomainCopy receiver, CancellationToken ct)
    {
        while (source.Events.TryRead(out _))
        {
            // Of before the move.
        }
        var to = await receiver.ReceiveAsync(ct);
        return new FakeMove(source, receiver, await source.SendAsync(new SendOptions(), ct), to, ct);
    }

    public async Task UntilAsync(string wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (Told.Count == 0 || Told[^1] != wanted) Told.Add((await _source.Events.ReadAsync(limit.Token)).GetType().Name);
    }

    public async Task UntilHeldAsync()
    {
        await UntilAsync("SwitchoverReady");
        await _source.PermitSwitchoverAsync(_end.Token);
        await UntilAsync("Held");
    }

    /// <summary>The source closes its end.</summary>
    public async Task CloseAsync() => await _from.DisposeAsync();

    /// <summary>The daemons are gone: nothing is carried, and the receiver's has let go of it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _from.DisposeAsync();
        await _to.DisposeAsync();
        await Receiver.DisposeAsync();
        await Task.WhenAll(_there, _back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task PumpAsync(Stream from, Stream to)
    {
        var block = new byte[256 << 10];
        while (await from.ReadAsync(block, _end.Token) is var read and > 0) await to.WriteAsync(block.AsMemory(0, read), _end.Token);
    }
}
