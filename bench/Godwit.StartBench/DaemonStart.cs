using System.Diagnostics;
using Godwit.Api;

namespace Godwit.StartBench;

/// <summary>Starts the daemon of a lab host again and again, as its init does after a crash, and asks it until it answers.</summary>
internal static class DaemonStart
{
    private const string Host = "resource-1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <returns>Milliseconds from the start of the process to its first answer, for each start.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(Lab.Lab lab, string programs, int runs)
    {
        // A daemon of its own beside the lab's: with the state and the certificate of a member.
        var directory = Directory.CreateTempSubdirectory("gwstart").FullName;
        var times = new List<double>();
        try
        {
            foreach (var file in Directory.EnumerateFiles(lab.Paths.Host(Host, "lib"), "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(directory, "state", Path.GetRelativePath(lab.Paths.Host(Host, "lib"), file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
            var config = Path.Combine(directory, "godwitd.toml");
            await File.WriteAllTextAsync(config,
                $"""
                state_dir = "{directory}/state"
                run_dir = "{directory}/run"
                log_dir = "{directory}/log"

                """ + await File.ReadAllTextAsync(Path.Combine(lab.Paths.Host(Host, "etc"), "godwitd.toml")));
            for (var run = 0; run < runs; run++) times.Add(await StartOnceAsync(lab, programs, config, directory));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
        return times;
    }

    private static async Task<double> StartOnceAsync(Lab.Lab lab, string programs, string config, string directory)
    {
        var socket = Path.Combine(directory, "run", "godwitd.sock");
        if (File.Exists(socket)) File.Delete(socket);
        var began = Stopwatch.GetTimestamp();
        // In the network of the host, where its address is.
        using var daemon = Process.Start(new ProcessStartInfo(
            "ip", ["netns", "exec", lab.Paths.Namespace(Host), Path.Combine(programs, "godwitd"), "--config", config]) { RedirectStandardError = true })!;
        var log = daemon.StandardError.ReadToEndAsync();
        try
        {
            while (true)
            {
                try
                {
                    if (File.Exists(socket))
                    {
                        using var client = GodwitClient.OverSocket(socket);
                        await client.GetHostAsync(CancellationToken.None);
                        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                    }
                }
                catch (ApiException)
                {
                    // The socket is there and nobody listens yet.
                }
                if (daemon.HasExited || Stopwatch.GetElapsedTime(began) > Patience)
                    throw new InvalidOperationException($"godwitd does not answer: {(daemon.HasExited ? await log : "still")}");
                await Task.Delay(1);
            }
        }
        finally
        {
            // With the engine that it may just be asking what it can do.
            daemon.Kill(entireProcessTree: true);
            await daemon.WaitForExitAsync();
            await log;
        }
    }
}
