using System.Diagnostics;
using System.Globalization;
using Godwit.Aoe.Fuzz;

// As many frames as asked through the whole target, each answer compared with a model's.
// Exit code: 0 all were the same, 1 one was not, 2 nothing was run.
var (frames, seed) = (10_000_000L, 1);
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length && long.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : 0;
    if (value == 0 || args[i] is not ("--frames" or "--first-seed"))
    {
        Console.Error.WriteLine($"aoe-fuzz: {args[i]} is no option with a number above 0\naoe-fuzz [--frames N] [--first-seed S]");
        return 2;
    }
    if (args[i] == "--frames") frames = value;
    else seed = (int)value;
}
var began = Stopwatch.GetTimestamp();
var run = FuzzRun.Run(seed, frames, sent =>
{
    if (sent % 1_000_000 == 0) Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sent}/{frames}"));
});
if (run.Failure is { } failure) Console.WriteLine(failure);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{run.Frames} frames in {run.Lives} lives of a target, {run.Answered} answers, {(run.Failure is null ? "all as the model's" : "one not as the model's")}; memory grew by {run.GrownBytes / 1024} KiB; {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s"));
return run.Held ? 0 : 1;
