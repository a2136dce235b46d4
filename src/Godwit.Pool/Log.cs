using Microsoft.Extensions.Logging;

namespace Godwit.Pool;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Warning, "{Domain}: waiting for the registry: {Reason}")]
    public static partial void RegistryAway(ILogger logger, string domain, string reason);
}
