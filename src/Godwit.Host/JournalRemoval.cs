using Godwit.Domains;
using Godwit.Pool.Journal;
using Microsoft.Extensions.Logging;

namespace Godwit.Host;

/// <summary>
/// Takes entries out of the journal whose work is ended. Nothing waits for that: an entry that stays is settled by the next
/// start, so a journal that cannot be written now holds no domain up.
/// </summary>
internal static class JournalRemoval
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    public static async Task ForgetAsync(this HostParts parts, JournalEntry entry, ILogger log)
    {
        if (!await TryForgetAsync(parts, entry, log))
            _ = ForgetLaterAsync(parts, entry, log);
    }

    private static async Task ForgetLaterAsync(HostParts parts, JournalEntry entry, ILogger log)
    {
        do
            await Task.Delay(AskAgain, parts.Time);
        while (!await TryForgetAsync(parts, entry, log));
    }

    private static async Task<bool> TryForgetAsync(HostParts parts, JournalEntry entry, ILogger log)
    {
        try
        {
            await parts.Journal.RemoveAsync(entry, CancellationToken.None);
            return true;
        }
        catch (GodwitException e) when (e.Code == JournalErrors.Failed)
        {
            Log.TryingAgain(log, entry.Domain, "take its entry out of the journal", e);
            return false;
        }
    }
}
