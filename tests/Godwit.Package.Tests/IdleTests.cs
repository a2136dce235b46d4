using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Godwit.Package.Tests;

/// <summary>
/// The native daemon by itself, in no pool. In a pool of three it takes a third more, which bench/start measures; what makes it
/// larger for good is seen here as well.
/// </summary>
public sealed class IdleTests(BuiltPackage package) : IAsyncLifetime
{
    private const long MostResidentKiB = 20_000, MostOfItsOwnKiB = 13_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("gwi").FullName;
    private Process? _daemon;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Socket => Path.Combine(_directory, "run", "godwitd.sock");

    public async ValueTask InitializeAsync()
    {
        var config = Path.Combine(_directory, "godwitd.toml");
        await File.WriteAllTextAsync(config,
            $"""
            name = "idle"
            address = "127.0.0.1"
            state_dir = "{_directory}/state"
            run_dir = "{_directory}/run"
            log_dir = "{_directory}/log"
            """);
        _daemon = Process.Start(new ProcessStartInfo(package.At("usr/lib/godwit/godwitd"), ["--config", config]) { RedirectStandardError = true })!;
        _daemon.ErrorDataReceived += (_, _) => { };
        _daemon.BeginErrorReadLine();
        var began = Stopwatch.GetTimestamp();
        while (!File.Exists(Socket))
        {
            if (_daemon.HasExited || Stopwatch.GetElapsedTime(began) > Patience) throw new InvalidOperationException("The daemon does not serve.");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_daemon!.HasExited) _daemon.Kill();
        await _daemon.WaitForExitAsync();
        _daemon.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task It_takes_little_memory_once_it_has_settled()
    {
        var began = Stopwatch.GetTimestamp();
        (long Resident, long Own) now;
        while ((now = Memory()) is var (resident, own) && (resident > MostResidentKiB || own > MostOfItsOwnKiB))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"{now.Resident} KiB resident, {now.Own} KiB of its own, at most {MostResidentKiB} and {MostOfItsOwnKiB}");
            await Task.Delay(TimeSpan.FromSeconds(1), Ct);
        }
    }

    /// <summary>What makes such documents at run time does not work in a native program.</summary>
    [Fact]
    public async Task It_serves_the_description_of_its_API()
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        var text = await http.GetStringAsync(new Uri("http://localhost/openapi/v1.json"), Ct);
        Assert.StartsWith("{\n  \"openapi\": \"3.1.", text, StringComparison.Ordinal);
    }

    private (long Resident, long Own) Memory()
    {
        var status = File.ReadAllLines($"/proc/{_daemon!.Id}/status");
        return (Find("VmRSS:"), Find("RssAnon:"));

        long Find(string word) => long.Parse(
            status.Single(line => line.StartsWith(word, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
