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
            if (record.Arriving)
                await FenceOffAsync(record, token);
            await CrashAsync(record, token);
            return null;
        }
        var began = parts.Time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var entry = starter.Entry(record.Name, DomainStarter.LaterStart);
            try
            {
                // Before the record: an entry that is left of its first start would have the next daemon remove a record that arrives.
                await parts.Journal.WriteAsync(entry, token);
                var next = await parts.Records.ChangeAsync(
                    record.Name,
                    r => r.Owner == parts.Name && r.Epoch > record.Epoch && r.Arriving,
                    r => Transitions.Restart(r, parts.Name, record.Epoch),
                    token);
                if (next is null)
                {
                    await parts.ForgetAsync(entry, _log);
                    return null;
                }
                record = next;
                return await starter.StartAsync(record, entry, token);
            }
            catch (Exception e) when (Failure.IsForeseen(e, token))
            {
                // Nothing of it is here. After a power failure the storage may come back later than this host.
                Log.NotStarted(_log, record.Name, e);
                if (parts.Time.GetElapsedTime(began) > Patience)
                {
                    await CrashAsync(record, token);
                    return null;
                }
            }
            await Task.Delay(pause, parts.Time, token);
        }
    }

    /// <summary>
    /// Whoever had it may still run it: it stays in the lists as crashed only once no other host can write to its disks.
    /// </summary>
    private async Task FenceOffAsync(DomainRecord record, CancellationToken token)
    {
        foreach (var disk in record.Spec.Disks.Where(disk => !disk.ReadOnly))
            await LoneFence.TakeAsync(parts, _log, record, disk, token);
    }

    private Task<DomainRecord?> CrashAsync(DomainRecord record, CancellationToken token) => parts.Records.ChangeAsync(
        record.Name,
        r => r.Owner != parts.Name || r is { RunState: RunState.Crashed, Arriving: false },
        r => Transitions.Crash(r, parts.Name, record.Epoch),
        token);
}
