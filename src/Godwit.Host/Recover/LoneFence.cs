using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Recover;

/// <summary>
/// Takes the writer's role of a disk for which no copy is here: attached for that moment alone. Asks until it is answered.
/// </summary>
internal static class LoneFence
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    /// <returns>
    /// Epoch that held the role before; null: the disk has no fence, or has seen this epoch, or a greater one, already.
    /// </returns>
    public static async Task<long?> TakeAsync(HostParts parts, ILogger log, DomainRecord record, DiskSpec spec, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return await TakeOnceAsync();
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.StaleEpoch)
            {
                return null;
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.NotAdmitted)
            {
                Log.TryingAgain(log, record.Name, $"take {spec.Target}", e);
            }
        }

        async Task<long?> TakeOnceAsync()
        {
            var identity = await UntilAnsweredAsync("find", () => parts.Disks.IdentifyAsync(spec, token));
            if (!identity.Fenced)
                return null;
            var disk = await UntilAnsweredAsync("attach", () => parts.Disks.AttachAsync(record.Name, spec, identity, token));
            try
            {
                // In one session: the answer to a request that is repeated there is that of the first.
                return await UntilAnsweredAsync("fence", () => parts.Disks.FenceAsync(disk, record.Epoch, token));
            }
            finally
            {
                await parts.Disks.DetachAsync(disk, token);
            }
        }

        async Task<T> UntilAnsweredAsync<T>(string what, Func<Task<T>> ask)
        {
            while (true)
            {
                try
                {
                    return await ask();
                }
                catch (Exception e) when (e is IOException or GodwitException { Code: not (FenceRefusal.StaleEpoch or FenceRefusal.NotAdmitted) })
                {
                    Log.TryingAgain(log, record.Name, $"{what} {spec.Target}", e);
                    await Task.Delay(AskAgain, parts.Time, token);
                }
            }
        }
    }
}
