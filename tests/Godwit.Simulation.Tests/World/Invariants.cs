using Godwit.Hypervisors;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;

namespace Godwit.Simulation.Tests.World;

/// <summary>What must hold after every event, and what must hold once the faults have ended. Null: it holds.</summary>
internal sealed class Invariants(SimWorld world)
{
    private long _recordEpoch;
    private long _diskEpoch;

    public string? Check()
    {
        var (writers, running) = (0, 0);
        foreach (var host in world.Hosts)
        {
            foreach (var disk in host.Disks.Attached)
            {
                if (host.Disks.MayWrite(disk))
                    writers++;
            }
            foreach (var process in host.Engine.Processes)
            {
                if (process.Phase == CopyPhase.Running && !host.Disks.IsFenced(process.Order))
                    running++;
            }
        }
        if (writers > 1)
            return $"{writers} hosts are admitted as writer of {world.Volume.Name}";
        if (running > 1)
            return $"{running} copies run that are not fenced";
        if (world.Volume.Epoch < _diskEpoch)
            return $"the epoch of {world.Volume.Name} fell from {_diskEpoch} to {world.Volume.Epoch}";
        _diskEpoch = world.Volume.Epoch;
        return null;
    }

    /// <summary>Each write follows the one before it: no memory ran twice, none was older than what the disk has.</summary>
    public string? CheckWrite(FakeMemory before, FakeMemory next)
    {
        var follows = next.Boot == before.Boot ? next.Counter == before.Counter + 1 : next.Counter == 1 && (before == default || world.GuestLost);
        return follows ? null : $"write {next.Counter} of boot {next.Boot} follows write {before.Counter} of boot {before.Boot}";
    }

    public string? CheckRecord(DomainRecord record)
    {
        if (record.Epoch < _recordEpoch)
            return $"the epoch of the record fell from {_recordEpoch} to {record.Epoch}";
        _recordEpoch = record.Epoch;
        return null;
    }

    /// <summary>What is not yet as it must be once all has come to rest.</summary>
    public static string? Unsettled(SimWorld world)
    {
        var record = world.Record();
        var copies = world.Hosts.SelectMany(host => host.Engine.Processes.Select(process => (host, process))).ToList();
        foreach (var host in world.Hosts)
        {
            if (!host.IsReady)
                return $"{host.Name} is not ready";
            if (!host.Journal.ListAsync(CancellationToken.None).Result.IsEmpty)
                return $"{host.Name} has journal entries left";
            if (host.Network.Pinned.Count > 0)
                return $"{host.Name} has a pinned address left";
            if (host.Network.Keeping.Count > 0)
                return $"{host.Name} still keeps frames of a guest";
            if (host.Disks.Attached.Count > 0 && host.Name != record?.Owner)
                return $"{host.Name} has a disk attached still";
        }
        if (world.GuestLost && copies.Count == 0)
            return null;
        if (record is null)
            return copies.Count == 0 ? "the domain is lost" : "a copy is left of a domain that is gone";
        if (record.Intent is not null || record.Arriving)
            return $"the record is {SimRegistry.Describe(record)}";
        if (copies is not [var (owner, copy)])
            return $"there are {copies.Count} copies";
        if (owner.Name != record.Owner)
            return $"the copy is on {owner.Name}, the record says {record.Owner}";
        if (world.GuestLost && copy.Phase is CopyPhase.ShutOff)
            return null;
        var runs = copy.Phase == CopyPhase.Running;
        if (runs != (record.RunState == Domains.RunState.Running))
            return $"the copy is {copy.Phase}, the record says {record.RunState}";
        if (world.Volume.Log.Count > 0 && copy.Memory != world.Volume.Log[^1])
            return $"the memory is at {copy.Memory}, the disk at {world.Volume.Log[^1]}";
        if (owner.Disks.Attached.Count != 1 || !owner.Disks.MayWrite(owner.Disks.Attached.First()))
            return $"{owner.Name} is not the writer of the disk";
        if (world.Switch.HostOf(copy.Ports[0].Mac) != owner.Name)
            return $"the guest's frames go to {world.Switch.HostOf(copy.Ports[0].Mac)}";
        return null;
    }
}
