using System.Globalization;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Daemon.Queries;
using Godwit.Domains;
using Godwit.Native.Files;

namespace Godwit.Daemon;

/// <summary>Runs the daemon from its directories to SIGTERM.</summary>
internal static class DaemonProcess
{
    private const string SocketGroup = "godwit";
    private const UnixFileMode SocketMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <param name="load">Reads the configuration, and gives the path of a file that should be there and is not.</param>
    /// <param name="stop">Ends it as SIGTERM does.</param>
    public static async Task RunAsync(Func<(DaemonConfig Config, string? Missing)> load, CancellationToken stop)
    {
        bool again;
        do
        {
            var (config, missing) = load();
            again = await RunOnceAsync(config, missing, stop);
        }
        while (again);
    }

    /// <returns>Whether it is to begin anew.</returns>
    private static async Task<bool> RunOnceAsync(DaemonConfig config, string? missing, CancellationToken stop)
    {
        CreateDirectories(config);
        await using var app = DaemonApp.Build(config);
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Godwit.Daemon");
        if (missing is not null)
            Log.NoConfiguration(log, missing);
        await StartAsync(app, config, log);
        ServiceManager.Ready();
        await app.WaitForShutdownAsync(stop);
        return app.Services.GetRequiredService<Restart>().IsAsked;
    }

    /// <summary>Serves from when it returns.</summary>
    public static async Task StartAsync(WebApplication app, DaemonConfig config, ILogger log)
    {
        var files = app.Services.GetRequiredService<PoolFiles>();
        var membership = app.Services.GetRequiredService<Membership>();
        if (files.Load() is { } identity)
            membership.Enter(Fits(identity, config));
        File.Delete(config.SocketPath);
        await app.StartAsync();
        OpenSocket(config.SocketPath, log);
        Log.Started(
            log, HostQuery.Version, config.SocketPath, config.Name, string.Join(", ", config.Roles),
            membership.Current is { } member ? $"member of the pool {member.Pool.Name}" : "in no pool");
    }

    public static void CreateDirectories(DaemonConfig config)
    {
        PrivateFile.CreateDirectory(config.StateDirectory);
        Directory.CreateDirectory(config.RunDirectory);
        Directory.CreateDirectory(config.LogDirectory);
    }

    private static PoolIdentity Fits(PoolIdentity identity, DaemonConfig config) => identity.Pool.Host == config.Name
        ? identity
        : throw new GodwitException(
            "renamed-host", $"This host is {identity.Pool.Host} in the pool {identity.Pool.Name}, but its configuration calls it {config.Name}.",
            $"Set name = \"{identity.Pool.Host}\", or remove its membership ({config.StateDirectory}/pool.json and pki) and join again.");

    private static void OpenSocket(string path, ILogger log)
    {
        File.SetUnixFileMode(path, SocketMode);
        if (FindGroup(SocketGroup) is { } group)
            Ownership.Give(path, (0, group));
        else
            Log.NoGroup(log, path, SocketGroup);
    }

    private static int? FindGroup(string name)
    {
        foreach (var line in File.ReadLines("/etc/group"))
        {
            if (line.Split(':') is [var group, _, var number, ..] && group == name)
                return int.Parse(number, CultureInfo.InvariantCulture);
        }
        return null;
    }
}
