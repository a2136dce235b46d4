using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Registry;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Pool;

namespace Godwit.Daemon.Queries;

/// <summary>
/// Domains as the API shows them. The registry says which there are; their owners, asked all at once and for a short
/// time, how they fare.
/// </summary>
internal sealed class DomainQuery(
    DaemonConfig config, Membership membership, ComputeSlot compute, IRegistry registry, PeerConnections peers,
    PeerDirectory directory, RegistrySight sight)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>Those that this host has a copy of.</summary>
    public async Task<ImmutableArray<DomainInfo>> ListHereAsync(CancellationToken cancellationToken) =>
        compute.Current is { } host ? [.. (await host.ListAsync(cancellationToken)).Select(view => DomainMapping.Info(view, config.Name))] : [];

    /// <summary>Those of the pool; while the registry is away those of the hosts that answer, and the reason.</summary>
    public async Task<Listing<DomainInfo>> ListAsync(CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return new([], null);
        ImmutableArray<DomainRecord> records;
        try
        {
            records = await registry.ListAsync(cancellationToken);
        }
        catch (GodwitException e) when (RegistrySight.IsAway(e))
        {
            return await ListWithoutRegistryAsync(sight.Away ?? e.Message, cancellationToken);
        }
        var owners = records.Select(record => record.Owner).Distinct().ToArray();
        var answers = await Task.WhenAll(owners.Select(owner => AskAsync(owner, cancellationToken)));
        var byOwner = owners.Zip(answers).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
        return new([.. records.Select(record => Join(record, byOwner[record.Owner]))], null);
    }

    private async Task<Listing<DomainInfo>> ListWithoutRegistryAsync(string away, CancellationToken cancellationToken)
    {
        var hosts = directory.Remembered.Where(host => host.Roles.Contains(Role.Compute)).Select(host => host.Name)
            .Union(config.Has(Role.Compute) ? [config.Name] : []).ToArray();
        var answers = await Task.WhenAll(hosts.Select(host => AskAsync(host, cancellationToken)));
        // A domain that is just moved is known on both hosts; the later stay is the better one.
        var domains = answers.SelectMany(answer => answer.Domains)
            .GroupBy(domain => domain.Name, StringComparer.Ordinal)
            .Select(same => same.MaxBy(domain => domain.Epoch)!)
            .OrderBy(domain => domain.Name, StringComparer.Ordinal);
        var silent = hosts.Zip(answers).Where(pair => pair.Second.Failure is not null).Select(pair => pair.First).ToArray();
        return new([.. domains], $"{away} Shown is what the hosts that answer have" + (silent.Length == 0 ? "." : $"; {string.Join(", ", silent)} {(silent.Length == 1 ? "does" : "do")} not."));
    }

    public async Task<DomainInfo> ShowAsync(string name, CancellationToken cancellationToken)
    {
        membership.Require();
        DomainRecord? found;
        try
        {
            found = await registry.FindAsync(name, cancellationToken);
        }
        catch (GodwitException e) when (RegistrySight.IsAway(e))
        {
            return await ShowWithoutRegistryAsync(name, sight.Away ?? e.Message, cancellationToken);
        }
        if (found is { } record)
            return Join(record, await AskAsync(record.Owner, cancellationToken));
        var nearest = Nearest.To(name, (await registry.ListAsync(cancellationToken)).Select(other => other.Name));
        throw new GodwitException(
            "no-such-domain", $"There is no domain {name}.", nearest is null ? "See `godwit list`." : $"Did you mean {nearest}? See `godwit list`.");
    }

    /// <exception cref="GodwitException">No host that answers has it; the registry, which would know, is away.</exception>
    private async Task<DomainInfo> ShowWithoutRegistryAsync(string name, string away, CancellationToken cancellationToken)
    {
        var known = await ListWithoutRegistryAsync(away, cancellationToken);
        if (known.Items.FirstOrDefault(domain => domain.Name == name) is not { } domain)
        {
            throw new GodwitException(
                RegistryErrors.Unavailable, $"No host that answers has a domain {name}. {known.RegistryAway}",
                "Try again when the registry answers.");
        }
        return domain with { Waits = domain.Waits ?? known.RegistryAway };
    }

    private static DomainInfo Join(DomainRecord record, OwnerAnswer answer)
    {
        if (answer.Failure is { } failure)
        {
            return DomainMapping.Unanswered(record, $"{record.Owner} does not answer: {failure}") with
            {
                Waits = MigrationMapping.WaitsFor(record.Owner, record.Name),
            };
        }
        return answer.Domains.FirstOrDefault(domain => domain.Name == record.Name) is { } live
            ? live with { Host = record.Owner, Epoch = record.Epoch }
            : DomainMapping.WithoutCopy(record);
    }

    private async Task<OwnerAnswer> AskAsync(string owner, CancellationToken cancellationToken)
    {
        if (owner == config.Name)
            return new OwnerAnswer(await ListHereAsync(cancellationToken), compute.Current is null ? compute.Reason : null);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return new OwnerAnswer(await peers.Client(owner).ListDomainsAsync(hostOnly: true, limit.Token), null);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return new OwnerAnswer([], e is OperationCanceledException ? $"no answer within {AnswerLimit.TotalSeconds} s" : e.Message);
        }
    }

    private sealed record OwnerAnswer(ImmutableArray<DomainInfo> Domains, string? Failure);
}
