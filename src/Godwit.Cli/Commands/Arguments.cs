using System.CommandLine;
using System.Globalization;
using Godwit.Cli.Rendering;

namespace Godwit.Cli.Commands;

/// <summary>Arguments and options that many commands share, with errors in plain words.</summary>
internal static class Arguments
{
    public static Argument<string> Domain() => new("NAME") { Description = "Name of the domain" };

    /// <summary>An option with a whole number in it.</summary>
    public static Option<int?> Number(string name, string unit, string description, int least = 1) => new(name)
    {
        HelpName = unit,
        Description = description,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, out var number) && number >= least) return number;
            result.AddError($"{name} takes a whole number from {least} on, not `{result.Tokens[0].Value}`");
            return null;
        },
    };

    /// <summary>A number of bytes, such as <c>5g</c>.</summary>
    public static Option<long> Size(string name, string description) => new(name)
    {
        HelpName = "SIZE",
        Description = description,
        CustomParser = result =>
        {
            if (Units.TryParseBytes(result.Tokens[0].Value, out var bytes)) return bytes;
            result.AddError($"{name} takes a size such as 5g or 512m, not `{result.Tokens[0].Value}`");
            return 0;
        },
    };

    /// <summary>Memory of a domain in MiB, as <c>xl</c> takes it: <c>512</c>, <c>512m</c>, <c>2g</c>.</summary>
    public static Argument<int> Memory() => new("SIZE")
    {
        Description = "Memory in MiB, or with a letter: 512, 512m, 2g",
        CustomParser = result =>
        {
            if (Units.TryParseMemory(result.Tokens[0].Value, out var mib)) return mib;
            result.AddError($"SIZE is whole MiB, such as 512, 512m or 2g, not `{result.Tokens[0].Value}`");
            return 0;
        },
    };

    public static Argument<int> Count() => new("COUNT")
    {
        Description = "How many of them",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0) return count;
            result.AddError($"COUNT is a whole number from 1 on, not `{result.Tokens[0].Value}`");
            return 0;
        },
    };

    /// <summary>One of some words, of which the first is taken when the option is not given.</summary>
    public static Option<string> Choice(string name, string description, params string[] words) => new(name)
    {
        HelpName = string.Join('|', words),
        Description = description,
        DefaultValueFactory = _ => words[0],
        CustomParser = result =>
        {
            var word = result.Tokens[0].Value;
            if (words.Contains(word)) return word;
            result.AddError($"{name} takes {string.Join(" or ", words)}, not `{word}`");
            return null;
        },
    };
}
