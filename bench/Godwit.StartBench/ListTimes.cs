using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Native.Processes;

namespace Godwit.StartBench;

/// <summary>
/// <c>godwit list</c> and <c>virsh list</c>, each by its own running daemon's socket and with no domain to list, measured by
/// hyperfine from fork to exit. They take turns: what is compared was measured within seconds.
/// </summary>
internal sealed record ListTimes(IReadOnlyList<double> Ours, IReadOnlyList<double> Theirs, IReadOnlyList<double> Ratios)
{
    public const int Rounds = 5;

    public static async Task<ListTimes> MeasureAsync(string programs, string socket, int runs)
    {
        var directory = Directory.CreateTempSubdirectory("gwvirsh").FullName;
        await using var libvirt = await Libvirtd.StartAsync(directory);
        List<double> godwit = [], virsh = [], ratios = [];
        for (var round = 0; round < Rounds; round++)
        {
            var ours = await HyperfineAsync(directory, runs / Rounds, $"{programs}/godwit --socket {socket} list");
            var theirs = await HyperfineAsync(directory, runs / Rounds, $"virsh -c qemu:///system?socket={libvirt.Socket} list");
            godwit.AddRange(ours);
            virsh.AddRange(theirs);
            ratios.Add(Middle(ours) / Middle(theirs));
        }
        return new ListTimes(godwit, virsh, ratios);
    }

    private static double Middle(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static async Task<double[]> HyperfineAsync(string directory, int runs, string command)
    {
        var result = Path.Combine(directory, "times.json");
        await ProgramRunner.RunAsync(
            ["hyperfine", "--shell=none", "--warmup", "2", "--runs", runs.ToString(CultureInfo.InvariantCulture), "--export-json", result, "--style", "none", command]);
        var times = JsonNode.Parse(await File.ReadAllTextAsync(result))!["results"]![0]!["times"]!.AsArray();
        return [.. times.Select(time => time!.GetValue<double>() * 1000)];
    }
}
