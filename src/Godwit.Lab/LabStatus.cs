using System.Collections.Immutable;
using Godwit.Lab.Hosts;

namespace Godwit.Lab;

/// <summary>How a lab is at this moment.</summary>
public sealed record LabStatus(string Name, ImmutableArray<LabHostStatus> Hosts)
{
    internal static async Task<LabStatus> OfAsync(Lab lab, CancellationToken ct)
    {
        var hosts = ImmutableArray.CreateBuilder<LabHostStatus>();
        foreach (var host in lab.Spec.Hosts)
        {
            var powered = lab.HostState(host.Name)?.Init is { IsAlive: true };
            hosts.Add(new LabHostStatus
            {
                Name = host.Name,
                Address = host.Address,
                Roles = host.Roles,
                Powered = powered,
                DaemonAnswers = powered && await PoolSetup.DaemonAnswersAsync(lab, host.Name, ct).ConfigureAwait(false),
                InitPid = powered ? lab.HostState(host.Name)!.Init!.Pid : null,
                Namespace = lab.Paths.Namespace(host.Name),
                Directory = lab.Paths.Host(host.Name),
            });
        }
        return new LabStatus(lab.Spec.Name, hosts.DrainToImmutable());
    }
}

/// <summary>How one host of a lab is.</summary>
public sealed record LabHostStatus
{
    public required string Name { get; init; }

    public required string Address { get; init; }

    public required HostRoles Roles { get; init; }

    public required bool Powered { get; init; }

    public required bool DaemonAnswers { get; init; }

    /// <summary>First process of the host, as the machine numbers it; null when the power is off.</summary>
    public required int? InitPid { get; init; }

    /// <summary>Name of the network namespace, for <c>ip netns exec</c>.</summary>
    public required string Namespace { get; init; }

    public required string Directory { get; init; }
}
