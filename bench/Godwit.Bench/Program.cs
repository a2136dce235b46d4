using System.Globalization;
using System.Net;
using System.Text.Json;
using Godwit.Api;
using Godwit.Bench;
using Godwit.Bench.Ways;
using Godwit.Lab;
using Godwit.Lab.Measure;
using Godwit.Storage.Images;

// The same guest on the same two hosts, three ways in one run, there and back; medians and ratios.
//   migrate [--runs N] [--guest idle|busy] [--json FILE]
var runs = int.Parse(Option("--runs") ?? "5", CultureInfo.InvariantCulture);
string[] guests = Option("--guest") is { } only ? [only] : ["idle", "busy"];
var ct = CancellationToken.None;
List<Medians> medians = [];
await Lab.DownAsync(BenchLab.Name, ct);
try
{
    foreach (var guest in guests)
        medians.AddRange(await MeasureAsync(guest));
}
finally
{
    await Lab.DownAsync(BenchLab.Name, CancellationToken.None);
}
var met = Report(medians);
if (Option("--json") is { } file)
    await File.WriteAllTextAsync(file, JsonSerializer.Serialize(medians, JsonSerializerOptions.Web) + "\n", ct);
return met ? 0 : 1;

async Task<List<Medians>> MeasureAsync(string guest)
{
    var programs = Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") ?? throw new InvalidOperationException("run it as bench/migrate");
    var lab = await Lab.UpAsync(LabSpec.WithResources(2, BenchLab.Name) with { ProgramDirectory = programs }, null, ct);
    var image = await TinyImage.GetAsync(new ImageCache(), [new GuestService("godwit-busy", BenchLab.Source(), "/etc/godwit-busy")], null, ct);
    var bench = new BenchLab(lab, image, guest);

    const string volume = "vg_xen/lv_bench";
    using (var storage = bench.Client("storage"))
        await storage.CreateVolumeAsync(new CreateVolumeRequest(volume, 1L << 30), ct);
    await bench.WriteDiskAsync(Path.Combine(lab.Paths.Host("storage", "lib"), "volumes", volume), ct);
    var plain = Path.Combine(lab.Paths.Host("storage", "lib"), "plain.img");
    await using (var disk = File.Create(plain))
        disk.SetLength(1L << 30);
    await bench.WriteDiskAsync(plain, ct);
    await bench.StartAsync("storage", ct, "qemu-nbd", "-f", "raw", "--persistent", "--shared=8", "-b", BenchLab.NbdHost, "-p", BenchLab.Number(BenchLab.NbdPort), "/var/lib/godwit/plain.img");

    List<Medians> results = [];
    foreach (IWay way in new IWay[] { new RawQemu(bench), new Virsh(bench), new GodwitWay(bench, volume) })
    {
        Console.WriteLine($"{guest}: {way.Name}");
        await way.StartAsync(ct);
        await bench.WaitForGuestAsync(ct);
        results.Add(Medians.Of(guest, way.Name, await RepeatAsync(lab, way)));
        await way.StopAsync(ct);
    }
    await Lab.DownAsync(BenchLab.Name, ct);
    return results;
}

async Task<List<Move>> RepeatAsync(Lab lab, IWay way)
{
    List<Move> moves = [];
    // There and back once unmeasured: caches are warm for all.
    var turns = 2 + runs + (runs % 2);
    for (var n = 0; n < turns; n++)
    {
        var (from, to) = n % 2 == 0 ? ("resource-1", "resource-2") : ("resource-2", "resource-1");
        using var pinger = Pinger.Start(lab.Paths.Namespace("storage"), IPAddress.Parse(BenchLab.GuestAddress));
        await Task.Delay(500, ct);
        var began = PingLog.Now;
        var (total, downtime, bytes) = await way.MoveAsync(from, to, ct);
        await Task.Delay(1000, ct);
        var ended = PingLog.Now;
        await pinger.StopAsync(ct);
        if (n < 2)
            continue;
        var move = new Move(total, downtime, pinger.Log.Window(began, ended).LongestGapMs, bytes);
        moves.Add(move);
        Console.WriteLine(Line($"  {move.TotalMs,8:F0} ms, down {move.DowntimeMs,7:F1} ms, ping gap {move.PingGapMs,7:F1} ms, {move.Bytes / 1048576.0,7:F1} MiB"));
    }
    return moves;
}

static bool Report(List<Medians> all)
{
    Console.WriteLine();
    Console.WriteLine("guest  way      runs  total ms  downtime ms  ping gap ms      MiB");
    foreach (var m in all)
        Console.WriteLine(Line($"{m.Guest,-6} {m.Way,-7} {m.Runs,5} {m.TotalMs,9:F0} {m.DowntimeMs,12:F1} {m.PingGapMs,12:F1} {m.Bytes / 1048576.0,8:F1}"));
    var met = true;
    foreach (var guest in all.GroupBy(m => m.Guest))
    {
        Medians Of(string way) => guest.First(m => m.Way == way);
        var (godwit, raw, virsh) = (Of("godwit"), Of("raw"), Of("virsh"));
        met &= Ratio(guest.Key, "total / virsh", godwit.TotalMs / virsh.TotalMs, 0.35);
        met &= Ratio(guest.Key, "total / raw", godwit.TotalMs / raw.TotalMs, 1.3);
        met &= Ratio(guest.Key, "downtime / virsh", godwit.DowntimeMs / virsh.DowntimeMs, 1.0);
        met &= Ratio(guest.Key, "downtime / raw", godwit.DowntimeMs / raw.DowntimeMs, 1.3);
    }
    return met;
}

static bool Ratio(string guest, string what, double value, double most)
{
    Console.WriteLine(Line($"{guest,-6} {what,-17} {value,6:F2}  at most {most:F2}: {(value <= most ? "met" : "NOT MET")}"));
    return value <= most;
}

string? Option(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
