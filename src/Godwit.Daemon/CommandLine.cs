using Godwit.Daemon.Config;
using Godwit.Daemon.Queries;
using Godwit.Domains;

namespace Godwit.Daemon;

/// <summary>The few words that <c>godwitd</c> can be started with.</summary>
internal sealed record CommandLine(string? ConfigPath)
{

    /// <returns>Null when all was said by printing.</returns>
    /// <exception cref="GodwitException">The words mean nothing.</exception>
    public static CommandLine? Parse(string[] args, TextWriter output)
    {
        string? config = null;
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    output.Write(DaemonManual.WriteHelp());
                    return null;
                case "--print" when i + 1 < args.Length && DaemonManual.Print(args[i + 1]) is { } text:
                    output.Write(text);
                    return null;
                case "--version":
                    output.WriteLine(HostQuery.Version);
                    return null;
                case "--config" when i + 1 < args.Length:
                    config = args[++i];
                    break;
                default:
                    throw new GodwitException("bad-usage", $"godwitd: '{args[i]}' is not understood", "See godwitd --help.");
            }
        }
        return new CommandLine(config);
    }

    /// <summary>The configuration, and the path of a file that should be there and is not.</summary>
    public (DaemonConfig Config, string? Missing) Load(LocalDefaults defaults)
    {
        var path = ConfigPath ?? ConfigFile.DefaultPath;
        try
        {
            return (Parse(File.ReadAllText(path), path, defaults), null);
        }
        catch (Exception e) when (ConfigPath is null && e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (Parse("", path, defaults), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException("bad-configuration", $"{path} cannot be read: {e.Message}", "Name another with --config.", e);
        }
    }

    // Where the rest is kept, the file says.
    private static DaemonConfig Parse(string text, string path, LocalDefaults defaults)
    {
        var kept = KeptSettings.Load(ConfigFile.Parse(text, path, defaults).StateDirectory, defaults);
        return ConfigFile.Parse(text, path, defaults, kept);
    }
}
