using System.Text.Json;
using Godwit.Api;
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
        Result = ticket.Result is { } result ? Result(result) : null,
    };

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
