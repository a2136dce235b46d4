using System.Net;
using Godwit.Domains;

namespace Godwit.Api;

/// <summary>A daemon refused a request, or none could be asked.</summary>
public sealed class ApiException(ApiError error, HttpStatusCode? status = null, Exception? inner = null)
    : GodwitException(error.Code, error.Message, error.Remedy, inner)
{
    /// <summary>Code where no daemon answers on this machine's socket.</summary>
    public const string NoDaemon = "no-daemon";

    /// <summary>Code where another host does not answer.</summary>
    public const string HostUnreachable = "host-unreachable";

    /// <summary>The daemon's words.</summary>
    public ApiError Error => error;

    /// <summary>Status of the answer; null where there was none.</summary>
    public HttpStatusCode? Status => status;
}
