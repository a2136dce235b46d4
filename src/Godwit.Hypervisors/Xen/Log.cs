using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Xen;

internal static partial class Log
{
    [LoggerMessage(EventId = 3201, Level = LogLevel.Information, Message = "{Domain}: Xen started it as domain {Id} after {Milliseconds} ms")]
    public static partial void Started(ILogger logger, string domain, int id, long milliseconds);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Information, Message = "{Domain}: found again in Xen, domain {Id}")]
    public static partial void Found(ILogger logger, string domain, int? id);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Information, Message = "Removed what an ended domain left at {Directory}")]
    public static partial void RemovedLeftover(ILogger logger, string directory);

    [LoggerMessage(EventId = 3204, Level = LogLevel.Information, Message = "{Domain}: its domain ended: {Reason}")]
    public static partial void Exited(ILogger logger, string domain, string reason);

    [LoggerMessage(EventId = 3205, Level = LogLevel.Warning, Message = "{Domain}: {Action} failed")]
    public static partial void Failed(ILogger logger, string domain, string action, Exception exception);

    [LoggerMessage(EventId = 3206, Level = LogLevel.Warning, Message = "{Domain}: a domain of that name was left by a receiver that died; it is destroyed")]
    public static partial void DestroyedIncoming(ILogger logger, string domain);

    [LoggerMessage(EventId = 3208, Level = LogLevel.Warning, Message = "{Domain}: xenstored ended the watch of its end; it is asked again")]
    public static partial void WatchEnded(ILogger logger, string domain);

    [LoggerMessage(EventId = 3207, Level = LogLevel.Warning, Message = "{Domain}: xl died while the guest was suspended; another resumes it")]
    public static partial void Resuming(ILogger logger, string domain);
}
