using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Target;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>A target whose machine loses its power, and with it all that was not flushed.</summary>
public sealed class ReplayTests : IAsyncLifetime
{
    private const int Sectors = 4096;
    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryMedium _medium = new(Sectors);
    private readonly Fence _fence;
    private readonly MemoryLink _targetLink, _link;
    private AoeTarget _target = null!;
    private AoeInitiator _initiator = null!;
    private byte _mark = 1;
    private Guid _machine = Guid.NewGuid();
    private int _session;

    public ReplayTests()
    {
        _fence = Fence.Load(_directory.File("fence"));
        _fence.Initialize(0);
        (_targetLink, _link) = MemoryLink.Pair();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _session = _fence.Admit("a", [_link.Address]);
        _fence.Take("a", 1, _session);
        Start();
        _initiator = await ConnectAsync(null, inUse: false);
    }

    public async ValueTask DisposeAsync()
    {
        await _initiator.DisposeAsync();
        if (!_target.Ended.IsCompleted) await _target.StopAsync();
        _directory.Dispose();
    }

    private Task<AoeInitiator> ConnectAsync(AttachMemory? memory, bool inUse, long limit = 32 << 20) => AoeInitiator.ConnectAsync(
        _link, TargetBench.Address,
        new InitiatorOptions
        {
            Session = _session,
            FailAfter = TimeSpan.FromSeconds(30),
            Heartbeat = TimeSpan.FromMilliseconds(200),
            Memory = memory,
            InUse = inUse,
            UnflushedLimit = limit,
        },
        TimeProvider.System, NullLogger.Instance, Ct);

    private void Start()
    {
        _target = new AoeTarget([_targetLink], Export.Managed(
            new ExportSettings { Address = TargetBench.Address, Path = "memory" }, _medium, _fence,
            new TargetStart(Guid.NewGuid(), _mark, _machine), NullLogger.Instance), NullLogger.Instance);
        _target.Start();
    }

    /// <summary>Between two frames. What the target does after that, its orderly end too, has not happened.</summary>
    private async Task LosePowerAsync(bool restart = true)
    {
        var durable = await _target.RunAsync(() =>
        {
            _targetLink.Dead = true;
            return _medium.Durable.ToArray();
        });
        await _target.StopAsync();
        _targetLink.Dead = false;
        durable.CopyTo(_medium.Data, 0);
        durable.CopyTo(_medium.Durable, 0);
        if (_mark != 0) _mark++;
        _machine = Guid.NewGuid();
        if (restart) Start();
    }

    private static byte[] Of(int value, int sectors = 1) => [.. Enumerable.Repeat((byte)value, sectors * 512)];

    private async Task<byte> ReadAsync(int sector)
    {
        var data = new byte[512];
        await _initiator.ReadAsync(sector * 512L, data);
        return data[0];
    }

    [Fact]
    public async Task A_flush_after_a_power_loss_covers_the_writes_before_it()
    {
        await _initiator.WriteAsync(0, Of(1, 100));
        await _initiator.WriteAsync(512, Of(2));
        Assert.Equal(0, _medium.Durable[0]);
        await LosePowerAsync();
        await _initiator.FlushAsync();
        Assert.Equal((1, 2, 1, 1), (_medium.Durable[0], _medium.Durable[512], _medium.Durable[1024], _medium.Durable[99 * 512]));
        Assert.True(_initiator.Status().WriteCache);
    }

    [Fact]
    public async Task What_was_discarded_and_written_since_is_repeated_in_its_order()
    {
        Assert.True(_initiator.Discards);
        await _initiator.WriteAsync(0, Of(1, 100));
        await _initiator.FlushAsync();
        await _initiator.WriteAsync(0, Of(2, 10));
        await _initiator.DiscardAsync(0, 20 * 512);
        await _initiator.WriteAsync(512, Of(3));
        await LosePowerAsync();
        await _initiator.FlushAsync();
        Assert.Equal((0, 3, 0, 1), (_medium.Durable[0], _medium.Durable[512], _medium.Durable[19 * 512], _medium.Durable[20 * 512]));
        await LosePowerAsync();
        await _initiator.DiscardAsync(20 * 512, 512);
        await _initiator.FlushAsync();
        Assert.Equal((3, 0, 1), (_medium.Durable[512], _medium.Durable[20 * 512], _medium.Durable[21 * 512]));
    }

    [Fact]
    public async Task What_was_written_is_read_back_over_a_power_loss()
    {
        await _initiator.WriteAsync(0, Of(1));
        await _initiator.FlushAsync();
        await _initiator.WriteAsync(0, Of(2));
        await LosePowerAsync();
        Assert.Equal(2, await ReadAsync(0));
        await LosePowerAsync();
        Assert.Equal(2, await ReadAsync(0));
    }

    [Fact]
    public async Task An_idle_disk_is_made_whole_by_the_check()
    {
        await _initiator.WriteAsync(0, Of(7));
        await LosePowerAsync();
        for (var i = 0; i < 3000 && _medium.Data[0] != 7; i++) await Task.Delay(10, Ct);
        Assert.Equal(7, _medium.Data[0]);
    }

