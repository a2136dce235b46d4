using System.Globalization;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Hypervisors.Xen.Migration;

/// <summary>
/// A guest that is suspended though the xl that did it has died. xl resumes only what it has failed to move itself, so another
/// one is made to fail (Scripts/resume): it finds the guest suspended already, and its receiver breaks off.
/// </summary>
internal static class SuspendedGuest
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Afterwards the guest executes, unless it is paused.</summary>
    /// <exception cref="GodwitException">It is suspended still.</exception>
    public static async Task ResumeAsync(XenRunDirectory directory, XenParts parts, int domain, string name, CancellationToken cancellationToken)
    {
        directory.ClearMove();
        var command = ProgramRunner.Quote([parts.Scripts.Resume, domain.ToString(CultureInfo.InvariantCulture)]);
        var process = DetachedProcess.Start([parts.Xl.Program, "migrate", "-e", "-s", "", name, "exec " + command], directory.XlLog, []);
        while (!process.HasExited()) await Task.Delay(Look, parts.Time, cancellationToken);
        if (await parts.Xl.FindAsync(domain, cancellationToken) is { Shutdown: Toolstack.ShutdownReason.Suspend })
            throw new GodwitException("engine-failed", $"Xen does not resume {name}: {directory.LastWords()}", $"Its memory is there; see {directory.XlLog}.");
    }
}
