using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Godwit.Api;
using Godwit.Daemon.Transport;
using Microsoft.AspNetCore.Connections.Features;

namespace Godwit.Daemon.Http;

/// <summary>Who sends a request.</summary>
/// <param name="IsLocal">It came by this host's Unix socket.</param>
/// <param name="Host">Host whose certificate the connection showed; null for local ones and for those without.</param>
/// <param name="OnBehalfOf">Whom that host says it hands the request on for.</param>
internal sealed record Caller(bool IsLocal, string? Host, string? OnBehalfOf, string Who)
{
    // socket(7), unix(7): SO_PEERCRED gives struct ucred { pid, uid, gid }, 32 bits each.
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;
    private const int UserOffset = 4;
    private const int CredentialsLength = 12;

    public static Caller Of(HttpContext context)
    {
        if (context.Features.Get<Caller>() is { } known)
            return known;
        var caller = Find(context);
        context.Features.Set(caller);
        return caller;
    }

    private static Caller Find(HttpContext context)
    {
        if (context.Features.Get<IRemoteHostFeature>() is not { } remote)
            return new Caller(true, null, null, LocalUser(context.Features.Get<IConnectionSocketFeature>()?.Socket));
        var name = remote.Name;
        var onBehalfOf = name is null ? null : (string?)context.Request.Headers[ApiHeaders.OnBehalfOf];
        return new Caller(false, name, onBehalfOf, onBehalfOf ?? name ?? $"a stranger at {context.Connection.RemoteIpAddress}");
    }

    private static string LocalUser(Socket? socket)
    {
        if (socket is null)
            return "?";
        Span<byte> credentials = stackalloc byte[CredentialsLength];
        socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        var user = MemoryMarshal.Read<int>(credentials[UserOffset..]).ToString(CultureInfo.InvariantCulture);
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            if (line.Split(':') is [var name, _, var uid, ..] && uid == user)
                return name;
        }
        return user;
    }
}
