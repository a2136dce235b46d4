using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>Requests that set out together, and requests that end together.</summary>
public sealed class GroupTests
{
    [Fact]
    public async Task A_group_sets_out_in_one_call_and_what_is_left_until_all_have_ended_is_done()
    {
        await using var world = await TwoPaths.StartAsync();
        await world.WorkAsync(1, TimeSpan.FromSeconds(0.5));
        world.Cut(one: false, two: true);
        await world.WaitForAsync(PathCondition.Up, PathCondition.Down);
        world.One.LargestBatch = 0;
        var (deferred, done, at) = (0, 0, 0);
        // Frames that go out meanwhile take some of a group along.
        for (var tries = 0; tries < 200 && (world.One.LargestBatch < 8 || deferred == 0); tries++)
        {
            world.Initiator.BeginGroup();
            List<Task> reads = [.. Enumerable.Range(0, 8).Select(_ => ReadAsync())];
            world.Initiator.EndGroup();
            await Task.WhenAll(reads);
        }
        Assert.True(world.One.LargestBatch >= 8, $"at most {world.One.LargestBatch} at a time");
        Assert.True(deferred > 0);
        for (var i = 0; Volatile.Read(ref done) < deferred && i < 100; i++) await Task.Delay(10);
        Assert.Equal(deferred, done);
        Assert.False(AoeInitiator.TryDefer(() => done++));

        async Task ReadAsync()
        {
            await world.Initiator.ReadAsync(4096 * (Interlocked.Increment(ref at) % 16), new byte[4096]).ConfigureAwait(false);
            if (AoeInitiator.TryDefer(() => Interlocked.Increment(ref done))) Interlocked.Increment(ref deferred);
        }
    }
}
