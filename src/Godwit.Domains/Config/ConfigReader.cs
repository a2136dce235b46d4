using System.Collections.Immutable;

namespace Godwit.Domains.Config;

/// <summary>
/// Reads a configuration file of xl or xm: text to <see cref="DomainSpec"/>, with everything that is wrong told at once.
/// It runs no Python.
/// </summary>
public static class ConfigReader
{
    /// <summary>Longest file read, in characters; real ones have a few hundred.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>More than this are not told, the least severe first: such a file is none.</summary>
    public const int MostDiagnostics = 100;

    /// <param name="text">Text of the file.</param>
    /// <param name="fileName">Its name, for messages about the file as a whole.</param>
    public static ConfigResult Read(string text, string fileName)
    {
        var diagnostics = new List<Diagnostic>();
        if (text.Length > MaxLength)
        {
            diagnostics.Add(new Diagnostic(Severity.Error,
                $"{fileName} has {text.Length} characters; a configuration has at most {MaxLength}", new Span(0, 1, 1, 1)));
            return new ConfigResult(null, [.. diagnostics], ImmutableDictionary<string, Span>.Empty);
        }
        var tokens = new Lexer(text, diagnostics).ReadAll();
        var assignments = new Parser(tokens, diagnostics).Parse();
        var evaluator = new Evaluator(diagnostics);
        var settings = evaluator.Evaluate(assignments);
        var (spec, places) = new Binder(settings, evaluator.Referred, diagnostics).Bind();
        var failed = diagnostics.Any(d => d.Severity == Severity.Error);
        return new ConfigResult(
            failed ? null : spec,
            [.. diagnostics.OrderByDescending(d => d.Severity).Take(MostDiagnostics).OrderBy(d => d.Span.Offset)],
            places);
    }
}

/// <summary>What was understood of a configuration file.</summary>
/// <param name="Spec">Null when there is an error.</param>
/// <param name="Diagnostics">Everything there is to say, in the order of the file.</param>
/// <param name="Places">Where each setting stands, by names such as <c>memory</c> and <c>disk[0]</c>.</param>
public sealed record ConfigResult(DomainSpec? Spec, ImmutableArray<Diagnostic> Diagnostics, ImmutableDictionary<string, Span> Places)
{
    /// <summary>Where a setting stands, for errors that are found later; null when the file does not have it.</summary>
    public Span? Place(string name) => Places.TryGetValue(name, out var span) ? span : null;
}
