using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Qemu;

internal static partial class Log
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Information,
        Message = "{Domain}: QEMU started as process {Process}, monitor ready after {Milliseconds} ms")]
    public static partial void Started(ILogger logger, string domain, int process, long milliseconds);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "{Domain}: found QEMU again, process {Process}")]
    public static partial void Found(ILogger logger, string domain, int process);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "Removed what an ended QEMU left at {Directory}")]
    public static partial void RemovedLeftover(ILogger logger, string directory);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Warning,
        Message = "{Domain}: the line to QEMU's monitor broke ({Reason}) while QEMU goes on; connecting again")]
    public static partial void MonitorLost(ILogger logger, string domain, string reason);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Information, Message = "{Domain}: QEMU ended: {Reason}")]
    public static partial void Exited(ILogger logger, string domain, string reason);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Warning,
        Message = "{Domain}: the migration stream holds something unknown; the end of memory is taken from the end of the migration instead")]
    public static partial void StreamLost(ILogger logger, string domain);

    [LoggerMessage(EventId = 3007, Level = LogLevel.Warning, Message = "{Domain}: {Action} failed")]
    public static partial void Failed(ILogger logger, string domain, string action, Exception exception);
}
