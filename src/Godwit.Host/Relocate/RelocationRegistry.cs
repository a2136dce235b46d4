using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Relocation;

namespace Godwit.Host.Relocate;

/// <summary>The pool's records as one relocation sees them.</summary>
internal sealed class RelocationRegistry(
    RecordChanger records, IRegistry registry, string domain, RelocationIntent intent, long sourceEpoch) : IRelocationRegistry
{
    /// <summary>The record as this relocation changed it last: by the commit, then by the arrival.</summary>
    public DomainRecord? Won { get; private set; }

    public async Task<bool> BeginAsync(CancellationToken cancellationToken) =>
        await records.ChangeAsync(
            domain, r => r.Intent?.Id == intent.Id, r => Transitions.Begin(r, intent, sourceEpoch), cancellationToken) is not null;

    public async Task<bool> AbortAsync(bool handedOver, CancellationToken cancellationToken) =>
        await records.ChangeAsync(
            domain, r => Ended(r, RelocationOutcome.Aborted), r => Transitions.Abort(r, intent.Id, handedOver), cancellationToken) is not null;

    public async Task<long?> CommitAsync(CancellationToken cancellationToken)
    {
        var record = await records.ChangeAsync(
            domain, r => Ended(r, RelocationOutcome.Committed), r => Transitions.Commit(r, intent.Id), cancellationToken);
        Won = record;
        return record?.Epoch;
    }

    public async Task<bool> GiveBackAsync(CancellationToken cancellationToken) =>
        await records.ChangeAsync(
            domain, r => Ended(r, RelocationOutcome.GivenBack), r => Transitions.GiveBack(r, intent.Id), cancellationToken) is not null;

    /// <summary>Notes that the domain runs here.</summary>
    /// <returns>False: somebody took it over before that.</returns>
    public async Task<bool> RecordArrivalAsync(CancellationToken cancellationToken)
    {
        var epoch = Won?.Epoch ?? 0;
        var record = await records.ChangeAsync(
            domain, r => r.Owner == intent.To && r.Epoch == epoch && !r.Arriving, r => Transitions.Arrive(r, intent.To, epoch), cancellationToken);
        Won = record ?? Won;
        return record is not null;
    }

    public async Task<Standing> ReadAsync(CancellationToken cancellationToken)
    {
        var record = await records.ReadAsync(domain, cancellationToken);
        var standing = Judge(record, intent.Id);
        // A copy is destroyed on a greater epoch alone. A record that names another ending under none is of a registry
        // that is behind: it is asked again, as one that has not said how this ended.
        return standing is Standing.Arrived or Standing.Elsewhere && record is not null && record.Epoch <= sourceEpoch
            ? Standing.Committed
            : standing;
    }

    public Task ProbeAsync(CancellationToken cancellationToken) => registry.ProbeAsync(cancellationToken);

    /// <summary>Where a record stands with regard to a relocation.</summary>
    public static Standing Judge(DomainRecord? record, Guid relocation)
    {
        if (record?.Intent?.Id == relocation)
            return Standing.Open;
        if (record?.Last is not { } last || last.Id != relocation)
            return Standing.Elsewhere;
        return last.Outcome switch
        {
            RelocationOutcome.Committed => record.Arriving ? Standing.Committed : Standing.Arrived,
            RelocationOutcome.Aborted => Standing.Aborted,
            RelocationOutcome.GivenBack => Standing.GivenBack,
            RelocationOutcome.TakenOver when record.Owner == last.From => Standing.TakenOver,
            _ => Standing.Elsewhere,
        };
    }

    private bool Ended(DomainRecord record, RelocationOutcome outcome) =>
        record.Last is { } last && last.Id == intent.Id && last.Outcome == outcome;
}
