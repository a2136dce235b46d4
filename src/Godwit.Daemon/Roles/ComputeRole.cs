using Godwit.Daemon.Members;
using Godwit.Domains;

namespace Godwit.Daemon.Roles;

/// <summary>Opens this host's domains once it is a member, and lets go of them (they go on) when the daemon ends.</summary>
internal sealed class ComputeRole(Membership membership, ComputeSlot slot, IComputeParts parts, TimeProvider time, ILogger<ComputeRole> log)
    : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var identity = await membership.WaitAsync(stoppingToken);
        while (true)
        {
            try
            {
                var host = await parts.OpenAsync(identity, stoppingToken);
                slot.Reason = "it is settling what an earlier daemon left";
                await host.Domains.StartAsync(stoppingToken);
                slot.Enter(host);
                Log.ComputeReady(log, host.Facts.Engine, host.Facts.Version, host.Facts.Accelerator);
                return;
            }
            catch (Exception e) when (e is GodwitException or IOException)
            {
                slot.Fail(e.Message.TrimEnd('.'));
                Log.ComputeNotReady(log, e.Message);
                await Task.Delay(Again, time, stoppingToken);
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (slot.Current is { } domains)
            await domains.StopAsync(cancellationToken);
    }
}

/// <summary>Where a host's domains come from: the real engine and disks, or what a test puts in their place.</summary>
internal interface IComputeParts
{
    /// <exception cref="GodwitException">The host lacks something; it is tried again.</exception>
    Task<RunningHost> OpenAsync(PoolIdentity identity, CancellationToken cancellationToken);
}
