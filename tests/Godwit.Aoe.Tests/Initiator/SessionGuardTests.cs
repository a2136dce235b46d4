using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Tests.Initiator;

public class SessionGuardTests
{
    private static GodwitWords Says(FenceStanding standing, long epoch) => new(standing, epoch, Guid.Empty);

    [Fact]
    public void A_writer_that_lost_the_role_to_a_greater_epoch_is_superseded()
    {
        var guard = new SessionGuard(inUse: false);
        guard.Heard(Says(FenceStanding.Writer, 7), wrote: false);
        guard.Heard(Says(FenceStanding.None, 8), wrote: false);
        Assert.True(guard.Superseded);
    }

    [Fact]
    public void Who_was_only_a_reader_has_nobody_to_stop()
    {
        var guard = new SessionGuard(inUse: false);
        guard.Heard(Says(FenceStanding.Reader, 7), wrote: false);
        guard.Heard(Says(FenceStanding.None, 8), wrote: false);
        Assert.False(guard.Superseded);
    }

    [Fact]
    public void A_write_that_was_served_shows_the_writer_before_it_was_asked()
    {
        var guard = new SessionGuard(inUse: false);
        guard.Heard(Says(FenceStanding.Reader, 7), wrote: false);
        guard.Heard(Says(FenceStanding.None, 9), wrote: true);
        Assert.True(guard.Superseded);
    }

    [Fact]
    public void A_fence_that_was_lost_supersedes_nobody()
    {
        var guard = new SessionGuard(inUse: false);
        guard.Heard(Says(FenceStanding.Writer, 7), wrote: true);
        guard.Heard(Says(FenceStanding.None, 0), wrote: true);
        Assert.False(guard.Superseded);
    }

    [Fact]
    public void A_new_session_is_guarded_once_it_writes()
    {
        var guard = new SessionGuard(inUse: false);
        guard.Heard(Says(FenceStanding.Writer, 7), wrote: true);
        guard.Heard(Says(FenceStanding.None, 8), wrote: true);
        guard.Renew();
        Assert.False(guard.Superseded);
        guard.Heard(Says(FenceStanding.Reader, 8), wrote: false);
        guard.Heard(Says(FenceStanding.None, 8), wrote: false);
        Assert.False(guard.Superseded);
        guard.Heard(Says(FenceStanding.Writer, 9), wrote: false);
        guard.Heard(Says(FenceStanding.None, 10), wrote: false);
        Assert.True(guard.Superseded);
    }

    /// <summary>The process before it may have been superseded and died before it could say so.</summary>
    [Fact]
    public void Who_follows_a_process_that_died_takes_the_session_for_a_writers()
    {
        var guard = new SessionGuard(inUse: true);
        guard.Heard(Says(FenceStanding.None, 8), wrote: false);
        Assert.True(guard.Superseded);
    }
}
