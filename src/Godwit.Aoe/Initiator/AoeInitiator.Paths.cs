using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Initiator;

/// <content>
/// Who is at the end of a path. Another target with the same shelf and slot may serve another disk, so a path carries nothing until
/// IDENTIFY, sent on it, has shown the target that is used already.
/// </content>
public sealed partial class AoeInitiator
{
    private async Task ProbeAsync(FramePath path)
    {
        try
        {
            if (_reference is not null) await JudgeAsync(path).ConfigureAwait(false);
        }
        catch (TargetErrorException)
        {
            // It is asked again, as long as it is not up.
        }
        finally
        {
            _exchange.Probed(path);
        }
    }

    private async Task JudgeAsync(FramePath path)
    {
        var era = _exchange.Era;
        var answer = await AskIdentityAsync(path).ConfigureAwait(false);
        var other = _exchange.FindOther(path);
        // What it would be compared with is being asked for.
        if (_exchange.IsSuspended && other is not null) return;
        var same = IsSame(answer.Identity);
        if (path.State == PathState.Up)
        {
            if (same) return;
            // Another target took its place, or this is the first that is heard of the target's new start.
            if (other is null || answer.Identity.Godwit is not null) Hear(answer, recovering: false);
            else _exchange.Doubt(path);
        }
        else if (same)
        {
            await AcceptAsync(path, era, other, answer).ConfigureAwait(false);
        }
        else if (other is null && path.State != PathState.Foreign && IsSuccessor(path, answer.Identity))
        {
            Hear(answer, recovering: false);
            _exchange.Accept(path, _exchange.Era);
        }
        else if ((other is null || !await HasChangedAsync(other).ConfigureAwait(false)) && era == _exchange.Era)
        {
            // Neither was its answer of before the target's new start, and what it is compared with of after.
            _exchange.Reject(path);
        }
    }

    // The target behind a path that is up may have been started anew, and be heard of elsewhere first.
    private async Task<bool> HasChangedAsync(FramePath other)
    {
        var current = await AskIdentityAsync(other).ConfigureAwait(false);
        if (IsSame(current.Identity)) return false;
        Hear(current, recovering: false);
        return true;
    }

    private bool IsSame(AtaIdentity identity)
    {
        var (shown, known) = (TargetIdentity.Of(identity), _reference);
        if (known is null) return false;
        return known.BootId == default
            ? shown == known
            : shown.BootId == known.BootId && shown.Mark == known.Mark;
    }

    // While no path is up. Where the target was once, it is believed to be again, whatever became of it: so it is with one path too.
    // An address that is new is another matter: it may be another disk's, unless the fence knows us, which is kept with the disk.
    private static bool IsSuccessor(FramePath path, AtaIdentity identity) =>
        path.WasUp || identity.Godwit is { Standing: FenceStanding.Reader or FenceStanding.Writer };

    // The target takes tags for known by address: before a path carries a write, it has to know that the address is ours too.
    private async Task AcceptAsync(FramePath path, int era, FramePath? other, IdentityAnswer answer)
    {
        if (answer.Identity.Godwit is not { } godwit)
        {
            _exchange.Accept(path, era);
            return;
        }
        // A fence admits addresses. Where one of ours was left out, requests would fail there that are served elsewhere.
        if (godwit.Standing == FenceStanding.None && (!path.WasUp || (other is not null && _standing != FenceStanding.None)))
        {
            _exchange.GiveWay(path);
            return;
        }
        try
        {
            await _exchange.Submit(AskingForWriteCache(path)).ConfigureAwait(false);
        }
        catch (TargetErrorException e) when (e.Failure is TargetFailure.AtaError or TargetFailure.AoeError)
        {
            // Then it refuses writes as well, until it is asked again.
        }
        _exchange.Accept(path, era);
        // The one that was found first is the one that was left out.
        if (godwit.Standing != FenceStanding.None && _standing == FenceStanding.None)
        {
            _exchange.RelyOn(path);
            Hear(answer, recovering: false);
        }
    }
}
