using Godwit.Daemon.Config;
using Godwit.Daemon.Roles;
using Godwit.Host;
using Godwit.Storage.Images;

namespace Godwit.Daemon.Jobs;

/// <summary>Begins long work on the domains of this host. What is refused is the end of the job; its subject is the domain.</summary>
internal sealed class DomainJobs(JobTable jobs, DaemonConfig config, ComputeSlot compute)
{
    public const string SaveKind = "domain-save", RestoreKind = "domain-restore";

    public async Task<Job> SaveAsync(string name, CancellationToken cancellationToken)
    {
        var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
        return jobs.Begin(SaveKind, name, async (progress, token) =>
        {
            await host.SaveAsync(name, new BytesOfStep(progress, "writing its memory"), token);
            return new JobOutcome([name], []);
        });
    }

    public async Task<Job> RestoreAsync(string name, RestoreOptions options, CancellationToken cancellationToken)
    {
        var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
        return jobs.Begin(RestoreKind, name, async (progress, token) =>
        {
            await host.RestoreAsync(name, options, new BytesOfStep(progress, "loading its memory"), token);
            return new JobOutcome([name], []);
        });
    }
}
