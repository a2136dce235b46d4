using System.Collections.Immutable;
using CsCheck;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Target;

public class RangeRulesTests
{
    private static readonly SectorRange s_lock = new(0, 2048, Rest: true), s_one = new(2048, 100), s_two = new(2148, 100);

    private static (FenceState State, int A, int B) Two()
    {
        var (state, a) = FenceRules.Admit(FenceState.New(0), "a", [TargetBench.HostA]);
        (state, var b) = FenceRules.Admit(state, "b", [TargetBench.HostB]);
        return (state, a, b);
    }

    private static FenceState Fence(FenceState state, string host, long epoch, int session, params SectorRange[] ranges) =>
        RangeRules.Fence(state, host, epoch, session, [.. ranges]).State;

    private static string Refusal(Func<object> step) => Assert.Throws<AoeControlException>(() => step()).Code;

    private static bool Writes(FenceState state, int session, long first, long count) => RangeTable.Of(state)!.MayWrite(Mac(state, session), session, first, count);

    private static bool Reads(FenceState state, int session, long first, long count) => RangeTable.Of(state)!.MayRead(Mac(state, session), session, first, count);

    private static MacAddress Mac(FenceState state, int session) => state.Readers.Single(reader => reader.Session == session).Macs[0];

    [Fact]
    public void Domains_of_one_group_run_on_two_hosts_and_each_range_moves_by_itself()
    {
        var (state, a, b) = Two();
        state = Fence(state, "a", 5, a, s_one);
        state = Fence(state, "b", 6, b, s_two);
        Assert.True(Writes(state, a, 2048, 100) && Writes(state, b, 2148, 100));
        // Neither a sector of the other's, nor one of nobody's.
        Assert.False(Writes(state, a, 2147, 2) || Writes(state, b, 2147, 2) || Writes(state, a, 2047, 1) || Writes(state, b, 2248, 1));
        Assert.True(Reads(state, a, 0, 4096) && Reads(state, b, 0, 4096));

        var (moved, answer) = RangeRules.Fence(state, "b", 7, b, [s_one]);
        Assert.Equal(new FenceAnswer(5, b), answer);
        Assert.True(Writes(moved, b, 2048, 200));
        Assert.False(Writes(moved, a, 2048, 1));
        // The superseded copy hears of it by its reads too, and reads all else.
        Assert.False(Reads(moved, a, 2147, 1) || Reads(moved, a, 0, 2049));
        Assert.True(Reads(moved, a, 0, 2048) && Reads(moved, a, 2148, 100));
        Assert.Equal(AoeControlCode.NotAdmitted, Refusal(() => Fence(moved, "a", 8, a, s_one)));
        var back = RangeRules.Return(moved, "a", a, [s_one]);
        Assert.True(Reads(back, a, 2048, 100));
        Assert.True(Writes(Fence(back, "a", 8, a, s_one), a, 2048, 100));
        Assert.Equal(AoeControlCode.NotAdmitted, Refusal(() => RangeRules.Return(moved, "a", 99, [s_one])));
    }

    [Fact]
    public void Older_epochs_are_refused_and_the_same_one_only_repeats()
    {
        var (state, a, b) = Two();
        (state, var answer) = RangeRules.Fence(state, "a", 5, a, [s_one, s_two]);
        Assert.Equal((state, answer), RangeRules.Fence(state, "a", 5, a, [s_two, s_one]));
        foreach (var (host, epoch, session) in new[] { ("b", 5L, b), ("b", 4L, b), ("a", 4L, a) })
        {
            var refusal = Assert.Throws<AoeControlException>(() => Fence(state, host, epoch, session, s_two));
            Assert.Equal((AoeControlCode.StaleEpoch, 5L), (refusal.Code, refusal.HeldEpoch));
        }
        Assert.Equal(AoeControlCode.NotAdmitted, Refusal(() => Fence(state, "a", 6, b, s_one)));
        Assert.Equal(AoeControlCode.NotAdmitted, Refusal(() => Fence(state, "a", 6, b, new SectorRange(9000, 1))));
        // All or none.
        state = Fence(state, "b", 9, b, s_two);
        Assert.Equal(AoeControlCode.StaleEpoch, Refusal(() => Fence(state, "b", 8, b, s_one, s_two)));
    }

