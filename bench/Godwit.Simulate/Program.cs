using System.Globalization;
using Godwit.Simulate;
using Godwit.Simulation.Histories;
using Godwit.Simulation.World;

// As many histories as asked, of the code that ships, on simulated hosts.
// Exit code: 0 every invariant held, 1 one broke, or 20,000 histories or more did not reach all that there is, 2 nothing was run.
Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"simulate: {e.Message}\n{Options.Usage}");
    return 2;
}
if (options.Plan is { } plan)
{
    var outcome = History.Run(plan, new SimOptions { Traces = true });
    foreach (var line in outcome.Trace) Console.WriteLine(line);
    Console.WriteLine(outcome.Failure ?? "every invariant held");
    return outcome.Failure is null ? 0 : 1;
}
var survey = Survey.Run(options.FirstSeed, options.Seeds, new SimOptions(), done =>
{
    if (done % 1000 == 0) Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done}/{options.Seeds}"));
});
Console.Write(Reached.Text(survey));
foreach (var failure in survey.Failures.Take(20))
    Console.WriteLine($"{failure.Failure}\n    bench/simulate --plan \"{failure.Plan}\"");
if (survey.Failures is [var first, ..])
    Console.WriteLine($"The first, made smaller: bench/simulate --plan \"{Shrinking.Shrink(first.Plan, new SimOptions()).Plan}\"");
foreach (var what in survey.Unreached)
    Console.WriteLine($"never reached: {what}");
Console.WriteLine(survey);
return survey.Failures.Count == 0 && (survey.Unreached.Count == 0 || survey.Histories < Survey.Whole) ? 0 : 1;
