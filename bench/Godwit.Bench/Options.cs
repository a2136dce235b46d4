using System.Globalization;

namespace Godwit.Bench;

/// <summary>The command line.</summary>
internal sealed record Options(int Runs, IReadOnlyList<string> Guests, IReadOnlyList<string> Ways, int? DowntimeLimitMs, string? JsonFile)
{
    public const string Usage =
        "migrate [--runs N] [--guest idle|busy] [--ways raw,virsh,godwit] [--downtime-limit MS] [--json FILE]";

    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options(5, ["idle", "busy"], ["raw", "virsh", "godwit"], null, null);
        for (var i = 0; i < args.Count; i += 2)
        {
            var value = i + 1 < args.Count ? args[i + 1] : throw new FormatException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--runs" => options with { Runs = Positive(args[i], value) },
                "--downtime-limit" => options with { DowntimeLimitMs = Positive(args[i], value) },
                "--guest" => options with { Guests = Among(value, options.Guests) },
                "--ways" => options with { Ways = Among(value, options.Ways) },
                "--json" => options with { JsonFile = value },
                var other => throw new FormatException($"there is no option {other}"),
            };
        }
        return options;
    }

    private static int Positive(string option, string value) =>
        int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number : throw new FormatException($"{option} {value} is no number above 0");

    private static string[] Among(string value, IReadOnlyList<string> all)
    {
        var words = value.Split(',').Distinct().ToArray();
        return words.FirstOrDefault(word => !all.Contains(word)) is { } wrong
            ? throw new FormatException($"`{wrong}` is not one of {string.Join(", ", all)}")
            : words;
    }
}
