using System.Net;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Transport;
using Yarp.ReverseProxy.Forwarder;

namespace Godwit.Daemon.Http;

/// <summary>
/// Hands requests on to the host that they are for, as they are: bodies, streams of events and WebSockets. A request
/// is handed on once; the second daemon serves it or refuses it.
/// </summary>
internal sealed class Forwarding(
    DaemonConfig config, PeerDirectory directory, PeerConnections peers, RequestPlaces places, IHttpForwarder forwarder)
{
    // Consoles may be silent for days; a dead peer is noticed by TCP (see TcpTuning).
    private static readonly ForwarderRequestConfig Request = new()
    {
        ActivityTimeout = TimeSpan.FromDays(7),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public async Task MiddlewareAsync(HttpContext context, RequestDelegate next)
    {
        var host = await ChooseAsync(context);
        if (host is null || host == config.Name)
        {
            await next(context);
            return;
        }
        await directory.FindAsync(host, context.RequestAborted);
        var transformer = new Transformer($"{Caller.Of(context).Who}@{config.Name}");
        var error = await forwarder.SendAsync(context, peers.AddressOf(host).ToString(), peers.Http, Request, transformer);
        if (error != ForwarderError.None && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            var why = context.GetForwarderErrorFeature()?.Exception?.Message ?? error.ToString();
            throw new RefusedException(
                HttpStatusCode.ServiceUnavailable, ApiException.HostUnreachable,
                $"{host} does not answer: {why}", $"See that {host} and its godwitd run.");
        }
    }

    private async ValueTask<string?> ChooseAsync(HttpContext context)
    {
        var asked = (string?)context.Request.Headers[ApiHeaders.TargetHost];
        if (Caller.Of(context).OnBehalfOf is not null || asked == config.Name)
            return null;
        if (!string.IsNullOrEmpty(asked))
            return asked;
        return context.GetEndpoint()?.Metadata.GetMetadata<PlaceMetadata>() is { Place: var place }
            ? await places.FindAsync(place, context.Request.RouteValues, context.RequestAborted)
            : null;
    }

    private sealed class Transformer(string onBehalfOf) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);
            request.Headers.Remove(ApiHeaders.TargetHost);
            request.Headers.Remove(ApiHeaders.OnBehalfOf);
            request.Headers.Add(ApiHeaders.OnBehalfOf, onBehalfOf);
            request.Headers.Host = null;
        }
    }
}
