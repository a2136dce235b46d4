using Godwit.Aoe.Fuzz;

namespace Godwit.Aoe.Tests.Fuzz;

/// <summary>The short form of <c>bench/aoe-fuzz</c>. Alone: what other tests hold in memory would count as its own.</summary>
[Collection(Alone)]
public sealed class FuzzTests
{
    private const string Alone = "alone";

    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class Collection;

    [Fact]
    public void A_million_frames_are_answered_as_the_model_answers_them()
    {
        var run = FuzzRun.Run(firstSeed: 1000, frames: 1_000_000);
        Assert.True(run.Held, $"{run.Failure} (memory grew by {run.GrownBytes} bytes)");
        Assert.True(run.Answered > run.Frames / 3, $"only {run.Answered} were answered");
        // Each way in which a command ends was gone.
        Assert.Empty(FuzzRun.Outcomes.Except(run.Reached));
    }

    [Fact]
    public void A_target_that_loses_one_write_in_a_hundred_is_found_out()
    {
        var run = FuzzRun.Run(firstSeed: 1, frames: 1_000_000, losesWrites: true);
        Assert.NotNull(run.Failure);
    }
}
