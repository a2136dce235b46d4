namespace Godwit.Daemon;

internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Information, "Listening on {Address} for the pool {Pool}")]
    public static partial void Listening(ILogger logger, string address, string pool);

    [LoggerMessage(5002, LogLevel.Warning, "Cannot listen on {Address}: {Reason}; trying on")]
    public static partial void CannotListen(ILogger logger, string address, string reason);

    [LoggerMessage(5003, LogLevel.Information, "Connection from {Address} ended: {Reason}")]
    public static partial void ConnectionRefused(ILogger logger, string address, string reason);

    [LoggerMessage(5004, LogLevel.Error, "Connection from {Address} failed")]
    public static partial void ConnectionFailed(ILogger logger, Exception failure, string address);

    [LoggerMessage(5005, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, Exception failure, string method, string path);

    [LoggerMessage(5006, LogLevel.Error, "Cannot write the audit log {Path}: {Reason}")]
    public static partial void AuditFailed(ILogger logger, string path, string reason);

    [LoggerMessage(5007, LogLevel.Information, "Ready for domains: {Engine} {Version}, {Accelerator}")]
    public static partial void ComputeReady(ILogger logger, string engine, string version, string accelerator);

    [LoggerMessage(5008, LogLevel.Error, "Not ready for domains: {Reason}; trying on")]
    public static partial void ComputeNotReady(ILogger logger, string reason);

    [LoggerMessage(5009, LogLevel.Information, "The registry has {Name}")]
    public static partial void Registered(ILogger logger, string name);

    [LoggerMessage(5010, LogLevel.Warning, "Not registered yet: {Reason}")]
    public static partial void NotRegistered(ILogger logger, string reason);

    [LoggerMessage(5011, LogLevel.Information, "godwitd {Version} serves {Socket}; host {Name}, roles {Roles}, {Membership}")]
    public static partial void Started(ILogger logger, string version, string socket, string name, string roles, string membership);

    [LoggerMessage(5012, LogLevel.Information, "There is no {Path}: going by defaults")]
    public static partial void NoConfiguration(ILogger logger, string path);

    [LoggerMessage(5013, LogLevel.Warning, "The socket {Socket} is open to root only: there is no group {Group}")]
    public static partial void NoGroup(ILogger logger, string socket, string group);

    [LoggerMessage(5014, LogLevel.Information, "Serving {Count} volumes")]
    public static partial void StorageReady(ILogger logger, int count);

    [LoggerMessage(5015, LogLevel.Error, "Volumes are not served: {Reason}; trying on")]
    public static partial void StorageNotReady(ILogger logger, string reason);

    [LoggerMessage(5017, LogLevel.Warning, "{Address} is not let in: {Reason}")]
    public static partial void CertificateRefused(ILogger logger, string address, string reason);

    [LoggerMessage(5016, LogLevel.Warning, "{Path}, with the hosts of the pool, cannot be written: {Reason}")]
    public static partial void HostsNotKept(ILogger logger, string path, string reason);

    [LoggerMessage(5020, LogLevel.Information, "{Kind} of {Subject} has begun, as job {Id}")]
    public static partial void JobBegan(ILogger logger, string kind, string subject, Guid id);

    [LoggerMessage(5021, LogLevel.Information, "{Kind} of {Subject} is done")]
    public static partial void JobDone(ILogger logger, string kind, string subject);

    [LoggerMessage(5022, LogLevel.Warning, "{Kind} of {Subject} failed")]
    public static partial void JobFailed(ILogger logger, string kind, string subject, Exception e);

    [LoggerMessage(5023, LogLevel.Warning, "What is left of the guest {Name} cannot be cleared away yet: {Reason}; trying on")]
    public static partial void GuestNotCleared(ILogger logger, string name, string reason);

    [LoggerMessage(5024, LogLevel.Information, "What was left of the guest {Name} is cleared away")]
    public static partial void GuestCleared(ILogger logger, string name);
}
