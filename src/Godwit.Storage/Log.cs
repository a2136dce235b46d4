using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage;

internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Information, "{Volume}: exported as {Address} by process {Process}")]
    public static partial void Exported(ILogger logger, VolumeName volume, string address, int process);

    [LoggerMessage(5002, LogLevel.Error, "{Volume}: not exported; it is tried again")]
    public static partial void ExportFailed(ILogger logger, VolumeName volume, Exception exception);

    [LoggerMessage(5003, LogLevel.Information, "{Domain}: {Disk} attached by process {Process} under session {Session}")]
    public static partial void Attached(ILogger logger, string domain, string disk, int process, int session);

    [LoggerMessage(5004, LogLevel.Warning, "{Domain}: the session of {Disk} could not be given up; the next admission replaces it")]
    public static partial void NotReleased(ILogger logger, string domain, string disk, Exception exception);

    [LoggerMessage(5005, LogLevel.Warning, "{Domain}: the process of {Disk} did not end when it was asked to, and was killed")]
    public static partial void Killed(ILogger logger, string domain, string disk);

    [LoggerMessage(5006, LogLevel.Warning, "{Domain}: the process of {Disk} died; another takes its place")]
    public static partial void Died(ILogger logger, string domain, string disk);

    [LoggerMessage(5007, LogLevel.Error, "{Domain}: the process of {Disk} could not be replaced; it is tried again, and the domain waits")]
    public static partial void NotReplaced(ILogger logger, string domain, string disk, Exception exception);

    [LoggerMessage(5008, LogLevel.Warning, "{Volume}: its making was cut short by the end of the daemon; what there was of it is removed")]
    public static partial void Swept(ILogger logger, VolumeName volume);

    [LoggerMessage(5009, LogLevel.Warning, "{Group}: unfinished volumes could not be looked for or removed; the next start tries again")]
    public static partial void NotSwept(ILogger logger, string group, Exception exception);

    [LoggerMessage(5010, LogLevel.Information, "{Volume}: it has grown, and its export does not run: it has the new size when it is started")]
    public static partial void GrowsLater(ILogger logger, VolumeName volume);

    [LoggerMessage(5020, LogLevel.Information, "{Domain}: {Disk} attached by the kernel's driver as {Device} under session {Session}")]
    public static partial void AttachedByKernel(ILogger logger, string domain, string disk, string device, int session);

    [LoggerMessage(5021, LogLevel.Information, "The kernel's driver aoe is not there: {Reason}")]
    public static partial void NoKernelDriver(ILogger logger, string reason);

    [LoggerMessage(5022, LogLevel.Warning, "The kernel's driver aoe did not take '{Word}' in /dev/etherd/{File}")]
    public static partial void KernelDriverRefused(ILogger logger, string file, string word, Exception exception);
}
