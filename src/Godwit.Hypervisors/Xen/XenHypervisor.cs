using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors.Network;
using Godwit.Hypervisors.Xen.Toolstack;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Xen;

/// <summary>Xen as the engine of this host, which is its domain 0.</summary>
public sealed class XenHypervisor : IHypervisor, IAsyncDisposable
{
    /// <summary>Kinds of guest: paravirtualized, and with the processor's help and no emulated devices.</summary>
    private const string Paravirtual = "pv", Hardware = "pvh";

    /// <summary>
    /// The processor as Xen shows it. Whether another host's can stand in for it, Xen itself checks at the start of the stream.
    /// </summary>
    private const string CpuModel = "host";

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    private readonly XenParts _parts;

    private XenHypervisor(XenParts parts, EngineFacts facts) => (_parts, Facts) = (parts, facts);

    public EngineFacts Facts { get; }

    /// <summary>Whether this machine is the domain 0 of a Xen.</summary>
    public static bool IsHere => File.Exists("/proc/xen/capabilities") && File.ReadAllText("/proc/xen/capabilities").Contains("control_d", StringComparison.Ordinal);

    /// <exception cref="GodwitException">Its tools are not there, or its services do not run.</exception>
    public static async Task<XenHypervisor> OpenAsync(XenOptions options, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var xl = new Xl(options.Xl);
        var info = await xl.InfoAsync(cancellationToken);
        ImmutableArray<string> machines = [.. info.RunsParavirtual ? [Paravirtual] : Array.Empty<string>(), .. info.RunsHardware ? [Hardware] : Array.Empty<string>()];
        if (machines.IsEmpty) throw new GodwitException("engine-unfit", $"Xen {info.Version} runs neither pv nor pvh guests on this host.");
        var store = await XenStore.ConnectAsync(options.StoreSocket, cancellationToken);
        return new XenHypervisor(
            new XenParts(options, xl, store, HotplugScripts.Install(options), time, log), new EngineFacts("xen", info.Version, "xen", machines, [CpuModel]) { Resizes = true });
    }

    /// <summary>
    /// Memory that a further domain can have, in MiB: what Xen gives to no domain yet. A domain that has been destroyed keeps
    /// its own until Xen has taken it apart: where less is free than wanted, that is waited for.
    /// </summary>
    public async Task<long> AskFreeMemoryMiBAsync(long wantedMiB, CancellationToken cancellationToken)
    {
        var began = _parts.Time.GetTimestamp();
        var free = (await _parts.Xl.InfoAsync(cancellationToken)).FreeMemoryMiB;
        while (free < wantedMiB && _parts.Time.GetElapsedTime(began) < _parts.Options.EndLimit)
        {
            // Looked for first: what has ended between the two questions is in the answer.
            var ending = (await _parts.Xl.ListAsync(cancellationToken)).Any(domain => domain.Dying);
            free = (await _parts.Xl.InfoAsync(cancellationToken)).FreeMemoryMiB;
            if (!ending) break;
            await Task.Delay(LookAgain, _parts.Time, cancellationToken);
        }
        return free;
    }

    public EnginePin Pin(DomainSpec spec)
    {
        var machine = spec.GuestType switch
        {
            null => Facts.MachineTypes[0],
            GuestType.Pv => Paravirtual,
            GuestType.Pvh => Hardware,
            _ => throw new GodwitException("no-such-guest-type", $"{spec.Name} is to be an HVM guest, and Godwit runs none on Xen: it has no emulated devices.",
                "Write type = \"pvh\" or type = \"pv\", and name a kernel."),
        };
        return Facts.MachineTypes.Contains(machine)
            ? new(Facts.Engine, Facts.Accelerator, machine, CpuModel)
            : throw ExplainLack(spec.Name, "this host", machine)!;
    }

