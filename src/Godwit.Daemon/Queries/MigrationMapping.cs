using System.Text.Json;
using Godwit.Api;
using Godwit.Pool;
using Godwit.Relocation;

namespace Godwit.Daemon.Queries;

/// <summary>Relocations in the words of the API.</summary>
internal static class MigrationMapping
{
    public static MigrationInfo Info(RelocationTicket ticket) => new()
    {
        Id = ticket.Id,
        Domain = ticket.Domain,
        From = ticket.From,
        To = ticket.To,
        Step = Word(ticket.Step),
        Began = ticket.Began,
        AgeSeconds = ticket.Age.TotalSeconds,
        Notes = ticket.Notes,
        Result = ticket.Result is { } result ? Result(result) : null,
    };

    /// <summary>One that no host that answers has a memory of.</summary>
    /// <param name="record">The record that tells of it.</param>
    /// <param name="waits">What it waits for.</param>
    public static MigrationInfo? Lost(DomainRecord record, string waits)
    {
        var (id, from, to) = record switch
        {
            { Intent: { } intent } => (intent.Id, intent.From, intent.To),
            { Last: { } last } => (last.Id, last.From, record.Owner),
            _ => default,
        };
        return id == default ? null : new() { Id = id, Domain = record.Name, From = from, To = to, Step = MigrationInfo.Lost, Waits = waits };
    }

    public static string WaitsFor(string host, string domain) =>
        $"waits for {host}, which does not answer; if it will not come back: godwit migration take-over {domain}";

    public static MigrationEvent Event(RelocationProgress progress) => new()
    {
        At = progress.At,
        Step = Word(progress.Step),
        Round = progress.Round,
        SentBytes = progress.SentBytes,
        RemainingBytes = progress.RemainingBytes,
        TotalBytes = progress.TotalBytes,
        DirtyBytesPerSecond = progress.DirtyBytesPerSecond,
        BytesPerSecond = progress.BytesPerSecond,
        ExpectedSeconds = progress.Expected?.TotalSeconds,
        Note = progress.Note,
        Result = progress.Result is { } result ? Result(result) : null,
    };

    private static MigrationResult Result(RelocationResult result) => new()
    {
        Ending = Word(result.Ending),
        Succeeded = result.Succeeded,
        FaultSide = result.FaultSide is { } side ? Word(side) : null,
        FaultStep = result.FaultStep is { } step ? Word(step) : null,
        Fate = Word(result.Fate),
        Message = result.Message,
        Remedy = result.Remedy,
        TotalMilliseconds = result.Total.TotalMilliseconds,
        DowntimeMilliseconds = result.Downtime.TotalMilliseconds,
        DowntimeParts = result.Parts is { } parts
            ? new DowntimeParts(
                parts.Stop.TotalMilliseconds, parts.LastRound.TotalMilliseconds, parts.DeviceState.TotalMilliseconds,
                parts.Commit.TotalMilliseconds, parts.Fence.TotalMilliseconds, parts.Resume.TotalMilliseconds)
            : null,
        Rounds = result.Rounds,
        Bytes = result.Bytes,
    };

    public static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
