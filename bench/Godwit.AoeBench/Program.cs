using System.Security.Cryptography;
using Godwit.AoeBench;
using Godwit.AoeBench.Servers;
using Godwit.Native.Processes;

// godwit-aoe and vblade side by side on the same veth pair and file, with the limit of this machine; medians, ratios and goals.
// Exit code: 0 all goals met, 1 one was missed, 2 nothing was compared.
if (args is [Limit.Word, var served])
{
    Limit.Serve(served);
    return 0;
}
Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"aoe: {e.Message}\n{Options.Usage}");
    return 2;
}
const long Bytes = 256 << 20;
const string NbdWord = "NBD reads";
var programs = Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") ?? throw new InvalidOperationException("GODWIT_PROGRAMS has to name the directory of the built programs.");
var program = Path.Combine(programs, "godwit-aoe");
var file = Path.Combine(options.Directory, $"gwaoe{Environment.ProcessId}.img");
try
{
    await using var wire = await Wire.UpAsync();
    Fill(file);
    var godwit = new GodwitAoe(program, file);
    Series[] series = [.. Series.All.Where(s => IsMeant(s.ToString()))];
    var measured = new Rounds([new Vblade(file), godwit, new Limit(file)], file, Bytes, options).Run(series);
    (List<double>, List<double>)? nbd = IsMeant(NbdWord) ? await NbdReads.MeasureAsync(program, godwit, file, options) : null;
    var report = Report.Of(measured, nbd, SyncLatency.MedianMicroseconds(file), options.Rounds);
    Console.Write(report.Text());
    if (options.JsonFile is { } json) await File.WriteAllTextAsync(json, report.Json() + "\n");
    return report.Goals.Count == 0 ? 2 : report.Goals.All(goal => goal.Met) ? 0 : 1;
}
catch (Exception e) when (e is IOException or TimeoutException or ProgramFailedException)
{
    Console.Error.WriteLine($"aoe: {e.Message}");
    return 2;
}
finally
{
    File.Delete(file);
    File.Delete(file + ".ctl");
}

bool IsMeant(string name) => options.Only.Count == 0 || options.Only.Any(word => name.Contains(word, StringComparison.Ordinal));

// Allocated, of no pattern, and in the page cache: targets are measured, not the disk. Written in pieces of a frame, as by a target:
// the page cache keeps a file in the pieces in which it came, and a write into a large one costs the kernel three times as much.
static void Fill(string file)
{
    using var handle = File.OpenHandle(file, FileMode.Create, FileAccess.Write);
    var piece = new byte[8192];
    for (var at = 0L; at < Bytes; at += piece.Length)
    {
        RandomNumberGenerator.Fill(piece);
        RandomAccess.Write(handle, piece, at);
    }
    RandomAccess.FlushToDisk(handle);
}
