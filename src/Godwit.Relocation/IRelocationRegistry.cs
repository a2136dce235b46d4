namespace Godwit.Relocation;

/// <summary>
/// The registry as one relocation sees it. Each call goes on until it knows what became of it: a lost reply is
/// settled by reading the record, and while the registry is away the call waits and says so. Cancelling it means
/// that nobody knows.
/// </summary>
public interface IRelocationRegistry
{
    /// <summary>Writes the intent. False: another change of the record came first.</summary>
    Task<bool> BeginAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The source keeps the domain. False: it is no longer the source's to keep. After Handover it is so under a new epoch,
    /// and takes its disks back before it runs again.
    /// </summary>
    Task<bool> AbortAsync(bool handedOver, CancellationToken cancellationToken);

    /// <summary>The destination takes the domain. Its new epoch, or null: the relocation had ended before.</summary>
    Task<long?> CommitAsync(CancellationToken cancellationToken);

    /// <summary>The destination, which has not run it, returns the domain. False: it was not its to return.</summary>
    Task<bool> GiveBackAsync(CancellationToken cancellationToken);

    /// <summary>The owner runs it under its epoch. Not needed for safety; repeating it is harmless.</summary>
    Task<bool> RecordArrivalAsync(CancellationToken cancellationToken);

    /// <summary>Where the record stands with regard to this relocation.</summary>
    Task<Standing> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Succeeds when the registry answers now.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}

/// <summary>Where the record of a domain stands with regard to one relocation.</summary>
public enum Standing
{
    /// <summary>The intent is in the record: nobody has won yet.</summary>
    Open = 1,

    /// <summary>The destination owns it and has not said that it runs.</summary>
    Committed,

    /// <summary>The destination owns it and runs it.</summary>
    Arrived,

    Aborted,
    GivenBack,

    /// <summary>Taken over for the source: the destination was gone for good.</summary>
    TakenOver,

    /// <summary>The record speaks of neither: somebody entitled has taken the domain, or removed it.</summary>
    Elsewhere,
}
