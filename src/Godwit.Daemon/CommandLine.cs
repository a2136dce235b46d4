using Godwit.Daemon.Config;
using Godwit.Daemon.Queries;
using Godwit.Domains;

namespace Godwit.Daemon;

/// <summary>The few words that <c>godwitd</c> can be started with.</summary>
internal sealed record CommandLine(string? ConfigPath)
{
    private const string Help = $"""
        godwitd - the daemon of a Godwit host

        Usage: godwitd [--config FILE]

          --config FILE   read FILE instead of {ConfigFile.DefaultPath}; without that file, defaults hold
          --help          print this
          --version       print the version

        It runs in the foreground, logs to standard error, and ends on SIGTERM; the domains go on.
        """;

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
                    output.WriteLine(Help);
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
            return (ConfigFile.Parse(File.ReadAllText(path), path, defaults), null);
        }
        catch (Exception e) when (ConfigPath is null && e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (ConfigFile.Parse("", path, defaults), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException("bad-configuration", $"{path} cannot be read: {e.Message}", "Name another with --config.", e);
        }
    }
}
