using Godwit.Domains;

namespace Godwit.Host;

/// <summary>
/// Tells what engines, disks and the registry fail with from the end that was asked for. A driver's own limit is cancelled too,
/// and says nothing of this daemon: taken for its end, it would leave a domain that runs without a task.
/// </summary>
internal static class Failure
{
    /// <summary>It is the end that this token asks for.</summary>
    public static bool IsEnd(Exception e, CancellationToken token) => e is OperationCanceledException && token.IsCancellationRequested;

    /// <summary>It may pass: what failed so is tried again, or told to whoever asked.</summary>
    public static bool IsForeseen(Exception e, CancellationToken token) => e is GodwitException or IOException or OperationCanceledException && !IsEnd(e, token);
}
