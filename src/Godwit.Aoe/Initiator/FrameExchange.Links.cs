using Godwit.Aoe.Wire;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Initiator;

/// <content>What becomes of the interfaces: one may be taken away and made again, and one may fail for good.</content>
internal sealed partial class FrameExchange
{
    /// <summary>An interface that is silent is looked at so often, whether it is still there.</summary>
    private const int LookAgainMs = 1000;

    // What is on its way there is sent elsewhere, or again when the target has been found anew: it may be at another address too.
    private void RenewLink(LinkPort port, long now)
    {
        var change = port.Renew();
        if (change == LinkChange.None) return;
        if (change == LinkChange.Gone) LogInterfaceGone(_logger, _address, port.Link.Name);
        else LogInterfaceRenewed(_logger, _address, port.Link.Name, port.Link.Address, port.Link.Mtu);
        foreach (var path in _paths)
        {
            if (path.Port != port) continue;
            if (path.State == PathState.Up) GoFrom(path, PathState.Down);
            path.ProbedAt = 0;
        }
        if (change != LinkChange.Renewed) return;
        _askedAt = now;
        AskWhereLocked();
    }

    // Only its own paths go with it, unless it was the last.
    private void LoseLink(LinkPort port, IOException reason)
    {
        if (port.Failure is not null) return;
        port.Failure = reason;
        LogInterfaceFailed(_logger, _address, port.Link.Name, reason.Message);
        foreach (var path in _paths)
        {
            if (path.Port == port) GoFrom(path, PathState.Down);
        }
        if (Array.Find(_ports, other => other.Failure is null) is { } left) _keeper = _keeper == port ? left : _keeper;
        else Die(reason.Message);
        WakeAll();
    }

    [LoggerMessage(EventId = 1211, Level = LogLevel.Error, Message = "{Device}: the network interface {Interface} failed: {Reason}")]
    private static partial void LogInterfaceFailed(ILogger logger, AoeAddress device, string @interface, string reason);

    [LoggerMessage(EventId = 1213, Level = LogLevel.Warning, Message = "{Device}: interface {Interface} is gone; it is used again when one of that name is there")]
    private static partial void LogInterfaceGone(ILogger logger, AoeAddress device, string @interface);

    [LoggerMessage(EventId = 1214, Level = LogLevel.Information, Message = "{Device}: interface {Interface} was opened anew: address {Mac}, MTU {Mtu}")]
    private static partial void LogInterfaceRenewed(ILogger logger, AoeAddress device, string @interface, Domains.MacAddress mac, int mtu);
}
