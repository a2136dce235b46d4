using System.Collections.Immutable;
using System.Net;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Pool;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Godwit.Daemon.Tests.Hosting;

/// <summary>A whole daemon in this process: real Kestrel, real TLS on loopback, real SQLite; only what runs domains is fake.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gwd").FullName;
    private readonly ReservedPort _port = new();
    private readonly WebApplication _app;

    private TestHost(string name, ImmutableArray<string> roles, ShiftedTime time)
    {
        Config = new DaemonConfig
        {
            Name = name,
            Address = IPAddress.Loopback,
            Port = _port.Number,
            Roles = roles,
            StateDirectory = Path.Combine(_directory, "state"),
            RunDirectory = Path.Combine(_directory, "run"),
            LogDirectory = Path.Combine(_directory, "log"),
            Said = new HostSettings { Name = name, Address = IPAddress.Loopback, Roles = roles },
        };
        Time = time;
        Volumes = new FakeVolumeHost(name, Path.Combine(_directory, "volumes"), () => Registry);
        DaemonProcess.CreateDirectories(Config);
        _app = DaemonApp.Build(Config, services =>
        {
            services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Critical)
                .AddProvider(Log).AddFilter<KeptLog>(null, LogLevel.Warning));
            services.AddOpenApi();
            services.AddSingleton<TimeProvider>(time);
            services.AddSingleton<IComputeParts>(s => new FakeComputeParts(
                Domains = new FakeDomainHost(name, s.GetRequiredService<IRegistry>()), () => Opening));
            foreach (var role in services.Where(service => service.ImplementationType == typeof(StorageRole)).ToList())
                services.Remove(role);
        });
        if (Config.Has(Role.Storage))
            Get<VolumeSlot>().Enter(Volumes);
    }

    public DaemonConfig Config { get; }

    public string Name => Config.Name;

    public ShiftedTime Time { get; }

    public KeptLog Log { get; } = new();

    /// <summary>There once the host is a member and has the role compute.</summary>
    public FakeDomainHost? Domains { get; private set; }

    /// <summary>What opening the domains waits for, or fails with.</summary>
    public Task Opening { get; set; } = Task.CompletedTask;

    public FakeVolumeHost Volumes { get; }

    public IRegistry Registry => Get<IRegistry>();

    public PeerConnections Peers => Get<PeerConnections>();

    public PeerDirectory Peerage => Get<PeerDirectory>();

    public Membership Membership => Get<Membership>();

    public string AuditPath => Path.Combine(Config.LogDirectory, "audit.log");

    public static async Task<TestHost> StartAsync(string name, ShiftedTime? time = null, params string[] roles)
    {
        var host = new TestHost(name, [.. roles], time ?? new ShiftedTime());
        await DaemonProcess.StartAsync(host._app, host.Config, host.Get<ILoggerFactory>().CreateLogger("test"));
        return host;
    }

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public GodwitClient Client(string? targetHost = null) => GodwitClient.OverSocket(Config.SocketPath, targetHost);

    /// <summary>Plain HTTP over the local socket, for what the typed client would not send.</summary>
    public HttpClient Http() => new(SocketHandlers.ForUnixSocket(Config.SocketPath)) { BaseAddress = SocketHandlers.LocalAddress };

    public async Task JoinAsync(TestHost member)
    {
        using var there = member.Client();
        using var here = Client();
        var token = await there.PoolTokenAsync(default);
        await here.PoolJoinAsync(new PoolJoinRequest(member.Config.Endpoint, token.Token), default);
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _port.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
