namespace Godwit.Cli.Consoles;

/// <summary>
/// Finds the key that leaves a console, Ctrl-], in what a user types. As in <c>xl console</c> it leaves at once
/// wherever it stands; what was typed before it still goes to the guest, and what follows it does not.
/// </summary>
internal static class EscapeDetector
{
    /// <summary>ASCII GS, which a terminal sends for Ctrl-].</summary>
    public const byte Escape = 0x1d;

    /// <summary>The part to send to the guest.</summary>
    /// <param name="leave">True when the key was among the bytes.</param>
    public static ReadOnlyMemory<byte> Before(ReadOnlyMemory<byte> typed, out bool leave)
    {
        var at = typed.Span.IndexOf(Escape);
        leave = at >= 0;
        return leave ? typed[..at] : typed;
    }
}
