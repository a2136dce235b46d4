using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Godwit.Api;
using Godwit.Cli.Commands;
using Godwit.Cli.Rendering;

namespace Godwit.Cli.Running;

/// <summary>One command being carried out: its words, its surroundings and the way to the daemon.</summary>
internal sealed class Invocation(ParseResult parsed, Surroundings around)
{
    public Surroundings Around => around;

    public TextWriter Out => around.Out;

    public bool Json => parsed.GetValue(GlobalOptions.Json);

    public T Get<T>(Argument<T> argument) => parsed.GetRequiredValue(argument);

    public T? Find<T>(Argument<T> argument) => parsed.GetValue(argument);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>A client for another host than the one that was asked.</summary>
    public GodwitClient ConnectTo(string host) => Connection.Open(parsed.GetValue(GlobalOptions.Socket), host, around);

    public GodwitClient Connect() =>
        Connection.Open(parsed.GetValue(GlobalOptions.Socket), parsed.GetValue(GlobalOptions.Host), around);

    /// <summary>Has a command of <c>godwit</c> do it, on the same host.</summary>
    public Task<ExitCode> HandOnAsync(Surroundings with, params string[] words)
    {
        List<string> arguments = [.. words];
        if (parsed.GetValue(GlobalOptions.Socket) is { } socket) arguments.AddRange([GlobalOptions.Socket.Name, socket]);
        if (parsed.GetValue(GlobalOptions.Host) is { } host) arguments.AddRange([GlobalOptions.Host.Name, host]);
        if (Json) arguments.Add(GlobalOptions.Json.Name);
        return CommandLine.RunAsync(CommandLine.Build(with), arguments, with);
    }

    /// <summary>Prints a value as JSON where that was asked for, and else what <paramref name="text"/> writes.</summary>
    public ExitCode Show<T>(T value, JsonTypeInfo<T> type, Action<TextWriter, T> text)
    {
        if (Json) CliJson.Write(Out, value, type);
        else text(Out, value);
        return ExitCode.Success;
    }

    /// <summary>Prints a list; where it may lack something, that is said and seen from the exit code.</summary>
    public ExitCode Show<T>(Listing<T> list, JsonTypeInfo<ImmutableArray<T>> type, Action<TextWriter, ImmutableArray<T>> text)
    {
        Show(list.Items, type, text);
        if (list.RegistryAway is null) return ExitCode.Success;
        Failures.Print(new ApiError(Listing<T>.Code, list.RegistryAway), Json, around);
        return ExitCode.Partial;
    }
}
