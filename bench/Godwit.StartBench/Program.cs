using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Lab;
using Godwit.StartBench;

// What an idle godwitd takes of memory, how soon it answers, and how soon godwit does, next to virsh.
//   start [--settle SECONDS] [--runs N] [--json FILE]
// Exit code: 0 all goals met, 1 one was missed, 2 the command line was not understood.
const string LabName = "gwstart";
var (settle, runs, json) = (TimeSpan.FromSeconds(180), 40, (string?)null);
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length ? args[i + 1] : "";
    if (args[i] == "--settle" && int.TryParse(value, CultureInfo.InvariantCulture, out var seconds)) settle = TimeSpan.FromSeconds(seconds);
    else if (args[i] == "--runs" && int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number >= 2 * ListTimes.Rounds) runs = number;
    else if (args[i] == "--json" && value.Length > 0) json = value;
    else
    {
        Console.Error.WriteLine($"start [--settle SECONDS] [--runs N, at least {2 * ListTimes.Rounds}] [--json FILE]");
        return 2;
    }
}
var programs = Environment.GetEnvironmentVariable("GODWIT_PROGRAMS")
    ?? throw new InvalidOperationException("GODWIT_PROGRAMS does not name the directory of the programs: run bench/start");
var report = new JsonObject();
var met = true;

Console.WriteLine($"one-minute load before: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
await Lab.DownAsync(LabName);
try
{
    var lab = await Lab.UpAsync(LabSpec.WithResources(2, LabName) with { ProgramDirectory = programs });
    Console.WriteLine($"idle godwitd, the most within a minute, {settle.TotalSeconds:0} s after its pool of three was made:");
    await Task.Delay(settle);
    foreach (var (host, memory) in await ProcessMemory.MostOfAsync(lab.Spec.Hosts.ToDictionary(
        host => host.Name, host => lab.Processes(host.Name).Single(process => process.Program == "godwitd").Pid)))
    {
        Goal($"{host}: resident memory", memory.ResidentMB, "MB", 30);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {"",-40} proportional {memory.ProportionalMB:0.0} MB; of its own {memory.AnonymousMB:0.0} MB, files {memory.ResidentMB - memory.AnonymousMB:0.0} MB"));
    }
    var starts = await DaemonStart.MeasureAsync(lab, programs, runs);
    Goal("godwitd, start to first answer", Median(starts), "ms", 200);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {"",-40} median of {runs}; the quickest {starts.Min():0.0} ms"));
    var times = await ListTimes.MeasureAsync(programs, lab.Paths.Socket("resource-1"), runs);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  godwit list {Median(times.Ours):0.0} ms, virsh list {Median(times.Theirs):0.0} ms, medians of {runs}"));
    Goal("godwit list / virsh list", Median([.. times.Ratios]), "", 1.0);
}
finally
{
    await Lab.DownAsync(LabName);
}
Console.WriteLine($"one-minute load after: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
if (json is not null) await File.WriteAllTextAsync(json, report.ToJsonString() + "\n");
return met ? 0 : 1;

void Goal(string what, double value, string unit, double most)
{
    report[what] = value;
    met &= value <= most;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-40} {value,8:0.00} {unit,-4} goal: at most {most:0.##}{(value <= most ? "" : "  MISSED")}"));
}

static double Median(IReadOnlyList<double> values)
{
    var sorted = values.Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
