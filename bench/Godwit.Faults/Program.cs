using System.Runtime.InteropServices;
using Godwit.Faults;

// Every step of a relocation, and at each one every fault, on real processes: see docs/ownership.md.
// Exit code: 0 every cell settled as it must, 1 one fell short, 2 not all that was asked for was run.
Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"faults: {e.Message}\n{Options.Usage}");
    return 2;
}
if (Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") is not { } programs)
{
    Console.Error.WriteLine("faults: GODWIT_PROGRAMS does not name the directory of the programs: run bench/faults");
    return 2;
}
var cells = options.Choose();
if (cells.Count == 0)
{
    Console.Error.WriteLine("faults: no cell has these words in its name");
    return 2;
}
using var interrupted = new CancellationTokenSource();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var onInt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
var matrix = new Matrix(programs, options.Labs, Console.Error.WriteLine, options.Logs, options.Keep);
var outcomes = await matrix.RunAsync(cells, interrupted.Token);
Console.Write(Report.Table(outcomes));
foreach (var outcome in outcomes.Where(o => o.Problem is not null))
    Console.WriteLine($"{outcome.Cell}: {outcome.Problem}");
if (options.JsonFile is { } file) await File.WriteAllTextAsync(file, Report.Json(outcomes) + "\n", CancellationToken.None);
Console.WriteLine(Report.Summary(outcomes));
return Report.ExitCode(outcomes, cells.Count);

void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}
