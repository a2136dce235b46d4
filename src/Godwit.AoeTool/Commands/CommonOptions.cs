using System.CommandLine;
using System.CommandLine.Parsing;
using Godwit.Aoe.Wire;

namespace Godwit.AoeTool.Commands;

/// <summary>Options and arguments that several commands have.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for programs" };

    public static Option<string[]> AttachInterfaces() => new("--interface", "-i")
    {
        Description = "Network interface of the storage network; may be given several times, and then all are used",
        HelpName = "IF",
        AllowMultipleArgumentsPerToken = false,
    };

    public static Option<string[]> Interfaces() => new("--interface", "-i")
    {
        Description = "Network interface to look on; may be given several times. Default: all that are up",
        HelpName = "IF",
        AllowMultipleArgumentsPerToken = false,
    };

    public static Option<int> Number(string name, string helpName, string description, int least, int most, int? value = null)
    {
        var option = new Option<int>(name) { Description = description, HelpName = helpName, Required = value is null };
        if (value is { } given) option.DefaultValueFactory = _ => given;
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && (number < least || number > most))
                result.AddError($"{name} has to be a number from {least} to {most}.");
        });
        return option;
    }

    public static Argument<AoeAddress> Device() => new("DEVICE")
    {
        Description = "Shelf and slot, as in e0.0",
        CustomParser = Parse,
    };

    public static Argument<AoeAddress?> OptionalDevice() => new("DEVICE")
    {
        Description = "Shelf and slot, as in e0.0; without it, all",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : Parse(result),
    };

    private static AoeAddress Parse(ArgumentResult result)
    {
        if (AoeAddress.TryParse(result.Tokens[0].Value, out var address)) return address;
        result.AddError($"'{result.Tokens[0].Value}' is no device; write shelf and slot, as in e0.0 (up to e{AoeAddress.LastShelf}.{AoeAddress.LastSlot}).");
        return default;
    }
}
