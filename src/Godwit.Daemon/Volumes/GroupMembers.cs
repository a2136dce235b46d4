using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Storage;
using Godwit.Storage.Groups;

namespace Godwit.Daemon.Volumes;

/// <summary>The hosts that share a group on a volume of this one.</summary>
internal interface IGroupMembers
{
    /// <summary>Has one of them carry something out.</summary>
    /// <exception cref="GodwitException">It was refused or failed, or there is no host that can.</exception>
    Task CarryOutAsync(GroupOrder order, CancellationToken cancellationToken);
}

/// <summary>Any host that runs domains; each is asked over its API until one can.</summary>
internal sealed class RemoteGroupMembers(string self, PeerDirectory directory, PeerConnections peers) : IGroupMembers
{
    /// <summary>Another host may have the group's lock for a time.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    public async Task CarryOutAsync(GroupOrder order, CancellationToken cancellationToken)
    {
        var reasons = new List<string>();
        foreach (var host in (await directory.ListAsync(cancellationToken)).Where(host => host.Roles.Contains(Role.Compute) && host.Name != self))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(AnswerLimit);
            try
            {
                await peers.Transport(host.Name).SendAsync(
                    HttpMethod.Post, ApiRoutes.Fill(ApiRoutes.GroupOrders, order.Group), order, DaemonJson.Default.GroupOrder, limit.Token);
                return;
            }
            catch (Exception e) when (e is GodwitException { Code: StorageErrors.NoKernelDriver } || PeerFailure.IsLine(e, cancellationToken))
            {
                reasons.Add($"{host.Name}: {(e is OperationCanceledException ? "it does not answer." : e.Message)}");
            }
        }
        throw new GodwitException(StorageErrors.NoKernelDriver,
            reasons is [] ? "The pool has no other host that runs domains." : $"No host can do it. {string.Join(" ", reasons)}",
            "LVM on an exported disk needs a host with the kernel's driver aoe and lvm2: `godwit host check --all`.");
    }
}
