using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Save;

/// <summary>Removes memory that is old. Nothing waits for that: no record names what stays, and the next start of the daemon removes it.</summary>
internal static class SavedRemoval
{
    public static void ForgetSaved(this HostParts parts, string domain, ILogger log)
    {
        try
        {
            parts.Saved.Remove(domain);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or GodwitException)
        {
            Log.TryingAgain(log, domain, "remove its saved memory, which is old", e);
        }
    }
}
