using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Registry;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Relocation;

namespace Godwit.Daemon.Queries;

/// <summary>Relocations of this host, or of the whole pool.</summary>
internal sealed class MigrationQuery(
    DaemonConfig config, Membership membership, ComputeSlot compute, PeerDirectory directory, PeerConnections peers, IRegistry registry,
    RegistrySight sight, TimeProvider time)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>Those that this host sends, or has sent lately, with what their domains wait for.</summary>
    public async Task<ImmutableArray<MigrationInfo>> ListHereAsync(CancellationToken cancellationToken)
    {
        if (compute.Current is not { } host)
            return [];
        var migrations = host.Relocations.Select(MigrationMapping.Info).ToImmutableArray();
        if (migrations.All(migration => migration.Result is not null))
            return migrations;
        var waits = (await host.ListAsync(cancellationToken)).ToLookup(view => view.Record.Name, view => view.Waits, StringComparer.Ordinal);
        return [.. migrations.Select(migration => migration.Result is null
            ? migration with { Waits = waits[migration.Domain].FirstOrDefault() ?? WaitsThere(migration) }
            : migration)];
    }

    // In these steps the destination changes the record, and waits where nobody sees it. The registry that is away for
    // this host is the same one.
    private string? WaitsThere(MigrationInfo migration) =>
        migration.Step is "commit" or "confirm" && sight.Away is { } away ? $"{migration.To} waits for the registry: {away}" : null;

    /// <summary>Oldest first, and last those of which only the registry still knows.</summary>
    public async Task<Listing<MigrationInfo>> ListAsync(CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return new([], null);
        // First the records: a move that begins meanwhile has a ticket before it has an intent.
        var (records, away) = await RecordsAsync(cancellationToken);
        var hosts = away is null ? await directory.ListAsync(cancellationToken) : directory.Remembered;
        var others = hosts.Where(host => host.Name != config.Name).ToArray();
        var answers = await Task.WhenAll(others.Select(host => AskAsync(host.Name, cancellationToken)));
        var answering = others.Zip(answers).Where(pair => pair.Second is not null).Select(pair => pair.First.Name)
            .Append(config.Name).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<MigrationInfo> known =
            [.. answers.SelectMany(migrations => migrations ?? []), .. await ListHereAsync(cancellationToken)];
        return new(
            Join([.. known.Select(WithAge).OrderByDescending(migration => migration.AgeSeconds)], records, answering),
            away is null ? null : $"{away} Shown is what the hosts that answer know.");
    }

    /// <exception cref="GodwitException">Neither this host nor the registry knows it.</exception>
    public async Task<MigrationInfo> ShowAsync(Guid id, CancellationToken cancellationToken) =>
        (await ListHereAsync(cancellationToken)).FirstOrDefault(migration => migration.Id == id)
        ?? (await ListAsync(cancellationToken)).Items.FirstOrDefault(migration => migration.Id == id)
        ?? throw NoSuchMigration(id);

    // Hosts of an earlier version say only what their clocks said.
    private MigrationInfo WithAge(MigrationInfo migration) =>
        migration with { AgeSeconds = migration.AgeSeconds ?? (time.GetUtcNow() - migration.Began).TotalSeconds };

    // A daemon's memory of its relocations ends with it; a host that is silent tells nothing. The records tell of both.
    private static ImmutableArray<MigrationInfo> Join(
        ImmutableArray<MigrationInfo> known, ImmutableArray<DomainRecord> records, HashSet<string> answering)
    {
        foreach (var record in records)
        {
            if (RecordedEnd.Of(record) is { } ended && known.All(migration => migration.Id != ended.Id))
                known = known.Add(ended);
            var isSilent = !answering.Contains(record.Owner);
            if (record.Intent is null && !(record.Arriving && isSilent))
                continue;
            var waits = isSilent
                ? MigrationMapping.WaitsFor(record.Owner, record.Name)
                : $"{record.Owner} has no memory of it and settles it";
            if (MigrationMapping.Lost(record, waits) is not { } lost)
                continue;
            if (known.FirstOrDefault(migration => migration.Id == lost.Id) is not { } told)
                known = known.Add(lost);
            else if (isSilent && told.Result is null)
                known = known.Replace(told, told with { Waits = told.Waits ?? waits });
        }
        return known;
    }

    private async Task<(ImmutableArray<DomainRecord> Records, string? Away)> RecordsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await registry.ListAsync(cancellationToken), null);
        }
        catch (GodwitException e) when (RegistrySight.IsAway(e))
        {
            return ([], sight.Away ?? e.Message);
        }
    }

    /// <exception cref="GodwitException">This host does not know it.</exception>
    public RelocationTicket Find(Guid id) =>
        compute.Current?.Relocations.FirstOrDefault(ticket => ticket.Id == id)
        ?? throw NoSuchMigration(id);

    private static GodwitException NoSuchMigration(Guid id) =>
        new("no-such-migration", $"No host that answers knows a migration {id}.", "See `godwit migration list`.");

    /// <returns>Null: it does not answer.</returns>
    private async Task<ImmutableArray<MigrationInfo>?> AskAsync(string host, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return await peers.Client(host).ListMigrationsAsync(hostOnly: true, limit.Token);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return null;
        }
    }
}
