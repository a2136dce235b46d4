using System.Diagnostics;
using System.Text;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Lab.Demo;

/// <summary>Types commands on the hosts of a lab, as a user would, and shows them with what they print.</summary>
internal sealed class DemoShell(Lab lab, TextWriter output)
{
    private const byte ControlBracket = 0x1D;
    private readonly Lock _lock = new();

    /// <summary>Shows the command and its output, which is also returned.</summary>
    /// <exception cref="GodwitException">The command failed.</exception>
    public async Task<string> RunAsync(string host, CancellationToken ct, params IReadOnlyList<string> command)
    {
        var result = await ShowAsync(host, command, ct).ConfigureAwait(false);
        if (result.Succeeded) return result.Output;
        throw new GodwitException("demo-step-failed",
            $"`{ProgramRunner.Quote(command)}` on {host} ended with exit code {result.ExitCode}",
            $"the log of its godwitd is {lab.Paths.Host(host, "log")}/godwitd.log");
    }

    /// <summary>Shows a command that must fail, and must say this.</summary>
    /// <exception cref="GodwitException">It did not.</exception>
    public async Task RunRefusedAsync(string host, string words, CancellationToken ct, params IReadOnlyList<string> command)
    {
        var result = await ShowAsync(host, command, ct).ConfigureAwait(false);
        if (result.Succeeded || !(result.Output + result.Error).Contains(words, StringComparison.Ordinal))
        {
            throw new GodwitException("demo-step-failed",
                $"`{ProgramRunner.Quote(command)}` on {host} was to be refused with the words \"{words}\"");
        }
    }

    /// <summary>Runs a command for its output, without showing it.</summary>
    /// <exception cref="GodwitException">The command failed.</exception>
    public async Task<string> AskAsync(string host, CancellationToken ct, params IReadOnlyList<string> command)
    {
        var result = await lab.RunAsync(host, command, ct: ct).ConfigureAwait(false);
        return result.Succeeded
            ? result.Output
            : throw new GodwitException("demo-step-failed", $"`{ProgramRunner.Quote(command)}` on {host}: {result.Error.Trim()}");
    }

    /// <summary>Runs a command that ends in a domain's console, shows it until these words appear, and types Ctrl-].</summary>
    /// <exception cref="GodwitException">The command ended, or the time is over, before the words came.</exception>
    public async Task RunConsoleAsync(
        string host, string words, TimeSpan limit, CancellationToken ct, params IReadOnlyList<string> command)
    {
        Prompt(host, command);
        IReadOnlyList<string> inside = [.. await lab.EnterAsync(host, ct).ConfigureAwait(false), .. command];
        using var process = Process.Start(new ProcessStartInfo(inside[0], inside.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
            late.CancelAfter(limit);
            var seen = await ShowUntilAsync(process.StandardOutput, words, late.Token).ConfigureAwait(false);
            if (!seen) throw new GodwitException("demo-step-failed", $"the console ended before \"{words}\" appeared");
            await process.StandardInput.BaseStream.WriteAsync(new[] { ControlBracket }, ct).ConfigureAwait(false);
            await process.StandardInput.BaseStream.FlushAsync(ct).ConfigureAwait(false);
            process.StandardInput.Close();
            await process.StandardOutput.ReadToEndAsync(late.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(late.Token).ConfigureAwait(false);
            Say("\n  (left with Ctrl-])");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new GodwitException("demo-step-failed", $"no \"{words}\" on the console within {limit.TotalSeconds:F0} s");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    public void Say(string line)
    {
        lock (_lock) output.WriteLine(line);
    }

    private async Task<ProgramResult> ShowAsync(string host, IReadOnlyList<string> command, CancellationToken ct)
    {
        Prompt(host, command);
        return await lab.RunAsync(host, command, line => Say("  " + line), ct).ConfigureAwait(false);
    }

    private void Prompt(string host, IReadOnlyList<string> command) => Say($"{host}# {ProgramRunner.Quote(command)}");

    private async Task<bool> ShowUntilAsync(StreamReader reader, string words, CancellationToken ct)
    {
        var all = new StringBuilder();
        var buffer = new char[1024];
        while (await reader.ReadAsync(buffer, ct).ConfigureAwait(false) is > 0 and var read)
        {
            lock (_lock) output.Write(buffer.AsSpan(0, read));
            all.Append(buffer, 0, read);
            if (all.ToString().Contains(words, StringComparison.Ordinal)) return true;
        }
        return false;
    }
}
