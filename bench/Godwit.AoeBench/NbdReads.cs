using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Godwit.AoeBench.Servers;
using Godwit.Native.Processes;

namespace Godwit.AoeBench;

/// <summary>fio reads 4 KiB at depth 32 by NBD: from the initiator, and from nbdkit's memory.</summary>
internal static class NbdReads
{
    /// <summary>Reads a second, by round.</summary>
    public static async Task<(List<double> Godwit, List<double> Nbdkit)> MeasureAsync(string program, GodwitAoe target, string file, Options options)
    {
        List<double> ours = [], theirs = [];
        for (var round = 1; round <= options.Rounds; round++)
        {
            using (target.Start(Series.All[0]))
            {
                ours.Add(await ServeAsync(options, socket =>
                    ["ip", "netns", "exec", Wire.InitiatorSide, program, "attach", target.Address.ToString(), "--interface", Wire.Interface, "--socket", socket]));
            }
            theirs.Add(await ServeAsync(options, socket =>
                ["nbdkit", "--foreground", "--unix", socket, "memory", new FileInfo(file).Length.ToString(CultureInfo.InvariantCulture)], file));
            await Console.Error.WriteLineAsync($"round {round}: NBD reads: godwit {ours[^1]:F0}/s, nbdkit {theirs[^1]:F0}/s");
        }
        return (ours, theirs);
    }

    private static async Task<double> ServeAsync(Options options, Func<string, IReadOnlyList<string>> command, string? fill = null)
    {
        var socket = Path.Combine(options.Directory, $"gwaoe{Environment.ProcessId}.nbd");
        File.Delete(socket);
        var line = command(socket);
        using var server = Process.Start(new ProcessStartInfo(line[0], line.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            for (var i = 0; i < 500 && !File.Exists(socket); i++) await Task.Delay(10);
            var url = $"nbd+unix:///?socket={socket}";
            // Memory that nobody wrote is not there, and read without a look at it.
            if (fill is not null) await RunAsync("nbdcopy", fill, url);
            var seconds = (options.Seconds * 3).ToString(CultureInfo.InvariantCulture);
            var output = await RunAsync(
                "fio", "--name=reads", "--ioengine=nbd", $"--uri={url}", "--rw=randread", "--bs=4k", "--iodepth=32", "--time_based",
                $"--runtime={seconds}", "--ramp_time=0.5", "--output-format=json", "--eta=never");
            using var report = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
            return report.RootElement.GetProperty("jobs")[0].GetProperty("read").GetProperty("iops").GetDouble();
        }
        finally
        {
            if (!server.HasExited) server.Kill();
            await server.WaitForExitAsync();
            File.Delete(socket);
        }
    }

    private static async Task<string> RunAsync(params string[] line)
    {
        var result = await ProgramRunner.TryRunAsync(line);
        return result.Succeeded ? result.Output : throw new ProgramFailedException(string.Join(' ', line), result);
    }
}