    public GodwitException? ExplainLack(string domain, string host, string machineType) => machineType switch
    {
        Hardware => new("host-cannot-pvh", $"{domain} is a PVH guest, and Xen {Facts.Version} of {host} runs none: its processor gives Xen no help (`xl info`, virt_caps).",
            "Choose a host that can, switch the processor's virtualization on in its firmware, or write type = \"pv\" and create the domain anew."),
        Paravirtual => new("host-cannot-pv", $"{domain} is a PV guest, and Xen {Facts.Version} of {host} is built without them (`xl info`, virt_caps).",
            "Choose a host that can, or write type = \"pvh\" and create the domain anew."),
        _ => null,
    };

    public string NameDisk(int index) => XlConfig.NameDisk(index);

    public async Task<IDomainCopy> StartAsync(CopyOrder order, CancellationToken cancellationToken)
    {
        var began = _parts.Time.GetTimestamp();
        var (description, directory) = Describe(order);
        var copy = new XenCopy(description, directory, _parts);
        try
        {
            await _parts.Xl.CreateAsync(directory.Config, cancellationToken);
            var domain = await copy.FindAsync(cancellationToken)
                ?? throw new GodwitException("engine-failed", $"Xen started {order.Spec.Name}, and it is not in its list.");
            Log.Started(_parts.Log, order.Spec.Name, domain.Id, (long)_parts.Time.GetElapsedTime(began).TotalMilliseconds);
            copy.Follow(domain.Id);
            return copy;
        }
        catch
        {
            await RemoveAsync(copy);
            throw;
        }
    }

    public async Task<IDomainCopy> PrepareReceiverAsync(CopyOrder order, CancellationToken cancellationToken)
    {
        var (description, directory) = Describe(order);
        var copy = new XenCopy(description, directory, _parts);
        try
        {
            // What another receiver left would be in the way of the name.
            if (await copy.FindAsync(cancellationToken) is { } left)
            {
                Log.DestroyedIncoming(_parts.Log, left.Name);
                await copy.DestroyDomainAsync(cancellationToken);
            }
            copy.BeginReceiving();
            return copy;
        }
        catch
        {
            directory.Remove();
            await copy.DisposeAsync();
            throw;
        }
    }

    public async Task<ImmutableArray<IDomainCopy>> FindCopiesAsync(CancellationToken cancellationToken)
    {
        var copies = ImmutableArray.CreateBuilder<IDomainCopy>();
        foreach (var directory in XenRunDirectory.FindAll(_parts.Options))
        {
            if (directory.Read() is { } description)
            {
                var copy = new XenCopy(description, directory, _parts);
                if (await copy.FindAsync(cancellationToken) is { } domain)
                {
                    Log.Found(_parts.Log, domain.Name, domain.Id);
                    copy.Reconnect(domain);
                    copies.Add(copy);
                    continue;
                }
                await copy.EndProcessesAsync();
                await copy.DisposeAsync();
            }
            directory.Remove();
            Log.RemovedLeftover(_parts.Log, directory.Path);
        }
        return copies.ToImmutable();
    }

    public ValueTask DisposeAsync() => _parts.Store.DisposeAsync();

    // Why it did not start is what is to be told.
    private async Task RemoveAsync(XenCopy copy)
    {
        try
        {
            await copy.DestroyAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            Log.Failed(_parts.Log, copy.Order.Spec.Name, "removing what did not start", e);
        }
        await copy.DisposeAsync();
    }

    private (CopyDescription Description, XenRunDirectory Directory) Describe(CopyOrder order)
    {
        foreach (var nic in order.Spec.Interfaces) Bridges.Check(nic.Bridge);
        // By the domain, not by the copy: the name is a part of what moves.
        var description = new CopyDescription(order, [.. order.Spec.Interfaces.Select((nic, i) => GuestTap.Describe(order.Spec.Uuid, i, nic))]);
        var directory = XenRunDirectory.Create(_parts.Options, order);
        try
        {
            directory.Write(description, _parts.Scripts);
        }
        catch
        {
            directory.Remove();
            throw;
        }
        return (description, directory);
    }
}
