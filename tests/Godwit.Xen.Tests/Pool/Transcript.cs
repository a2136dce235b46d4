using System.Diagnostics;
using System.Globalization;
using System.Text;
using Godwit.Xen.Tests.Machines;

namespace Godwit.Xen.Tests.Pool;

/// <summary>
/// What was typed on which machine and what it answered, as a page for people (docs/article-on-xen.md); and a word to whoever
/// waits, with the seconds since the tests began.
/// </summary>
internal sealed class Transcript : IProgress<string>
{
    private const int MostLines = 12;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly StringBuilder _page = new();

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    public void Report(string value) => Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  [{Elapsed.TotalSeconds,4:F0} s] {value}"));

    /// <summary>A part of the page.</summary>
    public void Chapter(string title, string? text = null)
    {
        Report(title);
        _page.Append("\n## ").Append(title).Append("\n\n");
        if (text is not null) _page.Append(text).Append("\n\n");
    }

    /// <summary>A sentence of the page.</summary>
    public void Say(string text)
    {
        Report(text);
        _page.Append(text).Append("\n\n");
    }

    /// <summary>Types a command, and takes down what it printed.</summary>
    public async Task<string> TypeAsync(XenMachine machine, string command, CancellationToken ct)
    {
        var (code, output) = await TryTypeAsync(machine, command, ct);
        Assert.True(code == 0, $"{machine.Name}: `{command}` ended with exit code {code}:\n{output}");
        return output;
    }

    /// <inheritdoc cref="TypeAsync"/>
    public async Task<(int Code, string Output)> TryTypeAsync(XenMachine machine, string command, CancellationToken ct, int withinSeconds = 240)
    {
        var began = Stopwatch.GetTimestamp();
        var (code, output) = await machine.TryRunAsync(command, ct, withinSeconds);
        Typed(machine.Name, command, output);
        Report(string.Create(CultureInfo.InvariantCulture, $"{machine.Name}# {command.Split('\n')[0]} ({Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s)"));
        return (code, output);
    }

    /// <summary>Takes down what was typed elsewhere.</summary>
    public void Typed(string host, string command, string output)
    {
        _page.Append("    ").Append(host).Append("# ").Append(command.Replace("\n", "\n    ", StringComparison.Ordinal)).Append('\n');
        if (output.Trim().Length > 0)
        {
            foreach (var line in output.TrimEnd().Split('\n').TakeLast(MostLines)) _page.Append("    ").Append(line.TrimEnd()).Append('\n');
        }
        _page.Append('\n');
    }

    /// <summary>Writes the page where it was asked for (GODWIT_WRITE_DOCS), else beside the test.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        var page = "# The article on real Xen\n\n"
            + "Written by the test that `./test xen` runs: three emulated machines, two of them with real Xen, and what was typed there. Of long\n"
            + "outputs the last lines.\n"
            + _page;
        var path = Environment.GetEnvironmentVariable("GODWIT_WRITE_DOCS") is { Length: > 0 }
            ? Path.Combine(SourceTree.Root, "docs", "article-on-xen.md")
            : Path.Combine(AppContext.BaseDirectory, "article-on-xen.md");
        await File.WriteAllTextAsync(path, page, ct);
    }
}
