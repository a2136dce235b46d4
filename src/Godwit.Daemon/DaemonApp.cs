using System.Runtime.InteropServices;
using Godwit.Api;
using Godwit.Daemon.Checks;
using Godwit.Daemon.Config;
using Godwit.Daemon.Endpoints;
using Godwit.Daemon.Http;
using Godwit.Daemon.Images;
using Godwit.Daemon.Jobs;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Registry;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Daemon.Volumes;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Restoration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing;

namespace Godwit.Daemon;

/// <summary>
/// Puts the daemon together. What a request goes through:
/// <code>
///   AuditLog ► ErrorAnswers ► routing ► Access ► Forwarding ─┬─► another host
///                                                            └─► endpoint
/// </code>
/// </summary>
internal static class DaemonApp
{
    private const int LongestBody = 1 << 20;

    /// <param name="config">What this host is.</param>
    /// <param name="replace">Puts other parts in the place of real ones; for tests.</param>
    public static WebApplication Build(DaemonConfig config, Action<IServiceCollection>? replace = null)
    {
        // Nothing but godwitd.toml configures this program. The files that ASP.NET would read beside it are watched for
        // changes, with every directory below: on a host that is all of the file system.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = "godwitd",
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Yarp", LogLevel.Error);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LongestBody;
            kestrel.ListenUnixSocket(config.SocketPath);
            kestrel.Listen(PoolTransport.EndPoint);
        });
        AddServices(builder.Services, config);
        replace?.Invoke(builder.Services);
        var app = builder.Build();
        Configure(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, DaemonConfig config)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json => WireJson.Configure(json.SerializerOptions));
        services.AddHttpForwarder();

        services.AddSingleton(config);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<Membership>();
        services.AddSingleton(s => new PoolFiles(config.StateDirectory, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new TokenStore(Path.Combine(config.StateDirectory, "tokens.json"), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new AuditLog(
            Path.Combine(config.LogDirectory, "audit.log"), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<AuditLog>>()));
        services.AddSingleton<INetworkView, NetworkView>();
        services.AddSingleton<HostSetup>();
        services.AddSingleton<PoolDesk>();
        services.AddSingleton<Restart>();

        services.AddSingleton(s => new Lazy<IRegistry>(s.GetRequiredService<IRegistry>));
        services.AddSingleton<PeerDirectory>();
        services.AddSingleton<PeerConnections>();
        services.AddSingleton<RegistrySight>();
        services.AddSingleton<IRegistry>(s => new SightedRegistry(
            RegistryRole.Open(
                config, s.GetRequiredService<Membership>(), s.GetRequiredService<PeerConnections>(),
                s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<GuardedRegistry>>()),
            s.GetRequiredService<RegistrySight>()));
        services.AddSingleton<IJournal>(_ => SqliteJournal.Open(Path.Combine(config.StateDirectory, "journal.db")));
        services.AddSingleton(s => new Witness(config.Name, s.GetRequiredService<IJournal>()));
        services.AddHostedService<RegistryReports>();
        services.AddSingleton<HostAnswers>();
        services.AddSingleton<RequestPlaces>();
        services.AddSingleton<Forwarding>();
        services.AddSingleton<HostQuery>();
        services.AddSingleton<HostFactsQuery>();
        services.AddSingleton<DomainQuery>();
        services.AddSingleton<MigrationQuery>();

        services.AddChecks();

        services.AddSingleton<PoolTransport>();
        services.AddSingleton<IConnectionListenerFactory>(s => s.GetRequiredService<PoolTransport>());
        services.AddSingleton<RelocationDoor>();
        services.AddSingleton<TlsPort>();
        services.AddHostedService(s => s.GetRequiredService<TlsPort>());
        services.AddSingleton<HostRegistration>();
        services.AddHostedService(s => s.GetRequiredService<HostRegistration>());
        services.AddSingleton<Readiness>();
        services.AddHostedService<Settling>();

        services.AddSingleton<JobTable>();
        services.AddHostedService(s => s.GetRequiredService<JobTable>());
        services.AddSingleton<VolumeJobs>();
        services.AddSingleton<DomainJobs>();
        services.AddSingleton<ImageHost>();
        services.AddSingleton<PoolImages>();
        services.AddSingleton<PendingGuests>();
        services.AddHostedService(s => s.GetRequiredService<PendingGuests>());
        services.AddSingleton<GuestCreation>();

        services.AddSingleton<ComputeSlot>();
        services.AddSingleton<VolumeSlot>();
        if (config.Has(Role.Compute))
        {
            services.AddSingleton<IComputeParts, ComputeParts>();
            services.AddHostedService<ComputeRole>();
        }
        if (config.Has(Role.Storage))
            services.AddHostedService<StorageRole>();
    }

    private static void Configure(WebApplication app)
    {
        var audit = app.Services.GetRequiredService<AuditLog>();
        var forwarding = app.Services.GetRequiredService<Forwarding>();
        app.Use(audit.MiddlewareAsync);
        app.UseMiddleware<ErrorAnswers>();
        app.UseRouting();
        app.UseMiddleware<Access>();
        app.Use(forwarding.MiddlewareAsync);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(20) });

        app.MapDescription();
        app.MapHosts();
        app.MapDomains();
        app.MapConsole();
        app.MapTakeOvers();
        app.MapMigrations();
        app.MapVolumes();
        app.MapVolumeGroups();
        app.MapImages();
        app.MapJobs();
        app.MapPool();
        app.MapRegistry();
    }
}
