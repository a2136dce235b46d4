using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Recover;

/// <summary>
/// A domain of this host whose memory is gone: it starts cold as after a power loss, if its configuration says so, or
/// stays in the lists as crashed.
/// </summary>
internal sealed class ColdStart(HostParts parts, DomainStarter starter)
{
    /// <summary>For so long a domain that does not start is tried again, before it stays in the lists as crashed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private readonly ILogger _log = parts.Logs.CreateLogger<ColdStart>();

    /// <returns>The domain as it runs again; null when it stays crashed, or is another's by now.</returns>
    public async Task<StartedDomain?> RunAsync(DomainRecord record, CancellationToken token)
    {
        if (record.Spec.OnCrash != LifecycleAction.Restart)
        {
            await CrashAsync(record, token);
            return null;
        }
        var began = parts.Time.GetUtcNow();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var next = await parts.Records.ChangeAsync(
                record.Name,
                r => r.Owner == parts.Name && r.Epoch > record.Epoch && r.Arriving,
                r => Transitions.Restart(r, parts.Name, record.Epoch),
                token);
            if (next is null)
                return null;
            try
            {
                return await starter.StartAsync(next, starter.Entry(next.Name, DomainStarter.LaterStart), token);
            }
            catch (Exception e) when (e is GodwitException or IOException)
            {
                // Nothing of it is here. After a power failure the storage may come back later than this host.
                Log.NotStarted(_log, next.Name, e);
                if (parts.Time.GetUtcNow() - began > Patience)
                {
                    await CrashAsync(next, token);
                    return null;
                }
            }
            await Task.Delay(pause, parts.Time, token);
            record = next;
        }
    }

    public Task<DomainRecord?> CrashAsync(DomainRecord record, CancellationToken token) => parts.Records.ChangeAsync(
        record.Name,
        r => r.Owner != parts.Name || r is { RunState: RunState.Crashed, Arriving: false },
        r => Transitions.Crash(r, parts.Name, record.Epoch),
        token);
}