    [Theory]
    [InlineData(2040, 100)]
    [InlineData(2048, 99)]
    [InlineData(2049, 10)]
    [InlineData(2100, 100)]
    [InlineData(2000, 1000)]
    public void Sectors_that_are_in_part_anothers_are_refused(long start, long length)
    {
        var (state, a, b) = Two();
        state = Fence(state, "a", 5, a, s_one);
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => Fence(state, "b", 9, b, new SectorRange(start, length))));
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => Fence(state, "b", 9, b, new SectorRange(start, length), s_one)));
    }

    [Fact]
    public void A_volume_that_was_extended_takes_in_what_it_was_under_the_epoch_that_it_has()
    {
        var (state, a, b) = Two();
        state = Fence(state, "a", 5, a, s_lock, s_one);
        state = Fence(state, "b", 6, b, s_two);
        // In place, and by a second segment; but not over the next one.
        var grown = new SectorRange(2048, 300);
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => Fence(state, "a", 5, a, grown)));
        state = Fence(Fence(state, "b", 7, b, s_two), "a", 5, a, s_one, new SectorRange(4096, 10));
        state = Fence(state, "a", 5, a, new SectorRange(4096, 30));
        Assert.True(Writes(state, a, 4096, 30));
        Assert.Equal(AoeControlCode.StaleEpoch, Refusal(() => Fence(state, "a", 4, a, new SectorRange(4096, 40))));
        // Without the lock, a new part needs a new epoch.
        state = RangeRules.Release(state, "a", a, [s_lock]);
        state = Fence(state, "b", 10, b, s_lock, new SectorRange(6000, 10));
        state = RangeRules.Forget(RangeRules.Release(state, "b", b, [new SectorRange(6000, 10)]), "b", b, [new SectorRange(6000, 10)]);
        Assert.Equal(10, state.Epoch);
        Assert.Equal(AoeControlCode.StaleEpoch, Refusal(() => Fence(state, "a", 5, a, new SectorRange(8000, 8))));
        Assert.True(Writes(Fence(state, "a", 11, a, new SectorRange(8000, 8)), a, 8000, 8));
    }

    [Fact]
    public void Epoch_0_takes_no_sectors_not_even_for_the_holder_of_the_lock()
    {
        var (state, a, _) = Two();
        Assert.Equal(AoeControlCode.StaleEpoch, Refusal(() => Fence(state, "a", 0, a, s_one)));
        state = Fence(state, "a", 5, a, s_lock);
        foreach (var epoch in new[] { 0L, -1L })
            Assert.Equal(AoeControlCode.StaleEpoch, Refusal(() => Fence(state, "a", epoch, a, s_one)));
        Assert.True(Writes(Fence(state, "a", 1, a, s_one), a, 2048, 100));
    }

    [Fact]
    public void The_rest_is_for_the_holder_of_the_lock()
    {
        var (state, a, b) = Two();
        state = Fence(state, "a", 3, a, s_one);
        state = Fence(state, "a", 5, a, s_lock);
        Assert.True(Writes(state, a, 0, 4096 + 100) && Writes(state, a, 1 << 20, 1));
        state = Fence(state, "b", 4, b, s_two);
        Assert.False(Writes(state, a, 0, 4096) || Writes(state, b, 2248, 1));
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => Fence(state, "b", 9, b, new SectorRange(5000, 5, Rest: true))));
        Assert.Equal(AoeControlCode.RangeTaken, Refusal(() => RangeRules.Fence(state, "b", 9, b, [s_lock], free: true)));
        Assert.Equal(state, RangeRules.Fence(state, "a", 5, a, [s_lock], free: true).State);
        state = RangeRules.Release(state, "a", a, [s_lock]);
        Assert.Equal(b, RangeRules.Fence(state, "b", 9, b, [s_lock], free: true).State.Ranges[0].Writer);
        Assert.False(Writes(state, a, 0, 1));
        Assert.True(Reads(state, a, 0, 1));
        state = Fence(state, "b", 6, b, s_lock);
        Assert.True(Writes(state, b, 2148, 1000));
        Assert.True(Reads(state, a, 0, 1));
        // Taken from a holder that did not give it up.
        state = Fence(state, "a", 7, a, s_lock);
        Assert.False(Writes(state, b, 0, 1) || Reads(state, b, 0, 1));
        Assert.True(Writes(state, b, 2148, 100));
    }

    [Fact]
    public void Only_the_holder_of_the_lock_forgets_and_only_what_nobody_writes()
    {
        var (state, a, b) = Two();
        state = Fence(state, "a", 5, a, s_lock, s_one);
        state = Fence(state, "b", 6, b, s_two);
        Assert.Equal(AoeControlCode.NotAdmitted, Refusal(() => RangeRules.Forget(state, "b", b, [s_two])));
        Assert.Equal(AoeControlCode.NotAdmitted, Refusal(() => RangeRules.Forget(state, "b", a, [s_one])));
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => RangeRules.Forget(state, "a", a, [s_two])));
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => RangeRules.Forget(state, "a", a, [s_lock])));
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => RangeRules.Forget(state, "a", a, [s_one])));
        state = RangeRules.Forget(RangeRules.Release(state, "a", a, [s_one]), "a", a, [s_one, new SectorRange(1 << 20, 1)]);
        Assert.Equal([s_lock, s_two], state.Ranges.Select(range => range.Sectors));
        state = RangeRules.Release(state, "b", b, [s_two]);
        // The last of them leave a disk that is fenced as a whole.
        state = RangeRules.Forget(state, "a", a, [s_lock, s_two]);
        Assert.Equal((0, 6L), (state.Ranges.Length, state.Epoch));
        Assert.Equal(AoeControlCode.StaleEpoch, Refusal(() => FenceRules.Fence(state, "a", 6, a)));
        state = FenceRules.Fence(state, "a", 7, a).State;
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => Fence(state, "b", 8, b, s_one)));
    }

    [Fact]
    public void A_disk_with_ranges_is_not_taken_as_a_whole()
    {
        var (state, a, _) = Two();
        state = Fence(state, "a", 5, a, s_one);
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => FenceRules.Fence(state, "a", 9, a)));
        Assert.Equal(AoeControlCode.RangeConflict, Refusal(() => Fence(state, "a", 9, a, new SectorRange(5000, 10), new SectorRange(5009, 1))));
        Assert.Equal(AoeControlCode.TooManyRanges,
            Refusal(() => Fence(state, "a", 9, a, [.. Enumerable.Range(0, RangeRules.MostRanges).Select(i => new SectorRange(10000 + 2 * i, 1))])));
    }

    [Fact]
    public void A_session_that_ends_writes_nothing_and_is_barred_from_nothing()
    {
        var (state, a, b) = Two();
        state = Fence(Fence(state, "a", 5, a, s_one, s_two), "b", 6, b, s_two);
        Assert.False(Reads(state, a, 2148, 1));
        (var again, var fresh) = FenceRules.Admit(state, "a", [TargetBench.HostA]);
        Assert.All(again.Ranges, range => Assert.True(range.Writer != a && !range.Barred.Contains(a)));
        Assert.True(Reads(again, fresh, 2148, 1));
        Assert.Equal(AoeControlCode.StaleEpoch, Refusal(() => Fence(again, "a", 5, fresh, s_one)));
        var gone = FenceRules.Release(state, "b", b);
        Assert.Equal(0, gone.Ranges.Single(range => range.Sectors == s_two).Writer);
    }

    /// <summary>Any order of requests: ranges are apart, one has one writer, who is admitted; epochs never fall; a writer comes by a greater one.</summary>
    [Fact]
    public void The_invariants_hold_after_any_requests() =>
        Gen.Select(Gen.Int[0, 8], Gen.Int[0, 2], Gen.Long[0, 12], Gen.Int[0, 8], Gen.Select(Gen.Long[0, 12], Gen.Long[1, 6])).Array[0, 60].Sample(steps =>
        {
            var state = FenceState.New(0);
            foreach (var (what, who, epoch, part, (start, length)) in steps)
            {
                var (host, before) = ($"h{who}", state);
                var session = state.Readers.FirstOrDefault(reader => reader.Host == host)?.Session ?? part;
                // Mostly one that is there.
                ImmutableArray<SectorRange> ranges = part < state.Ranges.Length ? [state.Ranges[part].Sectors] : [new SectorRange(start, length, part == 7)];
                try
                {
                    state = what switch
                    {
                        0 => FenceRules.Admit(state, host, [new MacAddress((ulong)who)]).State,
                        1 => FenceRules.Fence(state, host, epoch, session).State,
                        2 => FenceRules.Release(state, host, session),
                        3 => RangeRules.Release(state, host, session, ranges),
                        4 => RangeRules.Return(state, host, session, ranges),
                        5 => RangeRules.Forget(state, host, session, ranges),
                        _ => RangeRules.Fence(state, host, epoch, session, ranges).State,
                    };
                }
                catch (AoeControlException e)
                {
                    Assert.Contains(e.Code, new[] { AoeControlCode.StaleEpoch, AoeControlCode.NotAdmitted, AoeControlCode.RangeConflict });
                }
                Assert.True(state.Epoch >= before.Epoch && state.GreatestEpoch() >= before.GreatestEpoch());
                Assert.True(state.Ranges.IsEmpty || state.Writer is null);
                Assert.True(state.Ranges.Count(range => range.Rest) <= 1);
                for (var i = 1; i < state.Ranges.Length; i++) Assert.True(state.Ranges[i - 1].End <= state.Ranges[i].Start);
                var sessions = state.Readers.Select(reader => reader.Session).ToHashSet();
                foreach (var range in state.Ranges)
                {
                    Assert.True(range.Writer == 0 || sessions.Contains(range.Writer));
                    Assert.True(range.Barred.All(sessions.Contains) && !range.Barred.Contains(range.Writer));
                    // A sector goes from one writer to another by a greater epoch only.
                    foreach (var former in before.Ranges.Where(former => former.Sectors.Overlaps(range.Sectors)))
                    {
                        Assert.True(range.Epoch >= former.Epoch);
                        if (range.Writer != 0 && range.Writer != former.Writer) Assert.True(range.Epoch > former.Epoch);
                    }
                }
            }
        });
}
