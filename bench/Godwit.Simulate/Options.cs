using System.Globalization;
using Godwit.Simulation.Histories;

namespace Godwit.Simulate;

/// <summary>The command line.</summary>
/// <param name="Plan">One history alone, with its trace.</param>
internal sealed record Options(int Seeds, int FirstSeed, Plan? Plan)
{
    public const string Usage = "simulate [--seeds N] [--first-seed S]\nsimulate --plan PLAN";

    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options(20_000, 1, null);
        for (var i = 0; i < args.Count; i += 2)
        {
            var value = i + 1 < args.Count ? args[i + 1] : throw new FormatException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--seeds" => options with { Seeds = Positive(args[i], value) },
                "--first-seed" => options with { FirstSeed = Positive(args[i], value) },
                "--plan" => options with { Plan = ParsePlan(value) },
                var other => throw new FormatException($"there is no option {other}"),
            };
        }
        return options;
    }

    private static Plan ParsePlan(string text)
    {
        try
        {
            return Plan.Parse(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new FormatException($"`{text}` is no plan: it reads SEED/MOVES MOVE:STEP:FAULT+DELAY …, as {Plan.Of(1)}");
        }
    }

    private static int Positive(string option, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number : throw new FormatException($"{option} {value} is no number above 0");
}
