using Godwit.Domains;
using Godwit.Host.Relocate;
using Godwit.Host.Save;
using Godwit.Host.Supervise;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Relocation;
using Godwit.Relocation.Source;
using Godwit.Storage.Volumes;

namespace Godwit.Host;

/// <summary>What comes to the task of a domain.</summary>
internal abstract record DomainItem
{
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Refuse(Exception e)
    {
        // Somebody may or may not wait for it; an exception nobody reads is not an error of its own.
        if (Done.TrySetException(e))
            _ = Done.Task.Exception;
    }

    public sealed record Request(DomainRequest What) : DomainItem;

    public sealed record Relocate(string Destination, RelocationOptions Options) : DomainItem
    {
        public TaskCompletionSource<RelocationTicket> Ticket { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed record Save(IProgress<WorkProgress> Progress, CancellationToken Asked) : DomainItem
    {
        /// <summary>How it ended; <see cref="Done"/> tells that it has begun.</summary>
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed record SaveEnded(Save Asked, SaveEnding How) : DomainItem;

    public sealed record GrowDisks(VolumeName Volume, long SizeBytes) : DomainItem;

    public sealed record Resize(HardwareChange Change) : DomainItem;

    public sealed record Happened(IDomainCopy Copy, CopyEvent Event) : DomainItem;

    public sealed record Doubted(IDomainCopy Copy) : DomainItem;

    public sealed record TakenBack(IDomainCopy Copy, DomainRecord Record) : DomainItem;

    public sealed record Watched(IDomainCopy Copy, StopFinding Found) : DomainItem;

    public sealed record RelocationEnded(SourceRun Run, SourceSite Site, RelocationResult Result) : DomainItem;
}
