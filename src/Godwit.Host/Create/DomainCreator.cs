using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Create;

/// <summary>
/// Makes a new domain: everything that can be refused is checked before the record is written, and the record is
/// removed again when the start fails.
/// </summary>
internal sealed class DomainCreator(HostParts parts, DomainStarter starter)
{
    private readonly ILogger _log = parts.Logs.CreateLogger<DomainCreator>();

    public async Task<StartedDomain> CreateAsync(DomainSpec spec, CreateOptions options, CancellationToken cancellationToken)
    {
        if (spec.Uuid == Guid.Empty)
            spec = spec with { Uuid = parts.Resources.NewId() };
        if (await parts.Registry.FindAsync(spec.Name, cancellationToken) is { } there)
            throw Exists(there);
        foreach (var nic in spec.Interfaces)
            parts.Network.CheckBridge(nic.Bridge);
        var available = await parts.Resources.AskAvailableMemoryMiBAsync(spec.MemoryMiB, cancellationToken);
        if (spec.MemoryMiB > available)
        {
            throw new GodwitException(
                "not-enough-memory",
                $"{spec.Name} wants {spec.MemoryMiB} MiB; {parts.Name} has {available} MiB to give.",
                "Create it on another host, or give it less memory.");
        }
        await CheckDisksAsync(spec, options, cancellationToken);

        var pin = parts.Hypervisor.Pin(spec);
        var record = new DomainRecord
        {
            Spec = spec,
            Pin = new HardwarePin(pin.Engine, pin.Accelerator, pin.MachineType, pin.CpuModel),
            Boot = new BootFiles(
                spec.Kernel is null ? null : await parts.BootFiles.AddAsync(spec.Kernel, cancellationToken),
                spec.Ramdisk is null ? null : await parts.BootFiles.AddAsync(spec.Ramdisk, cancellationToken)),
            Owner = parts.Name,
            RunState = options.Paused ? RunState.Paused : RunState.Running,
            Arriving = true,
        };
        // Before the record: whatever becomes of this daemon, the next one finds the entry and clears the record away.
        var entry = starter.Entry(spec.Name, DomainStarter.FirstStart);
        await parts.Journal.WriteAsync(entry, cancellationToken);
        try
        {
            var answer = await parts.Records.CreateAsync(record, IsOurs, cancellationToken);
            if (!answer.Won)
                throw Exists(answer.Current!);
            return await starter.StartAsync(answer.Current!, entry, cancellationToken);
        }
        catch
        {
            await ForgetAsync(entry, IsOurs);
            throw;
        }

        bool IsOurs(DomainRecord there) =>
            there.Owner == parts.Name && there.Spec.Uuid == spec.Uuid && there is { Arriving: true, Last: null };
    }

    // Nothing runs; the name is to be free again. While the registry is away the entry stays, and the next start of
    // this daemon settles it.
    private async Task ForgetAsync(JournalEntry entry, Func<DomainRecord, bool> isOurs)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), parts.Time);
        try
        {
            await parts.Records.RemoveAsync(entry.Domain, isOurs, limit.Token);
            await parts.ForgetAsync(entry, _log);
        }
        catch (OperationCanceledException)
        {
            await parts.Journal.WriteAsync(entry, CancellationToken.None);
        }
    }

    private async Task CheckDisksAsync(DomainSpec spec, CreateOptions options, CancellationToken cancellationToken)
    {
        foreach (var disk in spec.Disks)
        {
            var identity = await parts.Disks.IdentifyAsync(disk, cancellationToken);
            if (identity.Fenced || disk.ReadOnly || options.Unfenced)
                continue;
            throw new GodwitException(
                "disk-not-fenced",
                $"No other host can be kept from writing to {identity.Name} ({Describe(identity.Kind)}), so {spec.Name} could destroy its data after a failed move.",
                "Put it on a volume of the pool, or create the domain with --unfenced if nothing else ever opens this disk.");
        }
    }

    private static string Describe(DiskKind kind) => kind switch
    {
        DiskKind.BlockDevice => "a block device that the pool does not manage",
        DiskKind.File => "a file of this host",
        DiskKind.SharedFile => "a file that other hosts have too",
        DiskKind.Network => "reached over the network, where the pool has no say",
        _ => "a volume",
    };

    private static GodwitException Exists(DomainRecord record) => new(
        "domain-exists",
        $"There is a domain {record.Name} already; it belongs to {record.Owner}.",
        $"Choose another name, or end that one with `godwit destroy {record.Name}`.");
}
