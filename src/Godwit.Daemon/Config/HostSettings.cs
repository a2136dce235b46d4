using System.Collections.Immutable;
using System.Net;
using System.Text;

namespace Godwit.Daemon.Config;

/// <summary>What a host has to know of itself before it can belong to a pool, as one place says it.</summary>
internal sealed record HostSettings
{
    public static HostSettings None { get; } = new();

    /// <summary>Null where the place does not say it; so with the others.</summary>
    public string? Name { get; init; }

    public IPAddress? Address { get; init; }

    public ImmutableArray<string>? Roles { get; init; }

    /// <summary>Interfaces of the storage network.</summary>
    public ImmutableArray<string>? Interfaces { get; init; }

    /// <summary>The same as a configuration file, with nothing in it that is not said here.</summary>
    public string ToToml()
    {
        var text = new StringBuilder($"# Written by godwitd when this host entered its pool. What {ConfigFile.DefaultPath} says goes before it.\n");
        if (Name is { } name)
            text.Append($"name = \"{name}\"\n");
        if (Address is { } address)
            text.Append($"address = \"{address}\"\n");
        if (Roles is { } roles)
            text.Append($"roles = {List(roles)}\n");
        if (Interfaces is { IsEmpty: false } interfaces)
            text.Append($"\n[storage]\ninterface = {List(interfaces)}\n");
        return text.ToString();
    }

    private static string List(ImmutableArray<string> words) => $"[{string.Join(", ", words.Select(word => $"\"{word}\""))}]";
}
