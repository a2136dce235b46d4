using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;

namespace Godwit.Simulation.World;

/// <summary>What must hold after every event, and what must hold once the faults have ended. Null: it holds.</summary>
internal sealed class Invariants(SimWorld world)
{
    /// <summary>The one-second check of an attachment, and the time that the engine takes to stop.</summary>
    private static readonly TimeSpan CheckTakes = TimeSpan.FromSeconds(2);
    private readonly Dictionary<string, long> _diskEpochs = [];
    private readonly Dictionary<FakeProcess, TimeSpan> _fenced = [];
    private long _recordEpoch;

    public string? Check()
    {
        foreach (var volume in world.Volumes.Values)
        {
            if ((volume.Check() ?? CheckWriters(volume) ?? CheckEpoch(volume)) is { } broken)
                return broken;
        }
        var running = 0;
        foreach (var host in world.Hosts)
        {
            foreach (var process in host.Engine.Processes)
            {
                if (process.Phase != CopyPhase.Running)
                    continue;
                if (!host.Disks.IsFenced(process.Order))
                    running++;
                else if (CheckFenced(process, host) is { } broken)
                    return broken;
            }
        }
        return running > 1 ? $"{running} copies run that are not fenced" : null;
    }

    /// <summary>Each write follows the one before it: no memory ran twice, none was older than what the disk has.</summary>
    public string? CheckWrite(FakeMemory before, FakeMemory next)
    {
        var follows = next.Boot == before.Boot ? next.Counter == before.Counter + 1 : next.Counter == 1 && (before == default || world.MayBeCold);
        return follows ? null : $"write {next.Counter} of boot {next.Boot} follows write {before.Counter} of boot {before.Boot}";
    }

    public string? CheckRecord(DomainRecord record)
    {
        if (record.Epoch < _recordEpoch)
            return $"the epoch of the record fell from {_recordEpoch} to {record.Epoch}";
        _recordEpoch = record.Epoch;
        return null;
    }

    /// <summary>
    /// The registry was put back: an epoch that no disk has seen may be forgotten, for nobody has acted under it. One that
    /// does not know of it may give out, until a host has told it, what the disks refuse.
    /// </summary>
    public void RegistryRestored(MarkFate mark) =>
        _recordEpoch = mark == MarkFate.Restored ? 0 : world.Volumes.Values.Max(volume => volume.Epoch);

    /// <summary>What is not yet as it must be once all has come to rest.</summary>
    public static string? Unsettled(SimWorld world)
    {
        if (world.Options.Guarded && !(world.Hosts.Max(host => host.SeenRevision) <= world.Store.Revision))
            return "the registry was restored and has not caught up";
        var record = world.Record();
        foreach (var host in world.Hosts)
        {
            if (FindLeft(host, record) is { } left)
                return left;
        }
        var copies = world.Hosts.SelectMany(host => host.Engine.Processes.Select(process => (Host: host, Process: process))).ToList();
        return record is null
            ? FindLost(world, copies.Count)
            : Judge(world, record, copies.Count == 1 ? copies[0] : null, copies.Count);
    }

    private static string? FindLeft(SimHost host, DomainRecord? record)
    {
        if (!host.IsReady)
            return $"{host.Name} is not ready";
        if (!host.Journal.ListAsync(CancellationToken.None).Result.IsEmpty)
            return $"{host.Name} has journal entries left";
        if (host.Network.Pinned.Count > 0)
            return $"{host.Name} has a pinned address left";
        if (host.Network.Noting.Count > 0)
            return $"{host.Name} still notes frames of a guest";
        return host.Disks.Attached.Any() && host.Name != record?.Owner ? $"{host.Name} has a disk attached still" : null;
    }

    private static string? FindLost(SimWorld world, int copies)
    {
        if (copies > 0)
            return "a copy is left of a domain that is gone";
        var mayEnd = world.MayBeGone || (world.MayBeCold && world.Spec.OnCrash == Domains.LifecycleAction.Destroy);
        return mayEnd ? null : "the domain is lost";
    }

