using Godwit.Api;
using Godwit.Pool;
using Godwit.Relocation;

namespace Godwit.Daemon.Queries;

/// <summary>
/// How a relocation ended, from the record alone: a daemon's memory of it, with figures, side and step at fault, ends with
/// that daemon. The record keeps the last one of each domain.
/// </summary>
internal static class RecordedEnd
{
    private const string Aborted = "aborted";

    /// <summary>Null where none has ended, another is under way, or the domain has not arrived yet.</summary>
    public static MigrationInfo? Of(DomainRecord record) => record is { Intent: null, Arriving: false, Last: { } last }
        ? new()
        {
            Id = last.Id,
            Domain = record.Name,
            From = last.From,
            To = last.To,
            Step = last.Outcome == RelocationOutcome.Committed ? MigrationMapping.Word(RelocationStep.Confirm) : MigrationInfo.Lost,
            Result = Result(record, last),
        }
        : null;

    private static MigrationResult Result(DomainRecord record, LastRelocation last)
    {
        var (ending, fate, became) = last.Outcome switch
        {
            RelocationOutcome.Committed => (MigrationMapping.Word(RelocationEnding.Completed), DomainFate.OnDestination, $"was moved to {last.To}"),
            RelocationOutcome.Aborted => (Aborted, DomainFate.OnSource, $"stayed on {last.From}"),
            RelocationOutcome.GivenBack =>
                (MigrationMapping.Word(RelocationEnding.GivenBack), DomainFate.OnSource, $"was given back to {last.From} by {last.To}"),
            RelocationOutcome.TakenOver =>
                (MigrationMapping.Word(RelocationEnding.TakenOver), (DomainFate?)null, $"was taken over for {record.Owner}"),
            _ => throw new ArgumentOutOfRangeException(nameof(last), last.Outcome, "No such outcome."),
        };
        return new()
        {
            Ending = ending,
            Succeeded = last.Outcome == RelocationOutcome.Committed,
            Fate = fate is { } known ? MigrationMapping.Word(known) : null,
            Message = $"{record.Name} {became}. No daemon that answers remembers more of it.",
        };
    }
}
