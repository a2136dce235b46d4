using System.Net;
using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Network;

internal static partial class NetworkLog
{
    [LoggerMessage(EventId = 3101, Level = LogLevel.Debug, Message = "Guest {Mac} uses {Address}")]
    public static partial void Learned(ILogger logger, MacAddress mac, IPAddress address);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Debug, Message = "No longer watching {Device}: {Reason}")]
    public static partial void WatchEnded(ILogger logger, string device, string reason);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Warning, Message = "{Mac} cannot be announced on {Bridge}: {Reason}")]
    public static partial void NotAnnounced(ILogger logger, MacAddress mac, string bridge, string reason);

    [LoggerMessage(EventId = 3104, Level = LogLevel.Warning, Message = "Addresses behind {Device} will not be learned: {Reason}")]
    public static partial void NotWatched(ILogger logger, string device, string reason);

    [LoggerMessage(EventId = 3105, Level = LogLevel.Warning, Message = "Frames that came for {Device} while its guest stood still are lost: {Reason}")]
    public static partial void NotPassedOn(ILogger logger, string device, string reason);
}
