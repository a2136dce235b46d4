using Godwit.Daemon.Members;
using Godwit.Native.Processes;

namespace Godwit.Daemon.Roles;

/// <summary>
/// Gives back, once the daemon has settled, the memory that only its start took: what it needs while it is idle is a small
/// part of it, and the rest is the guests'. The same after it has joined a pool, which takes much that it does once.
/// </summary>
internal sealed class Settling(Membership membership, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (membership.Current is null)
        {
            await Task.Delay(Settled, time, stoppingToken);
            GiveBack();
        }
        await membership.WaitAsync(stoppingToken);
        await Task.Delay(Settled, time, stoppingToken);
        GiveBack();
    }

    private static void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        OwnMemory.ReleaseFilePages();
    }
}
