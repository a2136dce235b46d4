using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>Copies of a write that are late, with a target that executes all it gets.</summary>
public sealed class OverlapTests : IAsyncLifetime
{
    private readonly MemoryLink _link, _targetLink;
    private readonly OtherTarget _target;
    private readonly List<byte[]> _held = [];
    private AoeInitiator? _initiator;
    private int _holds;

    public OverlapTests()
    {
        (_targetLink, _link) = MemoryLink.Pair();
        _target = new OtherTarget(_targetLink, new byte[4096 * 512]);
        _link.Loses = Hold;
    }

    private AoeInitiator Initiator => _initiator!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_initiator is not null) await _initiator.DisposeAsync();
        _target.Dispose();
    }

    private async Task ConnectAsync(int lifetimeMs) => _initiator = await AoeInitiator.ConnectAsync(_link, TargetBench.Address,
        new InitiatorOptions { FailAfter = TimeSpan.FromSeconds(30), CopyLifetime = TimeSpan.FromMilliseconds(lifetimeMs) },
        TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);

    // Of the write frames to come, so many are held up.
    private bool Hold(byte[] frame)
    {
        if (_holds == 0 || frame[27] != 0x34) return false;
        _holds--;
        _held.Add(frame);
        return true;
    }

    private void LetGo()
    {
        foreach (var frame in _held) _targetLink.Deliver(frame);
        _held.Clear();
    }

    private Task WriteAsync(int sector, int value, int sectors = 1) =>
        Initiator.WriteAsync(sector * 512L, Enumerable.Repeat((byte)value, sectors * 512).ToArray()).AsTask();

    private async Task<int> ReadAsync(int sector)
    {
        var data = new byte[512];
        await Initiator.ReadAsync(sector * 512L, data);
        return data[0];
    }

    [Fact]
    public async Task A_write_waits_for_the_copies_of_an_earlier_one_to_its_sectors()
    {
        await ConnectAsync(lifetimeMs: 20_000);
        _holds = 1;
        await WriteAsync(8, 1, sectors: 4);
        var newer = WriteAsync(11, 2, sectors: 4);
        // Others go on: those that do not overlap, and reads.
        await WriteAsync(12 + 4, 3);
        Assert.Equal((1, 3), (await ReadAsync(11), await ReadAsync(16)));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.False(newer.IsCompleted);
        LetGo();
        await newer;
        Assert.Equal((1, 2, 2), (await ReadAsync(10), await ReadAsync(11), await ReadAsync(14)));
    }

    /// <summary>What the rule is for: the same, when it does not hold.</summary>
    [Fact]
    public async Task Without_the_rule_a_late_copy_brings_old_data_back()
    {
        await ConnectAsync(lifetimeMs: 0);
        _holds = 1;
        await WriteAsync(8, 1);
        await WriteAsync(8, 2);
        LetGo();
        Assert.Equal(1, await ReadAsync(8));
    }

    [Fact]
    public async Task Copies_that_never_come_are_waited_for_as_long_as_the_network_may_hold_them()
    {
        await ConnectAsync(lifetimeMs: 2000);
        _holds = 1;
        // The copy's time runs from when it was sent.
        var began = TimeProvider.System.GetTimestamp();
        await WriteAsync(8, 1);
        await WriteAsync(8, 2);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds, 1900, 30_000);
        // That one was sent once: nothing has to be waited for.
        began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 20; i++) await WriteAsync(8, 3 + i);
        Assert.True(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds < 1500);
    }

    [Fact]
    public async Task Two_writes_of_the_same_sectors_are_not_under_way_together()
    {
        await ConnectAsync(lifetimeMs: 20_000);
        _holds = 1;
        var (first, second) = (WriteAsync(8, 1), WriteAsync(8, 2));
        await first;
        Assert.False(second.IsCompleted);
        Assert.Equal(1, await ReadAsync(8));
        LetGo();
        await second;
        Assert.Equal(2, await ReadAsync(8));
    }

    [Fact]
    public async Task A_request_that_waits_fails_when_its_time_is_over()
    {
        await using var initiator = await AoeInitiator.ConnectAsync(_link, TargetBench.Address,
            new InitiatorOptions { FailAfter = TimeSpan.FromSeconds(1), CopyLifetime = TimeSpan.FromSeconds(20) },
            TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        _holds = 1;
        await initiator.WriteAsync(0, new byte[512]);
        var refusal = await Assert.ThrowsAsync<TargetErrorException>(() => initiator.WriteAsync(0, new byte[512]).AsTask());
        Assert.Equal(TargetFailure.TimedOut, refusal.Failure);
    }

    /// <summary>Two targets of one disk, as vblade has one for each interface; and one of another disk.</summary>
    [Theory]
    [InlineData("e0.0:other", PathCondition.Up)]
    [InlineData("e0.0:else", PathCondition.Foreign)]
    public async Task Of_other_targets_those_of_the_same_name_and_size_are_the_same(string serial, PathCondition expected)
    {
        var (targetLink, link) = MemoryLink.Pair("2");
        targetLink.Dead = true;
        using var second = new OtherTarget(targetLink, _target.Data, serial);
        await using var initiator = await AoeInitiator.ConnectAsync([_link, link], TargetBench.Address,
            new InitiatorOptions { FailAfter = TimeSpan.FromSeconds(30), Heartbeat = TimeSpan.FromMilliseconds(50) },
            TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        targetLink.Dead = false;
        PathCondition? State() => initiator.Status().Paths.FirstOrDefault(p => p.Interface == link.Name)?.State;
        for (var i = 0; i < 3000 && State() != expected; i++) await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal(expected, State());
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => initiator.WriteAsync(i * 1024, Enumerable.Repeat((byte)i, 1024).ToArray()).AsTask()));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (byte)i), Enumerable.Range(0, 100).Select(i => _target.Data[i * 1024]));
        Assert.Equal(AttachState.Up, initiator.Status().State);
    }
}
