using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Tests.Target;

public sealed class FenceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string StatePath => _directory.File("e0.0.fence");

    public void Dispose() => _directory.Dispose();

    private Fence New()
    {
        var fence = Fence.Load(StatePath);
        fence.Initialize(0);
        return fence;
    }

    [Fact]
    public void What_was_answered_is_there_after_a_restart()
    {
        var fence = New();
        var session = fence.Admit("a", [TargetBench.HostA]);
        fence.Take("a", 7, session);
        var again = Fence.Load(StatePath);
        Assert.Null(again.Problem);
        Assert.Equal(FenceStanding.Writer, again.Standing(TargetBench.HostA, session));
        Assert.Equal(new FenceAnswer(0, session), again.Take("a", 7, session));
        Assert.Equal(AoeControlCode.StaleEpoch, Assert.Throws<AoeControlException>(() => again.Take("a", 6, session)).Code);
    }

    [Fact]
    public void A_missing_state_serves_nobody_until_it_is_begun()
    {
        var fence = Fence.Load(StatePath);
        Assert.NotNull(fence.Problem);
        Assert.Equal(AoeControlCode.NoFenceState, Assert.Throws<AoeControlException>(() => fence.Admit("a", [TargetBench.HostA])).Code);
        fence.Initialize(30);
        var session = fence.Admit("a", [TargetBench.HostA]);
        Assert.Equal(AoeControlCode.StaleEpoch, Assert.Throws<AoeControlException>(() => fence.Take("a", 30, session)).Code);
        fence.Take("a", 31, session);
        Assert.Equal(AoeControlCode.HasFenceState, Assert.Throws<AoeControlException>(() => fence.Initialize(0)).Code);
    }

    /// <summary>Every truncation, and a flipped bit at every byte, is seen; none passes for a state.</summary>
    [Fact]
    public void A_damaged_state_serves_nobody()
    {
        var fence = New();
        fence.Take("a", 7, fence.Admit("a", [TargetBench.HostA]));
        var good = File.ReadAllBytes(StatePath);
        for (var i = 0; i < good.Length; i++)
        {
            File.WriteAllBytes(StatePath, good[..i]);
            AssertUnusable(i);
            var flipped = (byte[])good.Clone();
            flipped[i] ^= 1;
            File.WriteAllBytes(StatePath, flipped);
            AssertUnusable(i);
        }
        File.WriteAllBytes(StatePath, good);
        Assert.Equal(7, Fence.Load(StatePath).State!.Epoch);
    }

    [Fact]
    public void What_cannot_be_saved_is_refused_and_not_in_force()
    {
        var fence = New();
        var a = fence.Admit("a", [TargetBench.HostA]);
        fence.Take("a", 1, a);
        var b = fence.Admit("b", [TargetBench.HostB]);
        // A directory in the way of the file that is written beside the state.
        Directory.CreateDirectory(StatePath + ".new");
        Assert.Equal(AoeControlCode.StateNotSaved, Assert.Throws<AoeControlException>(() => fence.Take("b", 2, b)).Code);
        Assert.Equal(FenceStanding.Writer, fence.Standing(TargetBench.HostA, a));
        Assert.Equal(FenceStanding.Reader, fence.Standing(TargetBench.HostB, b));
        Directory.Delete(StatePath + ".new");
        fence.Take("b", 2, b);
        Assert.Equal(FenceStanding.None, Fence.Load(StatePath).Standing(TargetBench.HostA, a));
    }

    [Fact]
    public void A_torn_write_beside_the_state_leaves_it_whole()
    {
        var fence = New();
        var session = fence.Admit("a", [TargetBench.HostA]);
        fence.Take("a", 3, session);
        File.WriteAllText(StatePath + ".new", "godwit-fence-1 sha256:12");
        Assert.Equal(3, Fence.Load(StatePath).State!.Epoch);
    }

    private void AssertUnusable(int at)
    {
        var fence = Fence.Load(StatePath);
        Assert.True(fence.State is null && fence.Problem is not null, $"damage at byte {at} was not seen");
        Assert.Equal(FenceStanding.None, fence.Standing(TargetBench.HostA, 1));
    }
}
