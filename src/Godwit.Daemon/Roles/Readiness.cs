using Godwit.Daemon.Config;
using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Roles;

/// <summary>
/// Lets <c>pool init</c> and <c>pool join</c> answer when the host can be used, not a moment before: it listens, the
/// registry has it, and where it is to run domains it can, or says why not.
/// </summary>
internal sealed class Readiness(DaemonConfig config, TlsPort port, HostRegistration registration, ComputeSlot compute)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Returns after a while in any case: the host is a member, and the rest is tried on.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => Task.WhenAny(
        Task.WhenAll(port.Listening, registration.Registered, config.Has(Role.Compute) ? compute.Tried : Task.CompletedTask),
        Task.Delay(Patience, cancellationToken));
}
