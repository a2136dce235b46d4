using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Roles;

/// <summary>
/// Lets <c>pool init</c> and <c>pool join</c> answer when the host can be used, not a moment before: it listens and the
/// registry has it.
/// </summary>
internal sealed class Readiness(TlsPort port, HostRegistration registration)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Returns after a while in any case: the host is a member, and the rest is tried on.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => Task.WhenAny(
        Task.WhenAll(port.Listening, registration.Registered), Task.Delay(Patience, cancellationToken));
}
