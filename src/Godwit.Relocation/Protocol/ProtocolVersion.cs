namespace Godwit.Relocation.Protocol;

/// <summary>
/// Versions of the relocation protocol. A program speaks the current one and the one before it; two sides use the
/// highest that both know. What each pair of sides said is kept as a transcript in the tests.
/// <code>
///  1   the first
///  2   Failed names the step
///  3   zeros of the engine's cross the line as their number (EngineZeros)
/// </code>
/// </summary>
public static class ProtocolVersion
{
    public const int Lowest = 2;
    public const int Current = 3;

    /// <summary>The first that knows <see cref="RelocationMessage.EngineZeros"/>.</summary>
    internal const int WithZeros = 3;

    /// <summary>The version to use, or null when the ranges do not meet.</summary>
    public static int? Choose(int theirLowest, int theirHighest)
    {
        var version = Math.Min(Current, theirHighest);
        return version >= Math.Max(Lowest, theirLowest) ? version : null;
    }
}
