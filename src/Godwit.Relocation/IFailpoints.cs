namespace Godwit.Relocation;

/// <summary>
/// Named places in a relocation at which a fault can be brought about exactly. Each action of both machines has one,
/// reached just before the action is carried out: <c>source.RecordIntent</c>, <c>destination.Commit</c>. Without an
/// implementation, which is how it ships, a place costs the look at a null.
/// </summary>
public interface IFailpoints
{
    /// <summary>Goes on when the relocation may; whoever kills or stops a process here does so before.</summary>
    ValueTask ReachAsync(string point, string domain, CancellationToken cancellationToken);
}
