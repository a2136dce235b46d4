namespace Godwit.Hypervisors.Consoles;

/// <summary>A guest's console as its viewers need it, beside the log of what it wrote.</summary>
internal interface IConsoleSource
{
    /// <summary>No output comes any more: the engine has ended or the copy was let go of.</summary>
    bool Ended { get; }

    /// <summary>Completes at the next output, or at the end.</summary>
    Task News { get; }

    /// <summary>Types on the console; waits while there is no connection.</summary>
    Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken);
}
