using System.Collections.Immutable;
using System.Net;
using System.Text.RegularExpressions;
using Godwit.Domains;
using Godwit.Storage.Attachments;
using Godwit.Storage.Volumes;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Godwit.Daemon.Config;

/// <summary>Reads the configuration file.</summary>
internal static partial class ConfigFile
{
    public const string DefaultPath = "/etc/godwit/godwitd.toml";

    private static readonly string[] Tables = ["storage", "compute", "test", "storage.groups"];

    /// <param name="text">What the file says, which goes before all else.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="defaults">What holds where neither says anything.</param>
    /// <param name="kept">What was settled earlier, and holds where the file says nothing.</param>
    /// <exception cref="GodwitException">The file says something that has no meaning.</exception>
    public static DaemonConfig Parse(string text, string file, LocalDefaults defaults, HostSettings? kept = null) =>
        Parse(text, new ConfigProblems(file, text), file, defaults, kept ?? HostSettings.None);

    /// <summary>All keys that there are, each behind its table: <c>storage.interface</c>.</summary>
    internal static IReadOnlyCollection<string> KnownKeys()
    {
        const string EveryTable = "[[storage.groups]]\nname = \"vg\"\npath = \"/vg\"\n";
        var problems = new ConfigProblems("", EveryTable);
        Parse(EveryTable, problems, "", new LocalDefaults("host", IPAddress.Loopback), HostSettings.None);
        return problems.KnownKeys;
    }

    private static DaemonConfig Parse(string text, ConfigProblems problems, string file, LocalDefaults defaults, HostSettings kept)
    {
        var document = SyntaxParser.Parse(text, file);
        foreach (var diagnostic in document.Diagnostics)
            problems.Add(diagnostic.Span, diagnostic.Message);
        problems.ThrowIfAny();

        CheckTables(document, problems);
        var root = new ConfigTable("", document.KeyValues, document.Span, problems);
        var storage = Storage(document, problems);
        var said = new HostSettings
        {
            Name = HostName(root, defaults, kept),
            Address = Address(root),
            Roles = root.Words("roles", Role.All),
            Interfaces = storage.Interfaces.IsEmpty ? null : storage.Interfaces,
        };
        var config = new DaemonConfig
        {
            Name = said.Name ?? kept.Name ?? defaults.Name,
            Address = said.Address ?? kept.Address ?? defaults.Address,
            Port = root.Integer("port", 1, 65535) ?? DaemonConfig.DefaultPort,
            Roles = said.Roles ?? kept.Roles ?? [Role.Compute],
            Storage = storage with { Interfaces = said.Interfaces ?? kept.Interfaces ?? [] },
            Said = said,
        };
        config = config with
        {
            StateDirectory = Directory(root, "state_dir") ?? config.StateDirectory,
            RunDirectory = Directory(root, "run_dir") ?? config.RunDirectory,
            LogDirectory = Directory(root, "log_dir") ?? config.LogDirectory,
            Compute = Compute(document, problems),
            Failpoints = Failpoints(document, problems),
        };
        root.ReportUnknown();
        problems.ThrowIfAny();
        return config;
    }

    /// <summary>Names are host labels, in small letters, for they stand in certificates and in addresses of requests.</summary>
    public static bool IsHostName(string name) => HostNamePattern().IsMatch(name);

    private static string? HostName(ConfigTable root, LocalDefaults defaults, HostSettings kept)
    {
        var said = root.String("name");
        var name = said ?? kept.Name ?? defaults.Name;
        if (!IsHostName(name))
            root.Problem("name", $"'{name}' cannot be the name of a host.", "Use small letters, digits, - _ and dots, up to 63 of them.");
        return said;
    }

    private static IPAddress? Address(ConfigTable root)
    {
        if (root.String("address") is not { } text)
            return null;
        if (IPAddress.TryParse(text, out var address))
            return address;
        root.Problem("address", $"'{text}' is not an IP address.", "Write the address at which other hosts reach this one, as in address = \"10.9.0.11\".");
        return null;
    }

    private static string? Directory(ConfigTable table, string key)
    {
        if (table.String(key) is not { } path)
            return null;
        if (!Path.IsPathRooted(path))
            table.Problem(key, $"{key} must be an absolute path.");
        return path;
    }

