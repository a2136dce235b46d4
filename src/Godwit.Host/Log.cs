using Microsoft.Extensions.Logging;

namespace Godwit.Host;

internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Warning, "could not undo: {What}")]
    public static partial void UndoFailed(ILogger logger, string what, Exception exception);

    [LoggerMessage(4002, LogLevel.Information, "{Domain}: started under epoch {Epoch}")]
    public static partial void Started(ILogger logger, string domain, long epoch);

    [LoggerMessage(4003, LogLevel.Information, "{Domain}: {Event}")]
    public static partial void Happened(ILogger logger, string domain, string @event);

    [LoggerMessage(4004, LogLevel.Information, "{Domain}: found again ({Verdict})")]
    public static partial void Found(ILogger logger, string domain, Recover.RecoveryVerdict verdict);

    [LoggerMessage(4005, LogLevel.Error, "{Domain}: its task failed in an unforeseen way")]
    public static partial void TaskFailed(ILogger logger, string domain, Exception exception);

    [LoggerMessage(4006, LogLevel.Information, "{Domain}: {Message}")]
    public static partial void RelocationEnded(ILogger logger, string domain, string message);

    [LoggerMessage(4007, LogLevel.Warning, "refused a relocation channel from {Peer}: {Reason}")]
    public static partial void ChannelRefused(ILogger logger, string peer, string reason);

    [LoggerMessage(4008, LogLevel.Warning, "{Domain}: could not {What}; it is tried again")]
    public static partial void TryingAgain(ILogger logger, string domain, string what, Exception exception);

    [LoggerMessage(4010, LogLevel.Warning, "{Domain}: its copy here is gone and never ran; it is given back to {Source}")]
    public static partial void GivesBack(ILogger logger, string domain, string source);

    [LoggerMessage(4011, LogLevel.Error, "{Domain}: could not be started again; it stays in the lists as crashed")]
    public static partial void NotStarted(ILogger logger, string domain, Exception exception);

    [LoggerMessage(4012, LogLevel.Warning, "{Domain}: it is {Owner}'s by now, under epoch {Epoch}; the copy here is superseded and ends")]
    public static partial void Superseded(ILogger logger, string domain, string owner, long epoch);

    [LoggerMessage(4013, LogLevel.Warning, "{Domain}: somebody let it run past godwit while it is paused; it is paused again")]
    public static partial void PausedAgain(ILogger logger, string domain);

    [LoggerMessage(4016, LogLevel.Error, "{Domain}: its guest does not get the memory and processors that its record says")]
    public static partial void NotResized(ILogger logger, string domain, Exception exception);

    [LoggerMessage(4009, LogLevel.Warning, "{Domain}: a copy runs here of which the registry knows nothing; it is left alone")]
    public static partial void UnknownCopy(ILogger logger, string domain);
}
