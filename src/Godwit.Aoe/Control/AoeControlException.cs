using Godwit.Domains;

namespace Godwit.Aoe.Control;

/// <summary>
/// A control request that was refused, or that no process answered. <see cref="GodwitException.Code"/> is one of
/// <see cref="AoeControlCode"/>.
/// </summary>
public sealed class AoeControlException(string code, string message, string? remedy = null, Exception? inner = null)
    : GodwitException(code, message, remedy, inner)
{
    /// <summary>The epoch that the disk holds, with <see cref="AoeControlCode.StaleEpoch"/>; else null.</summary>
    public long? HeldEpoch { get; init; }
}

/// <summary>Stable codes of refused control requests.</summary>
public static class AoeControlCode
{
    /// <summary>The disk has seen a greater epoch, or the same one from somebody else.</summary>
    public const string StaleEpoch = "stale-epoch";

    /// <summary>The session is no entry of that host.</summary>
    public const string NotAdmitted = "not-admitted";

    /// <summary>The ranges are not those that the disk is fenced by, or it is fenced as a whole.</summary>
    public const string RangeConflict = "range-conflict";

    /// <summary>Another session is the writer of a range, and only free ones were asked for.</summary>
    public const string RangeTaken = "range-taken";

    /// <summary>The disk would have more ranges than a fence keeps.</summary>
    public const string TooManyRanges = "too-many-ranges";

    /// <summary>The state of the fence is missing or damaged, so that nobody is served but by <c>init</c>.</summary>
    public const string NoFenceState = "no-fence-state";

    /// <summary>There is a state already; <c>init</c> never overwrites one that can be read.</summary>
    public const string HasFenceState = "has-fence-state";

    /// <summary>The state could not be made durable; nothing changed.</summary>
    public const string StateNotSaved = "state-not-saved";

    /// <summary>The export runs without <c>--managed</c> and has no fence.</summary>
    public const string NotManaged = "not-managed";

    /// <summary>The process serves no such device, or several and none was named.</summary>
    public const string NoExport = "no-export";

    /// <summary>All 2,047 session numbers are in use.</summary>
    public const string NoSessionLeft = "no-session-left";

    /// <summary>The request could not be understood, or an argument is missing or out of range.</summary>
    public const string BadRequest = "bad-request";

    /// <summary>The process speaks, but has no such operation.</summary>
    public const string UnknownOperation = "unknown-operation";

    /// <summary>No process answers at the socket.</summary>
    public const string NotRunning = "not-running";

    /// <summary>It was done, but the medium failed to sync: what was written before may be lost.</summary>
    public const string NotKept = "not-kept";

    /// <summary>The target refused, or did not answer in time, what the operation needed of it.</summary>
    public const string TargetFailed = "target-failed";
}
