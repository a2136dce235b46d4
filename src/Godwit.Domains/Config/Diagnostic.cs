namespace Godwit.Domains.Config;

public enum Severity
{
    /// <summary>Known to xl(1) and without a meaning here.</summary>
    Note = 1,
    Warning,
    Error,
}

/// <summary>Something to say about a configuration file.</summary>
/// <param name="Severity">An error leaves no specification.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Span">Where.</param>
/// <param name="Hint">What to do about it.</param>
public sealed record Diagnostic(Severity Severity, string Message, Span Span, string? Hint = null);
