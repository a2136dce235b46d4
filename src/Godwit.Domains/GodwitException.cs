namespace Godwit.Domains;

/// <summary>
/// A request that cannot be carried out, in words for the person who made it: what is wrong, where, and what to do.
/// <see cref="Code"/> is stable, for programs.
/// </summary>
public class GodwitException(string code, string message, string? remedy = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Stable name of the error in kebab-case, such as <c>no-such-domain</c>.</summary>
    public string Code { get; } = code;

    /// <summary>What the user can do about it; null where the message says all.</summary>
    public string? Remedy { get; } = remedy;
}
