using System.Collections.Immutable;
using System.Threading.Channels;
using Godwit.Domains;

namespace Godwit.Hypervisors;

/// <summary>
/// One copy of a domain in the engine of one host. A domain has one copy, and a second one on another host while it
/// moves. The engine's process outlives the daemon; disposing this object lets go of it and ends nothing.
/// </summary>
public interface IDomainCopy : IAsyncDisposable
{
    Guid CopyId { get; }

    /// <summary>What it was made of, with the memory and the processors that it was last told to have.</summary>
    CopyOrder Order { get; }

    /// <summary>The taps (or vifs) of this copy, in the order of <see cref="DomainSpec.Interfaces"/>.</summary>
    ImmutableArray<GuestPort> Ports { get; }

    /// <summary>
    /// What happens to the copy, in order, each event once. There is one reader: the task that owns the domain.
    /// The channel completes after <see cref="CopyEvent.Exited"/>.
    /// </summary>
    ChannelReader<CopyEvent> Events { get; }

    Task<CopyStatus> QueryAsync(CancellationToken cancellationToken);

    /// <summary>Lets the guest run. For a receiver this is the point of no return.</summary>
    /// <exception cref="EngineGoneException">The engine had ended before: the guest has not run.</exception>
    Task ContinueAsync(CancellationToken cancellationToken);

    Task PauseAsync(CancellationToken cancellationToken);

    /// <summary>Asks the guest to shut down (ACPI power button); it may take its time or refuse.</summary>
    Task RequestShutdownAsync(CancellationToken cancellationToken);

    /// <summary>Asks the guest to restart where the engine can ask; resets it where it cannot.</summary>
    Task RebootAsync(CancellationToken cancellationToken);

    /// <summary>Ends the copy at once. Afterwards no process and no port of it is left. Repeating it is harmless.</summary>
    Task DestroyAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A disk has grown: the guest sees its new size when this returns. What serves the disk has closed the line to whoever knew
    /// the former size.
    /// </summary>
    /// <param name="index">Which, in the order of <see cref="CopyOrder.Disks"/>.</param>
    /// <param name="sizeBytes">Its size now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="GodwitException">The engine does not have the disk in its new size.</exception>
    Task GrowDiskAsync(int index, long sizeBytes, CancellationToken cancellationToken);

    /// <summary>
    /// Gives the running guest memory, or asks it for some. Returns at once; the guest takes its time, and may not have as much
    /// to give: <see cref="CopyStatus.MemoryMiB"/> says what it has. Within the bound of its specification.
    /// <see cref="Order"/> has the new amount on success, the former one on failure, and what it has then outlives the daemon
    /// and a restart of the guest.
    /// </summary>
    /// <exception cref="GodwitException">
    /// The engine does not do it; by <see cref="HypervisorErrors.NotWithThisEngine"/> where it never does.
    /// </exception>
    Task SetMemoryAsync(int mib, CancellationToken cancellationToken);

    /// <summary>The same for the number of its processors: the guest takes them into use, or out of it, by itself.</summary>
    /// <exception cref="GodwitException">As with memory.</exception>
    Task SetVirtualCpusAsync(int count, CancellationToken cancellationToken);

