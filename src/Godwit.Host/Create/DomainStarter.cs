using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Create;

/// <summary>A domain's copy with the disks attached for it.</summary>
internal sealed record StartedDomain(DomainRecord Record, IDomainCopy Copy, ImmutableArray<AttachedDisk> Disks)
{
    /// <summary>Disks that it writes and that no other host can be kept from writing to.</summary>
    public ImmutableArray<DiskIdentity> Unfenced => [.. Disks.Where(disk => !disk.ReadOnly && !disk.Disk.Fenced).Select(disk => disk.Disk)];
}

/// <summary>
/// Starts a domain from cold on its owner: disks attached, engine started paused, writer's role taken under the epoch
/// of the record, and only then let run. On failure nothing of it is left on this host.
/// </summary>
internal sealed class DomainStarter(HostParts parts)
{
    private readonly ILogger _log = parts.Logs.CreateLogger<DomainStarter>();

    /// <summary>Step in the journal of a domain that has never run: its record goes when the start fails.</summary>
    public const string FirstStart = "create";

    /// <summary>Step in the journal of a domain that ran before: its record stays, whatever becomes of the start.</summary>
    public const string LaterStart = "start";

    public JournalEntry Entry(string domain, string step) =>
        new(domain, JournalSide.Start, Guid.Empty, parts.Name, parts.Name, step, parts.Resources.NewId());

    /// <param name="record">The domain as this host owns it.</param>
    /// <param name="entry">What the journal says of it until it has started: written already, and removed here.</param>
    /// <param name="cancellationToken">Ends the start; what was done is undone.</param>
    public async Task<StartedDomain> StartAsync(DomainRecord record, JournalEntry entry, CancellationToken cancellationToken)
    {
        var undo = new UndoStack(parts.Time, _log);
        try
        {
            undo.Push("forget the journal entry", _ => parts.ForgetAsync(entry, _log));

            var disks = await AttachAsync(record.Spec, undo, cancellationToken);
            var copy = await EngineStart.RunAsync(
                parts, disks, undo, () => parts.Hypervisor.StartAsync(Order(parts, record, disks, entry.CopyId), cancellationToken), cancellationToken);

            await Task.WhenAll(disks.Select(disk => parts.Disks.FenceAsync(disk, record.Epoch, cancellationToken)));
            foreach (var port in copy.Ports)
                parts.Network.Watch(port, []);
            if (record.RunState == RunState.Running)
                await copy.ContinueAsync(cancellationToken);
            var arrived = await parts.Records.ChangeAsync(
                record.Name,
                r => r.Owner == parts.Name && r.Epoch == record.Epoch && !r.Arriving,
                r => Transitions.Arrive(r, parts.Name, record.Epoch),
                cancellationToken);
            if (arrived is null)
                throw new GodwitException("superseded", $"The record of {record.Name} was changed by somebody else while it was started.");
            // It runs, and its record says so.
            undo.Keep();
            await parts.ForgetAsync(entry, _log);
            Log.Started(_log, record.Name, record.Epoch);
            return new StartedDomain(arrived, copy, disks);
        }
        catch
        {
            await undo.UndoAsync();
            throw;
        }
    }

    public async Task<ImmutableArray<AttachedDisk>> AttachAsync(DomainSpec spec, UndoStack undo, CancellationToken cancellationToken)
    {
        var disks = ImmutableArray.CreateBuilder<AttachedDisk>(spec.Disks.Length);
        foreach (var disk in spec.Disks)
        {
            var identity = await parts.Disks.IdentifyAsync(disk, cancellationToken);
            var attached = await parts.Disks.AttachAsync(spec.Name, disk, identity, cancellationToken);
            undo.Push($"detach {identity.Name}", token => parts.Disks.DetachAsync(attached, token));
            disks.Add(attached);
        }
        return disks.ToImmutable();
    }

    public static CopyOrder Order(HostParts parts, DomainRecord record, ImmutableArray<AttachedDisk> disks, Guid copyId) => new()
    {
        Spec = record.Spec,
        Pin = new EnginePin(record.Pin.Engine, record.Pin.Accelerator, record.Pin.MachineType, record.Pin.CpuModel),
        CopyId = copyId,
        KernelPath = BootFile(parts, record.Boot?.KernelDigest),
        RamdiskPath = BootFile(parts, record.Boot?.RamdiskDigest),
        Disks = [.. disks.Select(Source)],
    };

    public static DiskSource Source(AttachedDisk disk) => new(
        disk.Disk.Kind switch
        {
            DiskKind.PoolVolume when disk.KernelDevice => DiskSourceKind.BlockDevice,
            DiskKind.PoolVolume => DiskSourceKind.NbdSocket,
            DiskKind.BlockDevice => DiskSourceKind.BlockDevice,
            DiskKind.Network => DiskSourceKind.Network,
            DiskKind.SharedFile when disk.Format == DiskFormat.Qcow2 => DiskSourceKind.SharedQcow2File,
            DiskKind.SharedFile => DiskSourceKind.SharedRawFile,
            DiskKind.File when disk.Format == DiskFormat.Qcow2 => DiskSourceKind.Qcow2File,
            DiskKind.File => DiskSourceKind.RawFile,
            _ => throw new ArgumentOutOfRangeException(nameof(disk), disk.Disk.Kind, "No such kind of disk."),
        },
        disk.Path,
        disk.ReadOnly)
    {
        StopSocket = disk.StopSocket,
    };

    private static string? BootFile(HostParts parts, string? digest) => digest is null
        ? null
        : parts.BootFiles.Find(digest) ?? throw new GodwitException(
            "no-such-boot-file",
            $"This host does not have the boot file {digest[..12]}… of the domain.",
            "Destroy the domain and create it again from its configuration file.");
}
