using System.Diagnostics;

namespace Godwit.Native.Processes;

/// <summary>What a program that has ended left behind.</summary>
public sealed record ProgramResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;
}

/// <summary>A program of the system ended with an exit code other than 0; the message holds what it said.</summary>
public sealed class ProgramFailedException(string commandLine, ProgramResult result)
    : Exception($"`{commandLine}` ended with exit code {result.ExitCode}: {LastWords(result)}")
{
    public ProgramResult Result { get; } = result;

    private static string LastWords(ProgramResult result)
    {
        var said = result.Error.Trim();
        if (said.Length == 0) said = result.Output.Trim();
        if (said.Length == 0) return "it said nothing";
        return said.Length <= 600 ? said : "…" + said[^600..];
    }
}

/// <summary>Runs programs of the system and collects what they print.</summary>
public static class ProgramRunner
{
    /// <summary>
    /// Runs a program to its end. On cancellation it and its children are killed before this method throws.
    /// </summary>
    /// <param name="arguments">The program, then its arguments; nothing passes through a shell.</param>
    /// <param name="input">Text for its standard input; null gives it an empty one.</param>
    /// <param name="onLine">Called for each line of either output as it comes, from any thread.</param>
    public static async Task<ProgramResult> TryRunAsync(
        IReadOnlyList<string> arguments, string? input = null, Action<string>? onLine = null,
        CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(arguments.Count);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(arguments[0], arguments.Skip(1))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
        };
        process.Start();
        try
        {
            var output = CollectAsync(process.StandardOutput, onLine, ct);
            var error = CollectAsync(process.StandardError, onLine, ct);
            await FeedAsync(process, input, ct).ConfigureAwait(false);
            await process.WaitForExitAsync(ct).ConfigureAwait(false);
            return new ProgramResult(
                process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>As <see cref="TryRunAsync"/>, and gives the output.</summary>
    /// <exception cref="ProgramFailedException">The exit code was not 0.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> arguments, string? input = null, CancellationToken ct = default)
    {
        var result = await TryRunAsync(arguments, input, null, ct).ConfigureAwait(false);
        return result.Succeeded ? result.Output : throw new ProgramFailedException(Quote(arguments), result);
    }

    /// <summary>The command line as a person would type it.</summary>
    public static string Quote(IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Select(a => a.Length > 0 && a.All(IsPlain) ? a : $"'{a.Replace("'", "'\\''")}'"));

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || "-_./:=,@%+".Contains(c);

    private static async Task FeedAsync(Process process, string? input, CancellationToken ct)
    {
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), ct).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading all of it: its exit code tells whether that was right.
        }
    }

    private static async Task<string> CollectAsync(StreamReader reader, Action<string>? onLine, CancellationToken ct)
    {
        if (onLine is null) return await reader.ReadToEndAsync(ct).ConfigureAwait(false);
        var all = new System.Text.StringBuilder();
        while (await reader.ReadLineAsync(ct).ConfigureAwait(false) is { } line)
        {
            all.AppendLine(line);
            onLine(line);
        }
        return all.ToString();
    }
}
