using CsCheck;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Tests.Target;

public class FenceRulesTests
{
    private static readonly MacAddress A = TargetBench.HostA, B = TargetBench.HostB;

    private static FenceState Admit(FenceState state, string host, MacAddress mac, out int session)
    {
        (state, session) = FenceRules.Admit(state, host, [mac]);
        return state;
    }

    [Fact]
    public void The_role_moves_in_one_step_and_the_former_writer_loses_its_reads_too()
    {
        var state = Admit(FenceState.New(0), "a", A, out var a);
        state = Admit(state, "b", B, out var b);
        (state, var first) = FenceRules.Fence(state, "a", 5, a);
        Assert.Equal(new FenceAnswer(0, a), first);
        Assert.Equal(FenceStanding.Writer, FenceRules.Standing(state, A, a));
        Assert.Equal(FenceStanding.Reader, FenceRules.Standing(state, B, b));

        (state, var second) = FenceRules.Fence(state, "b", 6, b);
        Assert.Equal(new FenceAnswer(5, b), second);
        Assert.Equal(FenceStanding.None, FenceRules.Standing(state, A, a));
        Assert.Equal(FenceStanding.Writer, FenceRules.Standing(state, B, b));
    }

    [Fact]
    public void Older_epochs_are_refused_and_the_same_one_only_repeats()
    {
        var state = Admit(FenceState.New(0), "a", A, out var a);
        state = Admit(state, "b", B, out var b);
        (state, var answer) = FenceRules.Fence(state, "a", 5, a);

        Assert.Equal((state, answer), FenceRules.Fence(state, "a", 5, a));
        foreach (var (host, epoch, session) in new[] { ("b", 5L, b), ("b", 4L, b), ("a", 4L, a) })
        {
            var refusal = Assert.Throws<AoeControlException>(() => FenceRules.Fence(state, host, epoch, session));
            Assert.Equal((AoeControlCode.StaleEpoch, 5L), (refusal.Code, refusal.HeldEpoch));
        }
    }

    [Fact]
    public void Only_a_living_session_of_that_host_can_take_the_role()
    {
        var state = Admit(FenceState.New(0), "a", A, out var old);
        state = Admit(state, "a", A, out var fresh);
        Assert.NotEqual(old, fresh);
        Assert.Equal(FenceStanding.None, FenceRules.Standing(state, A, old));
        foreach (var (host, session) in new[] { ("a", old), ("b", fresh), ("a", 99) })
            Assert.Equal(AoeControlCode.NotAdmitted,
                Assert.Throws<AoeControlException>(() => FenceRules.Fence(state, host, 1, session)).Code);
    }

    [Fact]
    public void Admitting_the_writers_host_again_leaves_the_writer_alone()
    {
        var state = Admit(FenceState.New(0), "a", A, out var writer);
        (state, _) = FenceRules.Fence(state, "a", 1, writer);
        state = Admit(state, "a", A, out var reader);
        Assert.Equal(FenceStanding.Writer, FenceRules.Standing(state, A, writer));
        Assert.Equal(FenceStanding.Reader, FenceRules.Standing(state, A, reader));
        // The role goes to another host; the reader's session of this one stays.
        state = Admit(state, "b", B, out var b);
        (state, _) = FenceRules.Fence(state, "b", 2, b);
        Assert.Equal(FenceStanding.None, FenceRules.Standing(state, A, writer));
        Assert.Equal(FenceStanding.Reader, FenceRules.Standing(state, A, reader));
    }

    [Fact]
    public void Sessions_wrap_around_and_pass_over_the_living()
    {
        var state = Admit(FenceState.New(0), "a", A, out var writer);
        (state, _) = FenceRules.Fence(state, "a", 1, writer);
        for (var i = 0; i < 3 * FrameTag.LastSession; i++)
        {
            state = Admit(state, "b", B, out var session);
            Assert.NotEqual(writer, session);
            Assert.InRange(session, 1, FrameTag.LastSession);
        }
        Assert.Single(state.Readers);
    }

    [Fact]
    public void A_full_house_is_refused()
    {
        var state = FenceState.New(0);
        for (var i = 0; i < FrameTag.LastSession; i++) state = Admit(state, $"h{i}", A, out _);
        Assert.Equal(AoeControlCode.NoSessionLeft, Assert.Throws<AoeControlException>(() => Admit(state, "x", A, out _)).Code);
    }

    /// <summary>Any order of requests: at most one writer, epochs never fall, living sessions differ.</summary>
    [Fact]
    public void The_invariants_hold_after_any_requests() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Long[0, 12], Gen.Int[0, 6]).Array[0, 40].Sample(steps =>
        {
            var state = FenceState.New(0);
            foreach (var (what, who, epoch, session) in steps)
            {
                var host = $"h{who}";
                var before = state;
                try
                {
                    state = what switch
                    {
                        0 => FenceRules.Admit(state, host, [new MacAddress((ulong)who)]).State,
                        1 => FenceRules.Fence(state, host, epoch, session).State,
                        _ => FenceRules.Release(state, host, session),
                    };
                }
                catch (AoeControlException e)
                {
                    Assert.Contains(e.Code, new[] { AoeControlCode.StaleEpoch, AoeControlCode.NotAdmitted });
                }
                Assert.True(state.Epoch >= before.Epoch);
                // Nobody becomes writer but by a greater epoch.
                if (state.Writer != before.Writer && state.Writer is not null) Assert.True(state.Epoch > before.Epoch);
                var living = state.Readers.Select(r => r.Session).Concat(state.Writer is { } w ? [w.Session] : []).ToList();
                Assert.Equal(living.Count, living.Distinct().Count());
                Assert.Equal(state.Readers.Length, state.Readers.Select(r => r.Host).Distinct().Count());
            }
        });
}
