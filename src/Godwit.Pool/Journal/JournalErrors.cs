namespace Godwit.Pool.Journal;

/// <summary>Stable codes of errors that journals throw.</summary>
public static class JournalErrors
{
    /// <summary>It cannot be written: nothing may be begun that a restart would not know of.</summary>
    public const string Failed = "journal-failed";
}