    private static StorageConfig Storage(DocumentSyntax document, ConfigProblems problems)
    {
        var groups = ImmutableArray.CreateBuilder<GroupDefinition>();
        foreach (var syntax in document.Tables.OfType<TableArraySyntax>())
        {
            if (ConfigTable.KeyOf(syntax.Name!) != "storage.groups")
                continue;
            var table = new ConfigTable("[storage.groups]", syntax.Items, syntax.Name!.Span, problems);
            if (Group(table) is { } group)
            {
                if (groups.Any(other => other.Name == group.Name))
                    table.Problem("name", $"There are two groups of the name {group.Name}.");
                else
                    groups.Add(group);
            }
            table.ReportUnknown();
        }
        var own = Table(document, "storage", problems);
        var storage = new StorageConfig { Interfaces = own.Strings("interface"), Groups = groups.ToImmutable() };
        storage = storage with
        {
            AoeTool = own.String("aoe_tool") ?? storage.AoeTool,
            Driver = own.Word("driver", ["auto", "kernel", "godwit"]) switch
            {
                "kernel" => DiskDriver.Kernel,
                "godwit" => DiskDriver.Godwit,
                _ => storage.Driver,
            },
        };
        own.ReportUnknown();
        return storage;
    }

    private static GroupDefinition? Group(ConfigTable table)
    {
        var (name, path, kind, pool) = (table.String("name"), Directory(table, "path"), table.String("kind"), table.String("thin_pool"));
        var wrong = name switch
        {
            null => ("name", "A group of volumes needs a name.", null),
            _ when !VolumeName.TryParse($"{name}/x", out _) => ("name", $"'{name}' cannot be the name of a group of volumes.", "Use letters, digits and . _ + - only."),
            _ when kind is not (null or "directory" or "lvm") => ("kind", $"There is no kind '{kind}' of group.", "Write \"lvm\", or leave it out and give a path."),
            _ when kind == "lvm" && path is not null => ("path", "A group of LVM has no path: it is the volume group of its name.", "Leave out path, or kind."),
            _ when kind != "lvm" && path is null => ("path", "A group of volumes needs a path, or kind = \"lvm\".", null),
            _ when kind != "lvm" && pool is not null => ("thin_pool", "Only a group of LVM has a thin pool.", "Add kind = \"lvm\", or leave out thin_pool."),
            _ => default((string Key, string Message, string? Remedy)?),
        };
        if (wrong is { } problem)
        {
            table.Problem(problem.Key, problem.Message, problem.Remedy);
            return null;
        }
        return kind == "lvm" ? GroupDefinition.OfLvm(name!, pool) : GroupDefinition.OfDirectory(name!, path!);
    }

    private static ComputeConfig Compute(DocumentSyntax document, ConfigProblems problems)
    {
        var table = Table(document, "compute", problems);
        var compute = new ComputeConfig { User = table.String("user") };
        compute = compute with { Qemu = table.String("qemu") ?? compute.Qemu };
        table.ReportUnknown();
        return compute;
    }

    private static string? Failpoints(DocumentSyntax document, ConfigProblems problems)
    {
        var table = Table(document, "test", problems);
        var directory = Directory(table, "failpoints");
        table.ReportUnknown();
        return directory;
    }

    private static ConfigTable Table(DocumentSyntax document, string name, ConfigProblems problems)
    {
        var syntax = document.Tables.OfType<TableSyntax>().FirstOrDefault(t => ConfigTable.KeyOf(t.Name!) == name);
        return new ConfigTable(name, syntax?.Items.AsEnumerable() ?? [], syntax?.Name!.Span ?? document.Span, problems);
    }

    private static void CheckTables(DocumentSyntax document, ConfigProblems problems)
    {
        foreach (var table in document.Tables)
        {
            var name = ConfigTable.KeyOf(table.Name!);
            if (!Tables.Contains(name))
                problems.Add(table.Name!.Span, $"There is no table [{name}].", ConfigTable.Suggest(name, Tables));
            else if (table is TableArraySyntax != (name == "storage.groups"))
                problems.Add(table.Name!.Span, name == "storage.groups" ? "Write [[storage.groups]], once for each group." : $"Write [{name}].");
        }
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostNamePattern();
}
