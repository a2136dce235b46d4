using System.Text;
using Godwit.Domains;
using Tomlyn.Syntax;

namespace Godwit.Daemon.Config;

/// <summary>All that is wrong with a configuration file, each with its place and the line it stands on.</summary>
internal sealed class ConfigProblems(string file, string text)
{
    private readonly string[] _lines = text.Split('\n');
    private readonly StringBuilder _report = new();
    private readonly SortedSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>All keys that were asked for.</summary>
    public IReadOnlyCollection<string> KnownKeys => _known;

    public void Note(string key) => _known.Add(key);

    public void Add(SourceSpan span, string message, string? remedy = null)
    {
        var (line, column) = (span.Start.Line, span.Start.Column);
        if (_report.Length > 0)
            _report.Append('\n');
        _report.Append($"{file}:{line + 1}:{column + 1}: {message}");
        if (remedy is not null)
            _report.Append($" {remedy}");
        if (line < _lines.Length)
            _report.Append($"\n    {_lines[line].TrimEnd('\r')}\n    {new string(' ', column)}^");
    }

    /// <exception cref="GodwitException">Something is wrong.</exception>
    public void ThrowIfAny()
    {
        if (_report.Length > 0)
            throw new GodwitException("bad-configuration", _report.ToString(), $"Correct {file} and start godwitd again.");
    }
}
