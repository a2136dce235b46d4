using Microsoft.Extensions.Logging;

namespace Godwit.Pool;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Warning, "{Domain}: waiting for the registry: {Reason}")]
    public static partial void RegistryAway(ILogger logger, string domain, string reason);

    [LoggerMessage(2002, LogLevel.Error, "the registry is behind: {Why}; it serves again once every host has reported")]
    public static partial void RegistryBehind(ILogger logger, string why);

    [LoggerMessage(2003, LogLevel.Warning, "the registry has caught up, and goes on from revision {Revision}")]
    public static partial void RegistryCaughtUp(ILogger logger, long revision);

    [LoggerMessage(2004, LogLevel.Warning, "{Domain}: by the fences of its disks it is {Owner}'s, under epoch {Epoch}")]
    public static partial void OwnerByFences(ILogger logger, string domain, string owner, long epoch);
}
