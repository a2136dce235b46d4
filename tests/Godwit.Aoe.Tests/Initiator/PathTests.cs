using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Target;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>Several ways to a target: all are used, one may fail, and none leads to another disk.</summary>
public sealed class PathTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private Fence NewFence()
    {
        var fence = Fence.Load(_directory.File("fence"));
        fence.Initialize(0);
        return fence;
    }

    [Fact]
    public async Task Both_are_used()
    {
        await using var world = await TwoPaths.StartAsync();
        var (one, two) = (world.One.Sent, world.Two.Sent);
        await world.WorkAsync(1, TimeSpan.FromSeconds(1));
        (one, two) = (world.One.Sent - one, world.Two.Sent - two);
        Assert.True(one > (one + two) / 4 && two > (one + two) / 4, $"{one} and {two} frames");
        var status = world.Status;
        Assert.Equal((AttachState.Up, "b1,b2", 2), (status.State, status.Interface, status.Paths.Count));
        Assert.All(status.Paths, path => Assert.True(path is
        { SectorsPerFrame: 17, Window: > 0, WindowLimit: > 1, TimeoutMicroseconds: > 0, Latency: { P50: > 0, Max: > 0 } }
            && path.Latency.P50 <= path.Latency.P99 && path.Latency.P99 <= path.Latency.Max));
        Assert.True(status.WriteCache && status.Latency!.Max >= status.Latency.P50);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_dies_is_done_without_and_one_that_comes_back_is_used(bool fenced)
    {
        await using var world = await TwoPaths.StartAsync(fence: fenced ? NewFence() : null);
        var working = world.WorkAsync(2, TimeSpan.FromSeconds(4.5));
        await Task.Delay(100);
        world.Cut(one: false, two: true);
        await world.WaitForAsync(PathCondition.Up, PathCondition.Down);
        Assert.Equal(AttachState.Up, world.Status.State);
        await working;
        var before = world.Two.Sent;
        world.Cut(one: false, two: false);
        await world.WaitForAsync(PathCondition.Up, PathCondition.Up);
        await world.WorkAsync(3, TimeSpan.FromSeconds(1));
        Assert.True(world.Two.Sent - before > 50);
        // The other one as well: none is better than the other.
        working = world.WorkAsync(4);
        world.Cut(one: true, two: false);
        await working;
        Assert.True(world.Status.Retransmits > 0);
    }

    [Fact]
    public async Task The_disk_is_down_when_all_are_and_up_with_the_first_that_answers()
    {
        await using var world = await TwoPaths.StartAsync();
        world.Cut(one: true, two: true);
        var waiting = world.Initiator.WriteAsync(0, Enumerable.Repeat((byte)7, 512).ToArray()).AsTask();
        await world.WaitForAsync(PathCondition.Down, PathCondition.Down);
        Assert.Equal(AttachState.Down, world.Status.State);
        world.Cut(one: true, two: false);
        await waiting;
        Assert.Equal((AttachState.Up, 7), (world.Status.State, world.Medium.Data[0]));
    }

    [Fact]
    public async Task A_link_that_fails_takes_its_own_paths_only_and_the_last_one_ends_it()
    {
        await using var world = await TwoPaths.StartAsync();
        var working = world.WorkAsync(5);
        world.One.Fail();
        await working;
        Assert.False(world.Initiator.Ended.IsCompleted);
        Assert.Equal(PathCondition.Down, world.StateOf(world.One));
        await world.WorkAsync(6);
        world.Two.Fail();
        await Assert.ThrowsAsync<IOException>(() => world.Initiator.Ended);
        var refusal = await Assert.ThrowsAsync<TargetErrorException>(() => world.Initiator.ReadAsync(0, new byte[512]).AsTask());
        Assert.Equal(TargetFailure.Detached, refusal.Failure);
    }

    [Fact]
    public async Task Another_target_with_the_same_address_is_never_written_to()
    {
        var foreign = new MemoryMedium(4096);
        await using var world = await TwoPaths.StartAsync(waitForBoth: false, serve: w =>
        {
            w.TargetTwo.Dead = true;
            w.Serve([w.TargetTwo], foreign);
            w.Serve([w.TargetOne], w.Medium);
        });
        world.TargetTwo.Dead = false;
        await world.WaitForAsync(PathCondition.Up, PathCondition.Foreign);
        await world.WorkAsync(7);
        // Nor when it is the only one that answers.
        world.Cut(one: true, two: false);
        var waiting = world.Initiator.WriteAsync(0, new byte[512]).AsTask();
        await world.WaitForAsync(PathCondition.Down, PathCondition.Foreign);
        await Task.Delay(300);
        Assert.False(waiting.IsCompleted);
        world.Cut(one: false, two: false);
        await waiting;
        Assert.DoesNotContain(foreign.Data, b => b != 0);
        Assert.Equal(PathCondition.Foreign, world.StateOf(world.Two));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_whose_address_the_fence_does_not_admit_is_not_used(bool first)
    {
        await using var world = await TwoPaths.StartAsync(fence: NewFence(), waitForBoth: false, admits: w => [first ? w.One.Address : w.Two.Address]);
        if (first) await world.WaitForAsync(PathCondition.Up, PathCondition.Refused);
        else await world.WaitForAsync(PathCondition.Refused, PathCondition.Up);
        await world.WorkAsync(8);
        // The path that was found first may have been asked for it, and refused: the next heartbeat asks again.
        for (var i = 0; i < 3000 && !world.Status.WriteCache; i++) await Task.Delay(10);
        Assert.Equal((AttachState.Up, true), (world.Status.State, world.Status.WriteCache));
    }

    [Fact]
    public async Task Both_go_on_under_a_new_session()
    {
        var fence = NewFence();
        await using var world = await TwoPaths.StartAsync(fence: fence);
        for (var i = 0; i < 3; i++)
        {
            var session = await world.Target.RunAsync(() => fence.Admit("a", [world.One.Address, world.Two.Address]));
            await world.Target.RunAsync(() => fence.Take("a", 2 + i, session));
            await world.Initiator.SetSessionAsync(session);
            await world.WaitForAsync(PathCondition.Up, PathCondition.Up);
            await world.WorkAsync(30 + i);
            Assert.Equal((session, true, AttachState.Up), (world.Status.Session, world.Status.WriteCache, world.Status.State));
        }
        var other = await world.Target.RunAsync(() => fence.Admit("b", [TargetBench.HostB]));
        await world.Target.RunAsync(() => fence.Take("b", 9, other));
        for (var i = 0; i < 3000 && world.Status.State != AttachState.Superseded; i++) await Task.Delay(10);
        Assert.Equal(AttachState.Superseded, world.Status.State);
        await Assert.ThrowsAsync<TargetErrorException>(() => world.Initiator.WriteAsync(0, new byte[512]).AsTask());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Both_go_on_with_a_target_that_was_started_anew(bool fenced)
    {
        var fence = fenced ? NewFence() : null;
        await using var world = await TwoPaths.StartAsync(fence: fence);
        for (var i = 0; i < 3; i++)
        {
            var working = world.WorkAsync(10 + i, TimeSpan.FromMilliseconds(600));
            await Task.Delay(200);
            await world.RestartAsync(fence);
            await working;
            await world.WaitForAsync(PathCondition.Up, PathCondition.Up);
        }
        Assert.True(world.Status.WriteCache);
    }

    [Fact]
    public async Task A_path_of_small_frames_may_take_over_from_one_of_large_ones()
    {
        await using var world = await TwoPaths.StartAsync(secondMtu: 1500);
        Assert.Equal(2, world.Status.SectorsPerFrame);
        await world.WorkAsync(20);
        world.Cut(one: false, two: true);
        await world.WorkAsync(21, TimeSpan.FromSeconds(4));
        await world.WaitForAsync(PathCondition.Up, PathCondition.Down);
        Assert.Equal(17, world.Status.SectorsPerFrame);
        // Frames for which the other has no room are under way when theirs dies.
        world.TargetOne.Dead = true;
        var waiting = world.Initiator.WriteAsync(0, Enumerable.Repeat((byte)9, 200 * 512).ToArray()).AsTask();
        await Task.Delay(50);
        world.Cut(one: true, two: false);
        await waiting;
        Assert.Equal(9, world.Medium.Data[200 * 512 - 1]);
    }

    [Theory]
    [InlineData(1, 60, 0, 0, false)]
    [InlineData(2, 0, 200, 200, false)]
    [InlineData(3, 30, 100, 100, true)]
    [InlineData(4, 30, 100, 100, false)]
    public async Task Loss_and_disorder_on_both_cost_no_data(int seed, int drop, int twice, int hold, bool fenced)
    {
        var faults = new MemoryLink.Faults(seed) { Drop = drop, Double = twice, Hold = hold };
        await using var world = await TwoPaths.StartAsync(faults, fence: fenced ? NewFence() : null);
        await world.WorkAsync(seed, least: 400);
    }

    /// <summary>The copy comes from another address than the first did, and after a newer write.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_late_copy_that_went_the_other_way_is_not_executed(bool fenced)
    {
        await using var world = await TwoPaths.StartAsync(fence: fenced ? NewFence() : null);
        byte[]? held = null;
        bool HoldFirstWrite(byte[] frame)
        {
            if (held is not null || frame.Length < 500 || frame[27] != 0x34) return false;
            held = frame;
            return true;
        }
        (world.One.Loses, world.Two.Loses) = (HoldFirstWrite, HoldFirstWrite);
        await world.Initiator.WriteAsync(0, Enumerable.Repeat((byte)1, 512).ToArray());
        await world.Initiator.WriteAsync(0, Enumerable.Repeat((byte)2, 512).ToArray());
        var on = held![11] == world.One.Address.ToBytes()[5] && held[10] == world.One.Address.ToBytes()[4] ? world.TargetOne : world.TargetTwo;
        on.Deliver(held);
        await world.Initiator.FlushAsync();
        await Task.Delay(50);
        Assert.Equal(2, world.Medium.Data[0]);
        Assert.True(world.Status.Retransmits > 0);
    }

    /// <summary>
    /// An answer of the target of before comes when the one that was started anew already has again what was answered earlier: to
    /// believe it would leave the older data on the disk.
    /// </summary>
    [Fact]
    public async Task A_write_that_the_target_of_before_answers_while_others_are_repeated_is_sent_again()
    {
        await using var world = await TwoPaths.StartAsync();
        await world.Initiator.WriteAsync(0, Filled(1));
        var late = world.HoldAnswersToWrites();
        var second = world.Initiator.WriteAsync(0, Filled(2)).AsTask();
        await late.AnyAsync();
        await world.RestartAsync();
        // Answers to what is repeated are held up as well, so that it lasts.
        var repeated = world.HoldAnswersToWrites();
        await repeated.AnyAsync();
        late.Deliver();
        await Task.Delay(100);
        Assert.False(second.IsCompleted);
        world.HoldNothing();
        await second;
        Assert.Equal(2, world.Medium.Data[0]);
    }

    /// <summary>The same answer comes when all is repeated, and the write itself is on its way again.</summary>
    [Fact]
    public async Task An_answer_of_the_target_of_before_does_not_count_for_what_was_sent_since()
    {
        await using var world = await TwoPaths.StartAsync();
        var late = world.HoldAnswersToWrites();
        var first = world.Initiator.WriteAsync(0, Filled(1)).AsTask();
        await late.AnyAsync();
        world.HoldNothing();
        var again = world.HoldWrites(mark: 2);
        await world.RestartAsync();
        await again.AnyAsync();
        late.Deliver();
        await Task.Delay(100);
        Assert.False(first.IsCompleted);
        world.HoldNothing();
        await first;
        await world.Initiator.WriteAsync(0, Filled(2));
        again.Deliver();
        await world.Initiator.FlushAsync();
        await Task.Delay(50);
        Assert.Equal(2, world.Medium.Data[0]);
    }

    private static byte[] Filled(byte value) => Enumerable.Repeat(value, 512).ToArray();
}