    /// <summary>The serial console: what the guest wrote so far (scrollback) first, then live, both ways.</summary>
    Task<Stream> OpenConsoleAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A move is coming: what takes its time and disturbs nobody is done ahead. <see cref="SendAsync"/> with the same options goes
    /// on from there, and <see cref="CancelSendAsync"/> undoes it.
    /// </summary>
    Task PrepareSendAsync(SendOptions options, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Begins to send the running copy. The stream carries the engine's bytes: reading gives what the other side is
    /// to have, writing takes what its <see cref="ReceiveAsync"/> stream gave. Then the events are, in order:
    /// rounds; <see cref="CopyEvent.SwitchoverReady"/> (the guest is stopped, the engine waits for
    /// <see cref="PermitSwitchoverAsync"/>); <see cref="CopyEvent.MemorySent"/>; <see cref="CopyEvent.Held"/>; or at any
    /// point <see cref="CopyEvent.SendFailed"/>. After <see cref="CopyEvent.Held"/> this copy does not run again
    /// by itself, whatever dies: this is the design's Hold. With <see cref="SendOptions.ToFile"/> nobody is there who answers: the
    /// engine is told by its driver that all was loaded, once all of the stream was read, and the stream ends then.
    /// </summary>
    Task<Stream> SendAsync(SendOptions options, CancellationToken cancellationToken);

    Task<SendProgress> QuerySendAsync(CancellationToken cancellationToken);

    Task PermitSwitchoverAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Gives up sending; once the switchover was permitted the stream has to be closed before. Before Hold: the guest runs again when it ran before. After Hold: nothing happens, the
    /// copy stays held until <see cref="ContinueAsync"/>, which only the winner of the abort may call.
    /// </summary>
    Task CancelSendAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes out of a port the frames that wait in it, which the engine of a copy that stands does not take. Where that cannot be
    /// done there are none: a guest has lost some frames then.
    /// </summary>
    IReadOnlyList<byte[]> TakeWaiting(GuestPort port);

    /// <summary>
    /// Opens the receiver for the engine's stream. <see cref="CopyEvent.Loaded"/> follows when all is loaded and the
    /// copy is paused, or <see cref="CopyEvent.ReceiveFailed"/>.
    /// </summary>
    Task<Stream> ReceiveAsync(CancellationToken cancellationToken);
}

/// <summary>A port of a guest in a bridge of this host.</summary>
public sealed record GuestPort(MacAddress Mac, string Device, string Bridge);

/// <summary>How a copy is to be sent.</summary>
public sealed record SendOptions
{
    /// <summary>Downtime that the engine may aim for at the last round, in milliseconds.</summary>
    public int DowntimeLimitMilliseconds { get; init; } = 50;

    /// <summary>Upper bound in bytes per second; 0 for none.</summary>
    public long MaxBytesPerSecond { get; init; }

    /// <summary>
    /// The stream is to be kept, for a receiver to come. The guest may stand from the beginning: what it dirtied would be written
    /// twice. It goes on as for a move when sending fails or is given up; one that stands though <see cref="IDomainCopy.SendAsync"/>
    /// itself has failed is let run by whoever asked.
    /// </summary>
    public bool ToFile { get; init; }
}

/// <summary>Progress of sending, as the engine counts it.</summary>
/// <param name="Round">Round of pre-copy, from 1.</param>
/// <param name="SentBytes">Bytes of memory traffic so far.</param>
/// <param name="RemainingBytes">Memory still to send in this round.</param>
/// <param name="TotalBytes">Memory of the guest.</param>
/// <param name="DirtyBytesPerSecond">Rate at which the guest dirties memory; 0 until measured.</param>
/// <param name="BytesPerSecond">Throughput.</param>
/// <param name="ExpectedDowntimeMilliseconds">The engine's forecast.</param>
public sealed record SendProgress(
    int Round,
    long SentBytes,
    long RemainingBytes,
    long TotalBytes,
    long DirtyBytesPerSecond,
    long BytesPerSecond,
    int ExpectedDowntimeMilliseconds);

/// <summary>A look at a copy.</summary>
/// <param name="Phase">What it does.</param>
/// <param name="CpuTime">Processor time used by the engine for it.</param>
/// <param name="MemoryMiB">Memory the guest has now.</param>
/// <param name="ProcessId">The engine's process, 0 where there is none of its own.</param>
public sealed record CopyStatus(CopyPhase Phase, TimeSpan CpuTime, int MemoryMiB, int ProcessId)
{
    /// <summary>Processors that the guest uses; 0 where the engine does not say.</summary>
    public int VirtualCpus { get; init; }
}

/// <summary>What a copy does at this moment.</summary>
public enum CopyPhase
{
    /// <summary>Started from cold and not yet let run.</summary>
    Prepared = 1,
    Running,
    Paused,

    /// <summary>A receiver that has not loaded all.</summary>
    Receiving,

    /// <summary>A receiver that has loaded and has never run here.</summary>
    Loaded,

    /// <summary>Sending, guest stopped for the last part.</summary>
    SwitchingOver,

    /// <summary>Sent and held: it runs again only by <see cref="IDomainCopy.ContinueAsync"/>.</summary>
    Held,

    /// <summary>Stopped by a disk that refused it or failed.</summary>
    IoError,

    /// <summary>The guest has ended; the process is kept for a look.</summary>
    ShutOff,
    Crashed,
    Gone,
}
