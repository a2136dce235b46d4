using System.Globalization;

namespace Godwit.Faults;

/// <summary>The command line.</summary>
/// <param name="Sample">So many cells, drawn at random; null for all.</param>
/// <param name="Seed">Which ones, and in which order.</param>
/// <param name="Labs">How many run side by side.</param>
/// <param name="Keep">A lab in which a cell falls short is left as it is, to be looked at.</param>
/// <param name="Only">Only cells whose name has one of these words in it.</param>
internal sealed record Options(int? Sample, int Seed, int Labs, IReadOnlyList<string> Only, string? JsonFile, string? Logs, bool Keep = false)
{
    public const string Usage = "faults [--sample N] [--seed S] [--labs K] [--only WORDS[,WORDS]] [--json FILE] [--logs DIRECTORY] [--keep]";

    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options(null, 1, 6, [], null, null);
        for (var i = 0; i < args.Count; i += 2)
        {
            if (args[i] == "--keep")
            {
                options = options with { Keep = true };
                i--;
                continue;
            }
            var value = i + 1 < args.Count ? args[i + 1] : throw new FormatException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--sample" => options with { Sample = Positive(args[i], value) },
                "--seed" => options with { Seed = Positive(args[i], value) },
                "--labs" => options with { Labs = Positive(args[i], value) },
                "--only" => options with { Only = value.Split(',') },
                "--json" => options with { JsonFile = value },
                "--logs" => options with { Logs = value },
                var other => throw new FormatException($"there is no option {other}"),
            };
        }
        return options;
    }

    /// <summary>The cells that are meant, in the order in which they run.</summary>
    public IReadOnlyList<Cell> Choose()
    {
        var cells = Cell.All.Where(c => Only.Count == 0 || Only.Any(word => c.ToString().Contains(word, StringComparison.Ordinal))).ToArray();
        new Random(Seed).Shuffle(cells);
        return Sample is { } sample ? [.. cells.Take(sample)] : cells;
    }

    private static int Positive(string option, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number : throw new FormatException($"{option} {value} is no number above 0");
}
