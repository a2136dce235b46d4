using System.Collections.Immutable;
using System.Net;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Config;

/// <summary>What <c>/etc/godwit/godwitd.toml</c> says, with defaults for what it does not.</summary>
internal sealed record DaemonConfig
{
    /// <summary>Name of this host in the pool.</summary>
    public required string Name { get; init; }

    /// <summary>Address at which the other hosts reach this one.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>TCP port for API and relocation.</summary>
    public int Port { get; init; } = DefaultPort;

    public ImmutableArray<string> Roles { get; init; } = [Role.Compute];

    /// <summary>What must survive a restart of the host.</summary>
    public string StateDirectory { get; init; } = "/var/lib/godwit";

    /// <summary>Sockets and what belongs to running processes; gone after a restart of the host.</summary>
    public string RunDirectory { get; init; } = "/run/godwit";

    public string LogDirectory { get; init; } = "/var/log/godwit";

    public StorageConfig Storage { get; init; } = new();

    public ComputeConfig Compute { get; init; } = new();

    /// <summary>What the file itself says of the host: the rest comes from what was kept or found out, and may be settled anew.</summary>
    public HostSettings Said { get; init; } = HostSettings.None;

    /// <summary>Directory by which a test stops relocations at named places; null, as it ships, for none.</summary>
    public string? Failpoints { get; init; }

    /// <summary>The article's relocation port.</summary>
    public const int DefaultPort = 8002;

    public string Endpoint => new IPEndPoint(Address, Port).ToString();

    public string SocketPath => Path.Combine(RunDirectory, "godwitd.sock");

    public bool Has(string role) => Roles.Contains(role);
}

/// <summary>What a host does in the pool.</summary>
internal static class Role
{
    public const string Compute = "compute";
    public const string Storage = "storage";
    public const string Registry = "registry";

    public static readonly string[] All = [Compute, Storage, Registry];
}

internal sealed record StorageConfig
{
    /// <summary>Network interfaces of the storage network; none where this host has no part in it.</summary>
    public ImmutableArray<string> Interfaces { get; init; } = [];

    /// <summary>Name or path of the program that exports and attaches disks.</summary>
    public string AoeTool { get; init; } = "godwit-aoe";

    /// <summary>By which initiator this host attaches volumes.</summary>
    public DiskDriver Driver { get; init; } = DiskDriver.Auto;

    /// <summary>Groups of volumes that this host serves, besides those that were added by command.</summary>
    public ImmutableArray<GroupDefinition> Groups { get; init; } = [];
}

internal sealed record ComputeConfig
{
    /// <summary>Name or path of QEMU.</summary>
    public string Qemu { get; init; } = "qemu-system-x86_64";

    /// <summary>User that QEMU runs as; null for the daemon's own.</summary>
    public string? User { get; init; }
}
