using System.Diagnostics;

namespace Godwit.Machines.Tests.Pool;

/// <summary>Says what is being done, with the seconds since the tests began: whoever waits for minutes wants to know for what.</summary>
internal sealed class Story : IProgress<string>
{
    private static readonly long s_began = Stopwatch.GetTimestamp();

    public static Story Out { get; } = new();

    public void Report(string value) => Console.Out.WriteLine($"  [{Stopwatch.GetElapsedTime(s_began).TotalSeconds,4:F0} s] {value}");

    /// <summary>Tells what is done now, and how long it took.</summary>
    public async Task StepAsync(string what, Func<Task> step)
    {
        Report(what);
        var began = Stopwatch.GetTimestamp();
        await step();
        Report($"    took {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
    }
}
