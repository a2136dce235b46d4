using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Target;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>An initiator and a target over a wire that drops, doubles and reorders frames.</summary>
public sealed class LossyLinkTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryMedium _medium = new(4096);
    private readonly Fence _fence;

    public LossyLinkTests()
    {
        _fence = Fence.Load(_directory.File("fence"));
        _fence.Initialize(0);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, 0, 0, 0)]
    [InlineData(2, 60, 0, 0)]
    [InlineData(3, 0, 200, 200)]
    [InlineData(4, 30, 100, 100)]
    public async Task Data_arrives_whole_and_in_order(int seed, int drop, int twice, int hold)
    {
        var faults = new MemoryLink.Faults(seed) { Drop = drop, Double = twice, Hold = hold };
        await using var world = await World.StartAsync(this, faults);
        var model = new byte[_medium.SizeBytes];
        // Writers own a part each, so that the model knows the order; within a part writes overlap at once.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(part => Task.Run(async () =>
        {
            var own = new Random(seed * 31 + part);
            for (var i = 0; i < 60; i++)
            {
                var count = own.Next(1, 60);
                var at = part * 1024 + own.Next(0, 1024 - count);
                var data = new byte[count * 512];
                own.NextBytes(data);
                await world.Initiator.WriteAsync(at * 512L, data);
                data.CopyTo(model, at * 512);
                if (i % 20 == 0) await world.Initiator.FlushAsync();
                var back = new byte[data.Length];
                await world.Initiator.ReadAsync(at * 512L, back);
                Assert.True(back.AsSpan().SequenceEqual(data), $"part {part}, write {i}: read back something else");
            }
        })));
        await world.Initiator.FlushAsync();
        Assert.Equal(model, _medium.Data);
        Assert.Equal(model, _medium.Durable);
        if (drop > 0)
        {
            Assert.True(faults.Count("dropped") > 0);
            Assert.True(world.Initiator.Status().Retransmits > 0);
        }
    }

    [Fact]
    public async Task A_fence_that_moves_away_fails_requests_at_once()
    {
        await using var world = await World.StartAsync(this, new MemoryLink.Faults());
        await world.Initiator.WriteAsync(0, new byte[4096]);
        var other = _fence.Admit("b", [TargetBench.HostB]);
        await world.Target.RunAsync(() => _fence.Take("b", 2, other));
        var began = TimeProvider.System.GetTimestamp();
        var refusal = await Assert.ThrowsAsync<TargetErrorException>(() => world.Initiator.WriteAsync(0, new byte[65536]).AsTask());
        Assert.Equal(TargetFailure.AtaError, refusal.Failure);
        await Assert.ThrowsAsync<TargetErrorException>(() => world.Initiator.ReadAsync(0, new byte[512]).AsTask());
        await Assert.ThrowsAsync<TargetErrorException>(() => world.Initiator.FlushAsync().AsTask());
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        await WaitFor(() => world.Initiator.Status().State == AttachState.Superseded);

        // Taken back under a new session, it goes on.
        var session = await world.Target.RunAsync(() => _fence.Admit("a", [world.InitiatorLink.Address]));
        await world.Target.RunAsync(() => _fence.Take("a", 3, session));
        await world.Initiator.SetSessionAsync(session);
        await world.Initiator.WriteAsync(0, new byte[65536]);
        Assert.Equal((AttachState.Up, session, true), (world.Initiator.Status().State, world.Initiator.Status().Session, world.Initiator.Status().WriteCache));
    }

    [Fact]
    public async Task A_silent_target_is_waited_for_and_then_given_up()
    {
        await using var world = await World.StartAsync(this, new MemoryLink.Faults(), failAfter: TimeSpan.FromSeconds(1));
        await world.Target.StopAsync();
        var error = await Assert.ThrowsAsync<TargetErrorException>(() => world.Initiator.ReadAsync(0, new byte[65536]).AsTask());
        Assert.Equal(TargetFailure.TimedOut, error.Failure);
    }

    [Fact]
    public async Task Letting_go_of_a_silent_target_ends_though_requests_wait()
    {
        var world = await World.StartAsync(this, new MemoryLink.Faults());
        await world.Target.StopAsync();
        var waiting = Enumerable.Range(0, 300).Select(i => world.Initiator.WriteAsync(i * 512L, new byte[512]).AsTask()).ToList();
        // Until its only path is down.
        await Task.Delay(TimeSpan.FromSeconds(4));
        await world.Initiator.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        foreach (var write in waiting) await Assert.ThrowsAsync<TargetErrorException>(() => write);
    }

    [Fact]
    public async Task A_target_that_comes_back_is_gone_on_with()
    {
        await using var world = await World.StartAsync(this, new MemoryLink.Faults());
        await world.Target.StopAsync();
        var waiting = world.Initiator.WriteAsync(512, new byte[] { 5 }.Concat(new byte[511]).ToArray()).AsTask();
        await Task.Delay(300);
        Assert.False(waiting.IsCompleted);
        world.Restart();
        await waiting;
        Assert.Equal(5, _medium.Data[512]);
        // The new one knows of no write cache; it is asked for again.
        await WaitFor(() => world.Initiator.Status().WriteCache);
    }

    private static async Task WaitFor(Func<bool> condition)
    {
        for (var i = 0; i < 1200 && !condition(); i++) await Task.Delay(25);
        Assert.True(condition());
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly Func<Export> _export;
        private readonly MemoryLink _targetLink;

        private World(MemoryLink targetLink, MemoryLink initiatorLink, Func<Export> export)
        {
            (_targetLink, InitiatorLink, _export) = (targetLink, initiatorLink, export);
            Target = new AoeTarget([targetLink], export(), NullLogger.Instance);
            Target.Start();
        }

        public AoeTarget Target { get; private set; }

        public MemoryLink InitiatorLink { get; }

        public AoeInitiator Initiator { get; private set; } = null!;

        public static async Task<World> StartAsync(LossyLinkTests test, MemoryLink.Faults faults, TimeSpan? failAfter = null)
        {
            var (a, b) = MemoryLink.Pair(9000, faults);
            var session = test._fence.Admit("a", [b.Address]);
            test._fence.Take("a", 1, session);
            var world = new World(a, b, () => Export.Managed(
                new ExportSettings { Address = TargetBench.Address, Path = "memory" }, test._medium, test._fence, new TargetStart(Guid.NewGuid()), NullLogger.Instance));
            world.Initiator = await AoeInitiator.ConnectAsync(b, TargetBench.Address,
                new InitiatorOptions { Session = session, FailAfter = failAfter ?? TimeSpan.FromSeconds(60), Heartbeat = TimeSpan.FromMilliseconds(200) },
                TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
            return world;
        }

        public void Restart()
        {
            Target = new AoeTarget([_targetLink], _export(), NullLogger.Instance);
            Target.Start();
        }

        public async ValueTask DisposeAsync()
        {
            await Initiator.DisposeAsync();
            if (!Target.Ended.IsCompleted) await Target.StopAsync();
        }
    }
}
