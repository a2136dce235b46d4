using Godwit.Bench;
using Godwit.Bench.Ways;
using Godwit.Lab;

// The same guest on the same two hosts, moved three ways in one run; medians, ratios, targets and lost pings.
//   migrate [--runs N] [--guest idle|busy] [--ways raw,virsh,godwit] [--downtime-limit MS] [--json FILE]
// Exit code: 0 all targets met, 1 one was missed, 2 nothing was compared.
Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"migrate: {e.Message}\n{Options.Usage}");
    return 2;
}
using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    interrupted.Cancel();
};
Dictionary<(string Guest, string Way), IReadOnlyList<Move>> moves = [];
foreach (var guest in options.Guests)
{
    await Lab.DownAsync(BenchLab.Name, interrupted.Token);
    try
    {
        var bench = await BenchLab.UpAsync(guest, options.DowntimeLimitMs ?? DefaultLimitMs(guest), interrupted.Token);
        var ways = options.Ways.Select(way => Make(way, bench)).ToArray();
        foreach (var (way, made) in await new Rounds(bench, ways).RunAsync(options.Runs, interrupted.Token))
            moves[(guest, way)] = made;
    }
    finally
    {
        await Lab.DownAsync(BenchLab.Name, CancellationToken.None);
    }
}
var report = Report.Of(moves);
Console.WriteLine();
Console.Write(report.Text());
if (options.JsonFile is { } file) await File.WriteAllTextAsync(file, report.Json() + "\n", CancellationToken.None);
return report.Targets.Count == 0 ? 2 : report.Targets.All(target => target.Met) ? 0 : 1;

// The busy guest dirties more in 50 ms than the line carries; with QEMU's own default all ways end.
static int DefaultLimitMs(string guest) => guest == "busy" ? 300 : 50;

static IWay Make(string way, BenchLab bench) => way switch
{
    "raw" => new RawQemu(bench, new Guest("raw", 1)),
    "virsh" => new Virsh(bench, new Guest("virsh", 2)),
    "godwit" => new GodwitWay(bench, new Guest("godwit", 3)),
    _ => throw new ArgumentOutOfRangeException(nameof(way), way, "No such way."),
};
