using Godwit.Domains;
using Godwit.Hypervisors;

namespace Godwit.Host;

/// <summary>What can be asked of a domain's task.</summary>
public enum DomainRequest
{
    Shutdown = 1,
    Reboot,
    Destroy,
    Pause,
    Unpause,
    Relocate,
    OpenConsole,

    /// <summary>Other memory, or other processors, while it runs.</summary>
    Resize,
    Save,
}

/// <summary>Why a request is not carried out.</summary>
public enum RefusalReason
{
    /// <summary>It is on its way to another host.</summary>
    Moving = 1,

    /// <summary>It is still being started, or is just ending.</summary>
    Busy,

    /// <summary>Its guest has ended; only its remains are kept.</summary>
    Ended,

    /// <summary>It is paused and cannot hear.</summary>
    Paused,

    /// <summary>Its memory is being written to a file.</summary>
    Saving,

    /// <summary>A disk failed; it runs on once the disk answers and it is unpaused.</summary>
    DiskFailed,
}

/// <summary>The answer to a request.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    public sealed record Go : Verdict;

    /// <summary>It is so already: repeating the verb succeeds and changes nothing.</summary>
    public sealed record AlreadySo : Verdict;

    public sealed record Refused(RefusalReason Reason) : Verdict;
}

/// <summary>
/// Which request is allowed in which state, and what repeating a verb means, as a pure function.
/// <code>
///              running   paused    moving   disk failed  ended     starting/ending  being saved
///  shutdown    go        refused   refused  refused      so        refused          refused
///  reboot      go        refused   refused  refused      refused   refused          refused
///  destroy     go        go        refused  go           go        refused          refused
///  pause       go        so        refused  so           refused   refused          refused
///  unpause     so        go        refused  go           refused   refused          refused
///  relocate    go        go        refused  refused      refused   refused          refused
///  resize      go        refused   refused  refused      refused   refused          refused
///  save        go        go        refused  refused      refused   refused          refused
///  console     go        go        go       go           go        go               go
/// </code>
/// </summary>
public static class RequestPolicy
{
    public static Verdict Judge(DomainRequest request, DomainActivity activity, CopyPhase phase)
    {
        if (request == DomainRequest.OpenConsole)
            return new Verdict.Go();
        if (activity == DomainActivity.MovingAway)
            return new Verdict.Refused(RefusalReason.Moving);
        if (activity == DomainActivity.Saving)
            return new Verdict.Refused(RefusalReason.Saving);
        if (activity is DomainActivity.Starting or DomainActivity.Ending or DomainActivity.Arriving)
            return new Verdict.Refused(RefusalReason.Busy);
        return (request, phase) switch
        {
            (DomainRequest.Destroy, _) => new Verdict.Go(),
            (DomainRequest.Shutdown, CopyPhase.ShutOff or CopyPhase.Crashed or CopyPhase.Gone) => new Verdict.AlreadySo(),
            (_, CopyPhase.ShutOff or CopyPhase.Crashed or CopyPhase.Gone) => new Verdict.Refused(RefusalReason.Ended),
            (DomainRequest.Pause, CopyPhase.Paused or CopyPhase.Prepared or CopyPhase.IoError) => new Verdict.AlreadySo(),
            (DomainRequest.Unpause, CopyPhase.Running) => new Verdict.AlreadySo(),
            (DomainRequest.Unpause, _) => new Verdict.Go(),
            (_, CopyPhase.IoError) => new Verdict.Refused(RefusalReason.DiskFailed),
            (DomainRequest.Shutdown or DomainRequest.Reboot or DomainRequest.Resize, CopyPhase.Paused or CopyPhase.Prepared) =>
                new Verdict.Refused(RefusalReason.Paused),
            _ => new Verdict.Go(),
        };
    }

    public static GodwitException Explain(string domain, DomainRequest request, RefusalReason reason)
    {
        var verb = request.ToString().ToLowerInvariant();
        return reason switch
        {
            RefusalReason.Moving => new("domain-is-moving", $"{domain} is on its way to another host; it cannot be asked to {verb} now.",
                $"Wait for the end of the migration, or end it with `godwit migration cancel {domain}`."),
            RefusalReason.Saving => new("domain-is-being-saved", $"The memory of {domain} is being saved; it cannot be asked to {verb} now.",
                "Wait until it is saved, or cancel that: `godwit job list` shows it, and Ctrl-C of `godwit save` ends it."),
            RefusalReason.Busy => new("domain-is-busy", $"{domain} is just being started or ended.", "Try again in a moment."),
            RefusalReason.Ended => new("domain-has-ended", $"The guest of {domain} has ended; there is nothing to {verb}.",
                $"Remove what is kept of it with `godwit destroy {domain}`."),
            RefusalReason.Paused => new("domain-is-paused", $"{domain} is paused and cannot {verb}.", $"Let it run with `godwit unpause {domain}`."),
            RefusalReason.DiskFailed => new("domain-disk-failed", $"{domain} was stopped because a disk failed or refused it.",
                $"See to the disk, then `godwit unpause {domain}`."),
            _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
        };
    }
}
