using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Lab;

/// <summary>What a lab consists of. The default is the three machines of the demo.</summary>
public sealed record LabSpec
{
    /// <summary>Name of the lab; part of the names of its namespaces and directories.</summary>
    public string Name { get; init; } = "godwit";

    public required ImmutableArray<LabHostSpec> Hosts { get; init; }

    /// <summary>False makes hosts without <c>godwitd</c> and without a pool: bare machines on two networks.</summary>
    public bool StartDaemons { get; init; } = true;

    /// <summary>
    /// True lets whoever runs the lab stop relocations at named places, by files in <see cref="LabPaths.Failpoints"/>.
    /// </summary>
    public bool Failpoints { get; init; }

    /// <summary>Directory of <c>godwit</c>, <c>godwitd</c> and <c>godwit-aoe</c>.</summary>
    public string ProgramDirectory { get; init; } = AppContext.BaseDirectory.TrimEnd('/');

    /// <summary>A host <c>storage</c> and so many hosts <c>resource-1</c>, <c>resource-2</c>, …</summary>
    public static LabSpec WithResources(int count, string name = "godwit") => new()
    {
        Name = name,
        Hosts =
        [
            new LabHostSpec { Name = "storage", Address = "10.9.0.10", Roles = HostRoles.Storage | HostRoles.Registry },
            .. Enumerable.Range(1, count).Select(n =>
                new LabHostSpec { Name = $"resource-{n}", Address = $"10.9.0.{10 + n}", Roles = HostRoles.Compute }),
        ],
    };

    /// <exception cref="GodwitException">A name is not fit to be part of a link's or a socket's name.</exception>
    internal void Validate()
    {
        CheckName("lab", Name, 20);
        if (Hosts.IsDefaultOrEmpty || Hosts.Length > 90)
            throw new GodwitException("bad-lab", $"a lab has 1 to 90 hosts, not {(Hosts.IsDefault ? 0 : Hosts.Length)}");
        foreach (var host in Hosts) CheckName("host", host.Name, LabHostSpec.MaxNameLength);
        if (Hosts.Select(h => h.Name).Distinct().Count() != Hosts.Length
            || Hosts.Select(h => h.Address).Distinct().Count() != Hosts.Length)
            throw new GodwitException("bad-lab", "two hosts of the lab have the same name or address");
        if (Hosts.Any(h => h.Name == SwitchName))
            throw new GodwitException("bad-lab", $"the name `{SwitchName}` is that of the lab's switch");
    }

    internal const string SwitchName = "switch";

    internal static void CheckName(string what, string name, int longest)
    {
        if (name.Length is 0 || name.Length > longest || !char.IsAsciiLetter(name[0])
            || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            throw new GodwitException("bad-name", $"`{name}` cannot be the name of a {what}",
                $"use up to {longest} small letters, digits and dashes, beginning with a letter");
        }
    }
}

/// <summary>One machine of a lab.</summary>
public sealed record LabHostSpec
{
    /// <summary>Names of links are NAME-lan and NAME-san, and the kernel allows 15 characters.</summary>
    internal const int MaxNameLength = 11;

    public required string Name { get; init; }

    /// <summary>IPv4 address on the guests' bridge, in 10.9.0.0/24.</summary>
    public required string Address { get; init; }

    public HostRoles Roles { get; init; } = HostRoles.Compute;
}

/// <summary>What a host does in the pool.</summary>
[Flags]
public enum HostRoles
{
    None = 0,
    Compute = 1,
    Storage = 2,
    Registry = 4,
}
