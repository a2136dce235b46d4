using System.Globalization;

namespace Godwit.AoeBench;

/// <summary>The command line.</summary>
/// <param name="Rounds">Each value is the median of so many.</param>
/// <param name="Seconds">How long one is measured.</param>
/// <param name="Only">Only series whose name has one of these words in it.</param>
/// <param name="Directory">Where the served file is made: on a file system whose fdatasync costs something.</param>
internal sealed record Options(int Rounds, double Seconds, IReadOnlyList<string> Only, string Directory, string? JsonFile)
{
    public const string Usage = "aoe [--rounds N] [--seconds S] [--only WORDS[,WORDS]] [--directory DIRECTORY] [--json FILE]";

    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options(5, 0.6, [], "/var/tmp", null);
        for (var i = 0; i < args.Count; i += 2)
        {
            var value = i + 1 < args.Count ? args[i + 1] : throw new FormatException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--rounds" => options with { Rounds = (int)Positive(args[i], value) },
                "--seconds" => options with { Seconds = Positive(args[i], value) },
                "--only" => options with { Only = value.Split(',') },
                "--directory" => options with { Directory = value },
                "--json" => options with { JsonFile = value },
                var other => throw new FormatException($"there is no option {other}"),
            };
        }
        return options;
    }

    private static double Positive(string option, string value) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number : throw new FormatException($"{option} {value} is no number above 0");
}
