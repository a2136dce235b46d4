using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Registry;
using Godwit.Daemon.Transport;
using Godwit.Pool;
using Godwit.Pool.Embedded;
using Godwit.Pool.Restoration;

namespace Godwit.Daemon.Roles;

/// <summary>Chooses this host's way to the registry: its own database, or the host that has it.</summary>
internal static class RegistryRole
{
    public static IRegistry Open(DaemonConfig config, Membership membership, PeerConnections peers, TimeProvider time, ILogger<GuardedRegistry> log) =>
        config.Has(Role.Registry)
            ? new GuardedRegistry(
                SqliteRegistry.Open(Path.Combine(config.StateDirectory, "registry.db")),
                new FileRegistryMark(Path.Combine(config.StateDirectory, "registry.mark")), time, log)
            : new RemoteRegistry(membership, peers);
}
