using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Registry;
using Godwit.Daemon.Transport;
using Godwit.Pool;
using Godwit.Pool.Embedded;

namespace Godwit.Daemon.Roles;

/// <summary>Chooses this host's way to the registry: its own database, or the host that has it.</summary>
internal static class RegistryRole
{
    public static IRegistry Open(DaemonConfig config, Membership membership, PeerConnections peers) => config.Has(Role.Registry)
        ? SqliteRegistry.Open(Path.Combine(config.StateDirectory, "registry.db"))
        : new RemoteRegistry(membership, peers);
}
