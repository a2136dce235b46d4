using System.Net;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Http;

/// <summary>Who may use a route. Without it: local users and the hosts of the pool.</summary>
internal enum AccessRule
{
    /// <summary>Users of this host, by its Unix socket.</summary>
    Local = 1,

    /// <summary>Hosts of the pool speaking for themselves, not for a user.</summary>
    Hosts,

    /// <summary>A host of the pool that may not be listed yet, about itself.</summary>
    NewHosts,

    /// <summary>Also those without a certificate; the route looks at their token.</summary>
    Anyone,
}

/// <summary>Refuses callers that a route is not for, before its handler or a forwarder sees the request.</summary>
internal sealed class Access(RequestDelegate next, PeerDirectory directory)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var rule = context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>()?.Rule;
        var caller = Caller.Of(context);
        if (rule != AccessRule.Anyone && !caller.IsLocal && caller.Host is null)
            throw Refused("certificate-required", "Only hosts of the pool are served here, by their certificates.", "Use the command on a host of the pool, or join it.");
        switch (rule)
        {
            case AccessRule.Local when !caller.IsLocal:
                throw Refused("local-only", "This can be asked for on the host itself only.", "Use the command there, without --host.");
            case AccessRule.Hosts or AccessRule.NewHosts when caller.Host is null || caller.OnBehalfOf is not null:
                throw Refused("hosts-only", "This is asked for by hosts of the pool in their own name only.", null);
        }
        if (caller.Host is { } host && rule is not (AccessRule.Anyone or AccessRule.NewHosts) && !await IsListedAsync(host, context.RequestAborted))
            throw Refused("unknown-host", $"The pool lists no host {host}.", "See `godwit host list`.");
        await next(context);
    }

    // While the registry is away, the CA's word is enough: a restarted registry must not stop the pool.
    private async Task<bool> IsListedAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            return await directory.IsListedAsync(host, cancellationToken);
        }
        catch (GodwitException e) when (e.Code == RegistryErrors.Unavailable)
        {
            return true;
        }
    }

    private static RefusedException Refused(string code, string message, string? remedy) =>
        new(HttpStatusCode.Forbidden, code, message, remedy);
}

internal sealed record AccessMetadata(AccessRule Rule);

/// <summary>A refusal that chooses the status of its answer.</summary>
internal sealed class RefusedException(HttpStatusCode status, string code, string message, string? remedy = null)
    : GodwitException(code, message, remedy)
{
    public HttpStatusCode Status => status;
}
