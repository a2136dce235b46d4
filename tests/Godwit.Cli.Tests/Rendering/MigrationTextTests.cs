using Godwit.Cli.Rendering;

namespace Godwit.Cli.Tests.Rendering;

public sealed class MigrationTextTests
{
    [Fact]
    public void Progress_says_all_that_is_known()
    {
        var e = Samples.Event(1, "pre-copy", round: 2) with
        {
            SentBytes = 126_353_408,
            RemainingBytes = 12_582_912,
            TotalBytes = 268_435_456,
            DirtyBytesPerSecond = 3_250_586,
            BytesPerSecond = 262_144_000,
            ExpectedSeconds = 0.31,
        };
        Assert.Equal(
            "pre-copy  round 2  sent 120.5 MiB  remaining 12.0 MiB  dirty 3.1 MiB/s  at 250.0 MiB/s  expected in 0.3 s",
            MigrationText.Progress(e));
    }

    [Fact]
    public void Progress_leaves_out_what_is_not_known() =>
        Assert.Equal("check", MigrationText.Progress(Samples.Event(0, "check")));

    [Fact]
    public void A_note_stands_behind() =>
        Assert.Equal("prepare  (carrying the kernel)", MigrationText.Progress(Samples.Event(0, "prepare") with { Note = "carrying the kernel" }));

    [Fact]
    public void The_summary_shows_the_parts_of_the_downtime() =>
        Assert.Equal(
        [
            "vm1 moved from resource-1 to resource-2 in 1.62 s: 3 rounds, 131.5 MiB",
            "downtime 14.2 ms = stop 0.3 + last round 5.1 + device state 4.2 + commit 2.0 + fence 1.9 + resume 0.7 ms",
        ], MigrationText.Summary(Samples.Migration(), Samples.Completed));

    [Fact]
    public void The_share_that_has_arrived_never_divides_by_nothing()
    {
        Assert.Equal(0, MigrationText.Share(Samples.Event(0, "check")));
        Assert.Equal(0.75, MigrationText.Share(Samples.Event(0, "pre-copy") with { SentBytes = 300, RemainingBytes = 100 }));
    }
}
