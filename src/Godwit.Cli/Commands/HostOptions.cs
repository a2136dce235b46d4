using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>What a host that enters a pool can be told about itself; it finds out the rest.</summary>
/// <param name="usualRoles">Its roles when none are given.</param>
internal sealed class HostOptions(string usualRoles)
{
    public const string Explanation =
        """
        What is not given is found out, or is set in /etc/godwit/godwitd.toml already, which goes before all
        else. godwitd keeps it; no file needs to be edited.
        """;

    public Option<string?> Roles { get; } = new("--roles")
    {
        HelpName = "ROLES",
        Description = $"Of compute, storage and registry, with commas (default {usualRoles})",
    };

    public Option<string[]> Interfaces { get; } = new("--storage-interface")
    {
        HelpName = "IF",
        Description = "Interface of the storage network (default that of the address); may be given several times",
    };

    public Option<string?> Address { get; } = new("--address")
    {
        HelpName = "IP",
        Description = "Where the other hosts reach this one (default its address on the way to them)",
    };

    public HostChoices Of(Invocation call) => new(
        call.Get(Roles) is { } roles ? [.. roles.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] : null,
        call.Get(Interfaces) is [_, ..] interfaces ? [.. interfaces] : null,
        call.Get(Address));
}