    /// <summary>What the other tests rest on: without the mark, and so without the replay, an answered write is gone.</summary>
    [Fact]
    public async Task Without_a_mark_the_write_is_lost()
    {
        _mark = 0;
        await LosePowerAsync();
        await _initiator.DisposeAsync();
        _initiator = await ConnectAsync(null, inUse: false);
        await _initiator.WriteAsync(0, Of(1));
        await LosePowerAsync();
        await _initiator.FlushAsync();
        Assert.Equal(0, _medium.Durable[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Power_that_comes_and_goes_under_load_loses_nothing(int seed)
    {
        var model = new byte[Sectors * 512];
        using var over = new CancellationTokenSource();
        var cuts = Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 12; i++)
            {
                await Task.Delay(random.Next(5, 60), Ct);
                await LosePowerAsync(restart: false);
                await Task.Delay(random.Next(0, 30), Ct);
                Start();
            }
            await over.CancelAsync();
        }, Ct);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(part => Task.Run(async () =>
        {
            var own = new Random(seed * 31 + part);
            for (var i = 0; !over.IsCancellationRequested || i < 20; i++)
            {
                var count = own.Next(1, 120);
                var at = part * 1024 + own.Next(0, 1024 - count);
                var data = new byte[count * 512];
                own.NextBytes(data);
                await _initiator.WriteAsync(at * 512L, data);
                data.CopyTo(model, at * 512);
                if (own.Next(10) == 0) await _initiator.FlushAsync();
                var back = new byte[data.Length];
                await _initiator.ReadAsync(at * 512L, back);
                Assert.True(back.AsSpan().SequenceEqual(data), $"part {part}, write {i}: read back something else");
            }
        }, Ct)));
        await cuts;
        await _initiator.FlushAsync();
        Assert.Equal(model, _medium.Durable);
    }

    [Fact]
    public async Task What_waits_for_a_flush_is_bounded()
    {
        await _initiator.DisposeAsync();
        _initiator = await ConnectAsync(null, inUse: false, limit: 64 << 10);
        var syncs = _medium.Syncs;
        for (var i = 0; i < 8; i++) await _initiator.WriteAsync(i * 32768L, Of(i, 64));
        Assert.InRange(_medium.Syncs - syncs, 2, 4);
    }

    [Fact]
    public async Task A_superseded_host_writes_nothing_over_the_data_of_its_successor()
    {
        await _initiator.WriteAsync(0, Of(1));
        var other = await _target.RunAsync(() => _fence.Admit("b", [TargetBench.HostB]));
        await _target.RunAsync(() => _fence.Take("b", 2, other));
        _medium.Write(Of(9), 0);
        _medium.Sync();
        await LosePowerAsync();
        await Assert.ThrowsAsync<TargetErrorException>(() => _initiator.FlushAsync().AsTask());
        Assert.Equal(9, _medium.Data[0]);

        // Given back, it begins anew: what its earlier stay wrote is not its to repeat.
        _session = await _target.RunAsync(() => _fence.Admit("a", [_link.Address]));
        await _target.RunAsync(() => _fence.Take("a", 3, _session));
        await _initiator.SetSessionAsync(_session);
        await _initiator.WriteAsync(512, Of(3));
        await LosePowerAsync();
        await _initiator.FlushAsync();
        Assert.Equal((9, 3), (_medium.Durable[0], _medium.Durable[512]));
    }

    /// <summary>The process that kept the writes was killed, and the target's machine lost them meanwhile.</summary>
    [Fact]
    public async Task A_successor_does_not_flush_what_it_does_not_have()
    {
        await _initiator.DisposeAsync();
        using var memory = AttachMemory.Open(_directory.File("memory"));
        _initiator = await ConnectAsync(memory, inUse: false);
        await _initiator.WriteAsync(0, Of(1));
        Assert.True(memory.Unflushed);
        await LosePowerAsync(restart: false);
        // Its end finds no target: nothing more is flushed, as if it had been killed.
        await _initiator.DisposeAsync();
        Start();
        using var later = AttachMemory.Open(_directory.File("memory"));
        _initiator = await ConnectAsync(later, inUse: true);
        var failed = await Assert.ThrowsAsync<TargetErrorException>(() => _initiator.FlushAsync().AsTask());
        Assert.Equal(TargetFailure.StartedAnew, failed.Failure);
        await Assert.ThrowsAsync<TargetErrorException>(() => ReadAsync(0));
        Assert.NotNull(_initiator.Status().Lost);
    }

    [Fact]
    public async Task A_successor_goes_on_where_the_machine_was_not_restarted()
    {
        await _initiator.DisposeAsync();
        using var memory = AttachMemory.Open(_directory.File("memory"));
        _initiator = await ConnectAsync(memory, inUse: false);
        await _initiator.WriteAsync(0, Of(1));
        await _initiator.DisposeAsync();
        // Only the process of the target was restarted, whose writes are in the machine's cache.
        await _target.StopAsync();
        _mark++;
        Start();
        using var later = AttachMemory.Open(_directory.File("memory"));
        Assert.True(later.Unflushed);
        _initiator = await ConnectAsync(later, inUse: true);
        Assert.False(later.Unflushed);
        Assert.Equal((1, 1), (await ReadAsync(0), _medium.Durable[0]));
        await _initiator.FlushAsync();
        Assert.Null(_initiator.Status().Lost);
    }

    [Fact]
    public async Task A_flush_leaves_nothing_for_a_successor_to_miss()
    {
        await _initiator.DisposeAsync();
        using var memory = AttachMemory.Open(_directory.File("memory"));
        _initiator = await ConnectAsync(memory, inUse: false);
        await _initiator.WriteAsync(0, Of(1));
        await _initiator.FlushAsync();
        Assert.False(memory.Unflushed);
        await LosePowerAsync();
        await _initiator.DisposeAsync();
        _initiator = await ConnectAsync(memory, inUse: true);
        Assert.Equal(1, await ReadAsync(0));
        Assert.Equal(AttachState.Up, _initiator.Status().State);
    }
}
