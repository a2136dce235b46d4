using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Pool;
using Godwit.Pool.Restoration;

namespace Godwit.Daemon.Roles;

/// <summary>Gives the registry this host's word of its past: what it knows of domains, and the fences of its volumes.</summary>
internal sealed class RegistryReports(
    DaemonConfig config, Membership membership, VolumeSlot volumes, Witness witness, IRegistry registry, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await membership.WaitAsync(stoppingToken);
        await witness.LoadAsync(stoppingToken);
        await new RegistryWatch(registry, witness, MakeAsync, time).RunAsync(stoppingToken);
    }

    private async Task<HostReport> MakeAsync(CancellationToken cancellationToken) => witness.Report(
        config.Has(Role.Storage) ? await (await volumes.GetAsync(cancellationToken)).ReportAsync(cancellationToken) : null);
}
