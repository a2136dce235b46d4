using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Relocation;

namespace Godwit.Daemon.Queries;

/// <summary>Relocations of this host, or of the whole pool.</summary>
internal sealed class MigrationQuery(
    DaemonConfig config, Membership membership, ComputeSlot compute, PeerDirectory directory, PeerConnections peers)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    public ImmutableArray<MigrationInfo> ListHere() =>
        compute.Current is { } host ? [.. host.Relocations.Select(MigrationMapping.Info)] : [];

    /// <summary>Oldest first. Hosts that do not answer are left out.</summary>
    public async Task<ImmutableArray<MigrationInfo>> ListAsync(CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return [];
        var others = (await directory.ListAsync(cancellationToken)).Where(host => host.Name != config.Name);
        var answers = await Task.WhenAll(others.Select(host => AskAsync(host.Name, cancellationToken)));
        return [.. answers.Append(ListHere()).SelectMany(migrations => migrations).OrderBy(migration => migration.Began)];
    }

    /// <exception cref="GodwitException">This host does not know it.</exception>
    public RelocationTicket Find(Guid id) =>
        compute.Current?.Relocations.FirstOrDefault(ticket => ticket.Id == id)
        ?? throw new GodwitException("no-such-migration", $"No host that answers knows a migration {id}.", "See `godwit migration list`.");

    private async Task<ImmutableArray<MigrationInfo>> AskAsync(string host, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return await peers.Client(host).ListMigrationsAsync(hostOnly: true, limit.Token);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return [];
        }
    }
}
