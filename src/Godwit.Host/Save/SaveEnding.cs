namespace Godwit.Host.Save;

/// <summary>How saving a domain ended.</summary>
internal abstract record SaveEnding
{
    private SaveEnding()
    {
    }

    /// <summary>Its memory lies in the file, and the record says so: the copy is to go.</summary>
    public sealed record Saved : SaveEnding;

    /// <summary>The guest goes on as it was, and nothing is left of the file.</summary>
    /// <param name="Why">What failed; an <see cref="OperationCanceledException"/> when it was given up.</param>
    public sealed record Kept(Exception Why) : SaveEnding;

    /// <summary>The record is not this host's any more. The copy is held.</summary>
    public sealed record Lost : SaveEnding;
}