    private static string? Judge(SimWorld world, DomainRecord record, (SimHost Host, FakeProcess Process)? only, int copies)
    {
        if (record.Intent is not null || record.Arriving)
            return $"the record is {SimRegistry.Describe(record)}";
        if (record.RunState is Domains.RunState.Crashed or Domains.RunState.ShutOff && MayRest(world, record.RunState))
            return copies == 0 || only is { Process.Phase: CopyPhase.ShutOff or CopyPhase.Crashed } ? null : $"there are {copies} copies of a domain that is {record.RunState}";
        if (only is not var (owner, copy))
            return $"there are {copies} copies, the record is {SimRegistry.Describe(record)}";
        if (copy.SendPrepared)
            return $"the copy on {owner.Name} is prepared for a move that does not come";
        if (owner.Name != record.Owner)
            return $"the copy is on {owner.Name}, the record says {record.Owner}";
        // Its end is to be in the record as well.
        if (copy.Phase is CopyPhase.ShutOff or CopyPhase.Crashed || copy.Phase == CopyPhase.Running != (record.RunState == Domains.RunState.Running))
            return $"the copy is {copy.Phase}, the record says {record.RunState}";
        if (copy.Order.Spec.MemoryMiB != record.Spec.MemoryMiB)
            return $"the copy has {copy.Order.Spec.MemoryMiB} MiB, the record says {record.Spec.MemoryMiB}";
        // A write may be on the disk of which the guest is only just to hear.
        if (world.LastWrite != default && copy.Memory != world.Strayed?.Sent && copy.Memory != world.LastWrite && copy.Memory with { Counter = copy.Memory.Counter + 1 } != world.LastWrite
            && copy.Memory.Counter > 0)
            return $"the memory is at {copy.Memory}, the disk at {world.LastWrite}";
        if (owner.Disks.Attached.Count() != world.Volumes.Count || !owner.Disks.Attached.All(owner.Disks.MayWrite))
            return $"{owner.Name} is not the writer of every disk";
        // Frames for a guest that is paused, and says nothing, may go to where one that was slow to hear of an abort had drawn them.
        return copy.Phase != CopyPhase.Running || world.Switch.HostOf(copy.Ports[0].Mac) == owner.Name ? null : $"the guest's frames go to {world.Switch.HostOf(copy.Ports[0].Mac)}";
    }

    private static bool MayRest(SimWorld world, Domains.RunState state) => state == Domains.RunState.ShutOff
        ? world.MayBeGone
        : world.MayBeGone || (world.MayBeCold && world.Spec.OnCrash != Domains.LifecycleAction.Restart);

    private string? CheckWriters(SimVolume volume)
    {
        var writers = 0;
        foreach (var host in world.Hosts)
        {
            foreach (var disk in host.Disks.Attached)
            {
                if (disk.Disk.Name == volume.Name && host.Disks.MayWrite(disk))
                    writers++;
            }
        }
        return writers > 1 ? $"{writers} hosts are admitted as writer of {volume.Name}" : null;
    }

    private string? CheckEpoch(SimVolume volume)
    {
        if (_diskEpochs.TryGetValue(volume.Name, out var before) && volume.Epoch < before)
            return $"the epoch of {volume.Name} fell from {before} to {volume.Epoch}";
        _diskEpochs[volume.Name] = volume.Epoch;
        return null;
    }

    // It ends at its next write or, where it writes nothing, at the next check, which the world makes for it. Neither
    // reaches it while its host does not reach the storage.
    private string? CheckFenced(FakeProcess process, SimHost host)
    {
        var now = world.Scheduler.Elapsed;
        if (!_fenced.ContainsKey(process))
            CheckLater(process, host);
        if (!_fenced.ContainsKey(process) || !host.Disks.Reaches(process.Order))
            _fenced[process] = now;
        return now - _fenced[process] > CheckTakes ? $"a fenced copy on {host.Name} still runs after {CheckTakes.TotalSeconds} s" : null;
    }

    private void CheckLater(FakeProcess process, SimHost host) => world.After(CheckTakes / 2, () =>
    {
        if (process.Phase != CopyPhase.Running || !host.Disks.IsFenced(process.Order))
            return;
        if (host.Disks.Reaches(process.Order))
            process.StopByCheck();
        else
            CheckLater(process, host);
    });
}
