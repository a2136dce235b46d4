using Godwit.Daemon.Members;
using Godwit.Native.Processes;

namespace Godwit.Daemon.Roles;

/// <summary>
/// Gives back, once the daemon has settled, the memory that only its start took: what it needs while it is idle is a small
/// part of it, and the rest is the guests'. The same after it has joined a pool, which takes much that it does once, and from
/// time to time, for what was done meanwhile.
/// </summary>
internal sealed class Settling(Membership membership, ComputeSlot compute, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(20);

    /// <summary>The heap is collected every so many times: all threads wait for it.</summary>
    private const int Collecting = 15;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (membership.Current is null)
        {
            await Task.Delay(Settled, time, stoppingToken);
            OwnMemory.GiveBack(collect: true);
        }
        await membership.WaitAsync(stoppingToken);
        OwnMemory.GiveBackAfterCollections(IsIdle);
        for (var count = 0; ; count++)
        {
            await Task.Delay(count == 0 ? Settled : Again, time, stoppingToken);
            if (IsIdle())
                OwnMemory.GiveBack(collect: count % Collecting == 0);
        }
    }

    /// <summary>A domain that moves would wait for it.</summary>
    private bool IsIdle() => compute.Current?.Relocations.All(relocation => relocation.Result is not null) != false;
}
