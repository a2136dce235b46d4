using System.Collections.Immutable;
using Godwit.Pool.Restoration;

namespace Godwit.Pool.Journal;

/// <summary>
/// What a host has begun and not ended, so that a daemon that starts knows what to finish or to undo, and what it knows of
/// its own domains, should the registry lose it. Each write is on stable storage before it returns.
/// </summary>
public interface IJournal
{
    /// <summary>Writes the entry in place of the one with the same domain and side.</summary>
    Task WriteAsync(JournalEntry entry, CancellationToken cancellationToken);

    /// <summary>Removes the entry, whatever its step; one that another attempt has written in its place stays.</summary>
    Task RemoveAsync(JournalEntry entry, CancellationToken cancellationToken);

    Task<ImmutableArray<JournalEntry>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Keeps what this host knows of one of its domains, in place of what it knew before.</summary>
    Task RememberAsync(KnownDomain known, CancellationToken cancellationToken);

    Task<ImmutableArray<KnownDomain>> ListKnownAsync(CancellationToken cancellationToken);
}

/// <summary>One side of one relocation, as far as it may have come.</summary>
/// <param name="Domain">Name of the domain.</param>
/// <param name="Side">This host's part in it.</param>
/// <param name="Relocation">Identity of the relocation.</param>
/// <param name="From">Host that gives the domain.</param>
/// <param name="To">Host that takes it.</param>
/// <param name="Step">Name of the step that may have been reached.</param>
/// <param name="CopyId">The copy that this side made or sends.</param>
public sealed record JournalEntry(
    string Domain, JournalSide Side, Guid Relocation, string From, string To, string Step, Guid CopyId);

public enum JournalSide
{
    Source = 1,
    Destination,

    /// <summary>Not a relocation: a domain being created or started here.</summary>
    Start,
}
