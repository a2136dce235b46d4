namespace Godwit.Relocation.Protocol;

/// <summary>
/// Versions of the relocation protocol. A program speaks the current one and the one before it; two sides use the
/// highest that both know. What each pair of sides said is kept as a transcript in the tests.
/// <code>
///  1   the first
///  2   Failed names the step
/// </code>
/// </summary>
public static class ProtocolVersion
{
    public const int Lowest = 1;
    public const int Current = 2;

    /// <summary>The version to use, or null when the ranges do not meet.</summary>
    public static int? Choose(int theirLowest, int theirHighest)
    {
        var version = Math.Min(Current, theirHighest);
        return version >= Math.Max(Lowest, theirLowest) ? version : null;
    }
}
