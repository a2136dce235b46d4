using Godwit.Daemon.Config;
using Godwit.Domains;
using Godwit.Host;
using Godwit.Hypervisors;
using Godwit.Hypervisors.Qemu;
using Godwit.Hypervisors.Xen;

namespace Godwit.Daemon.Roles;

/// <summary>The engine that this machine has: Xen where it is a domain 0, else QEMU.</summary>
/// <param name="Hypervisor">Runs domains.</param>
/// <param name="Resources">What it has to give them.</param>
internal sealed record HostEngine(IHypervisor Hypervisor, IHostResources Resources)
{
    /// <exception cref="GodwitException">It lacks something, or does not start.</exception>
    public static async Task<HostEngine> OpenAsync(DaemonConfig config, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        if (XenHypervisor.IsHere)
        {
            var xen = await XenHypervisor.OpenAsync(
                new XenOptions { RunDirectory = Path.Combine(config.RunDirectory, "xen") }, time, logs.CreateLogger<XenHypervisor>(), cancellationToken);
            return new HostEngine(xen, new HostResources(xen.AskFreeMemoryMiBAsync));
        }
        var qemu = await QemuHypervisor.OpenAsync(
            new QemuOptions
            {
                Binary = config.Compute.Qemu,
                RunDirectory = Path.Combine(config.RunDirectory, "qemu"),
                User = config.Compute.User,
            },
            time, logs.CreateLogger<QemuHypervisor>(), cancellationToken);
        return new HostEngine(qemu, new HostResources(HostResources.AskKernelAsync));
    }
}
