using Godwit.Api;
using Godwit.Domains;
using Godwit.Host;
using Godwit.Hypervisors;
using Godwit.Pool;

namespace Godwit.Daemon.Queries;

/// <summary>Domains in the words of the API.</summary>
internal static class DomainMapping
{
    public static DomainInfo Info(DomainView view, string host) => Of(view.Record) with
    {
        Host = host,
        State = StateOf(view),
        Waits = view.Waits,
        UnfencedDisks = [.. view.Unfenced.Select(disk => disk.Name)],
        MemoryMiB = view.Copy is { MemoryMiB: > 0 } copy ? copy.MemoryMiB : view.Record.Spec.MemoryMiB,
        VirtualCpus = view.Copy is { VirtualCpus: > 0 } counted ? counted.VirtualCpus : view.Record.Spec.VirtualCpus,
        CpuSeconds = view.Copy?.CpuTime.TotalSeconds ?? 0,
        ProcessId = view.Copy is { ProcessId: > 0 } running ? running.ProcessId : null,
        Migration = view.Relocation,
    };

    /// <summary>What the registry knows of a domain that nobody could be asked about.</summary>
    public static DomainInfo Unanswered(DomainRecord record, string reason) => Of(record) with
    {
        State = DomainState.Unknown,
        Reason = reason,
        Migration = record.Intent?.Id,
    };

    /// <summary>A domain whose owner answers and has nothing of it: it crashed and stays so, is saved, or is about to start.</summary>
    public static DomainInfo WithoutCopy(DomainRecord record) => record switch
    {
        { RunState: RunState.Crashed, Arriving: false } => Of(record) with { State = DomainState.Crashed },
        { RunState: RunState.Saved } => Of(record) with { State = record.Arriving ? DomainState.Restoring : DomainState.Saved },
        _ => Unanswered(record, $"{record.Owner} has no copy of it"),
    };

    private static DomainInfo Of(DomainRecord record) => new()
    {
        Name = record.Name,
        Uuid = record.Spec.Uuid,
        Host = record.Owner,
        Epoch = record.Epoch,
        State = DomainState.Unknown,
        MemoryMiB = record.Spec.MemoryMiB,
        MaxMemoryMiB = record.Spec.MaxMemoryMiB,
        VirtualCpus = record.Spec.VirtualCpus,
        MaxVirtualCpus = record.Spec.MaxVirtualCpus,
        Engine = record.Pin.Engine,
        Accelerator = record.Pin.Accelerator,
        MachineType = record.Pin.MachineType,
        CpuModel = record.Pin.CpuModel,
        Spec = record.Spec,
        Saved = record.Saved is { } saved ? new SavedInfo(saved.SizeBytes, saved.At, saved.Paused, saved.Stale) : null,
    };

    private static DomainState StateOf(DomainView view) => (view.Activity, view.Copy?.Phase) switch
    {
        (DomainActivity.Settling, _) => DomainState.Settling,
        (DomainActivity.MovingAway or DomainActivity.Arriving, _) => DomainState.Migrating,
        (DomainActivity.Saving, _) => DomainState.Saving,
        (_, CopyPhase.Crashed) => DomainState.Crashed,
        (_, CopyPhase.ShutOff or CopyPhase.Gone) => DomainState.ShutOff,
        (_, CopyPhase.IoError) => DomainState.IoError,
        (DomainActivity.Starting, _) => DomainState.Starting,
        (_, CopyPhase.Running) => DomainState.Running,
        (_, CopyPhase.Prepared or CopyPhase.Paused or CopyPhase.Loaded or CopyPhase.Held) => DomainState.Paused,
        (_, CopyPhase.Receiving or CopyPhase.SwitchingOver) => DomainState.Migrating,
        _ => DomainState.Unknown,
    };
}
