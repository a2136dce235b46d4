using System.Collections.Immutable;
using System.Reflection;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Queries;

/// <summary>Hosts as the API shows them; the others are asked, all at once and for a short time.</summary>
internal sealed class HostQuery(
    DaemonConfig config, Membership membership, ComputeSlot compute, PeerDirectory directory, PeerConnections peers)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    public static string Version { get; } =
        typeof(HostQuery).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public async Task<HostInfo> ShowAsync(CancellationToken cancellationToken)
    {
        var domains = compute.Current is { } host ? (await host.ListAsync(cancellationToken)).Length : 0;
        var facts = compute.Facts;
        return new HostInfo(
            config.Name, config.Endpoint, config.Roles, true, Version, facts?.Engine, facts?.Version, facts?.Accelerator, domains);
    }

    public async Task<ImmutableArray<HostInfo>> ListAsync(CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return [await ShowAsync(cancellationToken)];
        var hosts = await directory.ListAsync(cancellationToken);
        return [.. await Task.WhenAll(hosts.Select(host => host.Name == config.Name ? ShowAsync(cancellationToken) : AskAsync(host, cancellationToken)))];
    }

    private async Task<HostInfo> AskAsync(HostRecord host, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return await peers.Client(host.Name).GetHostAsync(limit.Token);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return new HostInfo(host.Name, host.Address, host.Roles, false, "", null, null, null, 0);
        }
    }
}

/// <summary>What can go wrong with another host while this one is well.</summary>
internal static class PeerFailure
{
    public static bool IsOne(Exception failure, CancellationToken cancellationToken) =>
        failure is GodwitException or IOException
        || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>It is not what the other host says: it says nothing.</summary>
    public static bool IsLine(Exception failure, CancellationToken cancellationToken) =>
        IsOne(failure, cancellationToken)
        && failure is not GodwitException { Code: not (ApiException.HostUnreachable or "connection-lost" or "host-starting") };
}
