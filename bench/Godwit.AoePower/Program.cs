using System.Globalization;
using Godwit.Aoe.Guests.Power;

// Cuts the power of a storage host under a writer, as often as asked, and looks for all that was promised.
// Exit code: 0 all was there, 1 something was not, 2 nothing was run.
var (cuts, seed) = (50, 1);
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : 0;
    if (value == 0 || args[i] is not ("--cuts" or "--seed"))
    {
        Console.Error.WriteLine($"aoe-power: {args[i]} is no option with a number above 0\naoe-power [--cuts N] [--seed S]");
        return 2;
    }
    if (args[i] == "--cuts") cuts = value;
    else seed = value;
}
var programs = Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") ?? throw new InvalidOperationException("GODWIT_PROGRAMS has to name the directory of the built programs.");
var run = await PowerRun.RunAsync(programs, cuts, seed, Console.Error.WriteLine, CancellationToken.None);
foreach (var failure in run.Failures) Console.WriteLine(failure);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{run.Cuts} cuts, {run.Writes} writes answered, {run.Flushes} flushes; {run.Failures.Count} cuts after which something was not as promised"));
return run.Failures.Count == 0 ? 0 : 1;
