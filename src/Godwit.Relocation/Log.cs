using Godwit.Relocation.Destination;
using Godwit.Relocation.Source;
using Microsoft.Extensions.Logging;

namespace Godwit.Relocation;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "{Domain}: source {Before} -> {After} on {Event}")]
    public static partial void SourcePhase(ILogger logger, string domain, SourcePhase before, SourcePhase after, string @event);

    [LoggerMessage(3002, LogLevel.Information, "{Domain}: destination {Before} -> {After} on {Event}")]
    public static partial void DestinationPhase(ILogger logger, string domain, DestinationPhase before, DestinationPhase after, string @event);

    [LoggerMessage(3003, LogLevel.Debug, "{Domain}: the engine takes no more bytes: {Reason}")]
    public static partial void EngineClosed(ILogger logger, string domain, string reason);

    [LoggerMessage(3005, LogLevel.Error, "{Domain}: the engine would not let it run again here (attempt {Attempt})")]
    public static partial void NotResumed(ILogger logger, string domain, int attempt, Exception exception);

    [LoggerMessage(3006, LogLevel.Error, "{Domain}: somebody let the held copy run; it is stopped again. What it wrote meanwhile is on its disks")]
    public static partial void StrayResume(ILogger logger, string domain);

    [LoggerMessage(3007, LogLevel.Warning, "{Domain}: {Difference}")]
    public static partial void ClocksDiffer(ILogger logger, string domain, string difference);

    [LoggerMessage(3004, LogLevel.Error, "{Domain}: a part of the relocation failed in an unforeseen way")]
    public static partial void Unforeseen(ILogger logger, string domain, Exception exception);
}
