using Godwit.Domains;
using Godwit.Relocation.Protocol;
using Godwit.Storage;

namespace Godwit.Host.Relocate;

/// <summary>The destination's checks, each refused with what does not fit and what to do about it.</summary>
internal static class OfferCheck
{
    /// <param name="offer">What is to come.</param>
    /// <param name="parts">This host.</param>
    /// <param name="availableMemoryMiB">What it has to give.</param>
    public static void Engine(RelocationOffer offer, HostParts parts, long availableMemoryMiB)
    {
        var (facts, pin, name) = (parts.Hypervisor.Facts, offer.Pin, offer.Spec.Name);
        if (facts.Engine != pin.Engine)
            throw Misfit("engine-differs", $"{name} runs on {pin.Engine}; {parts.Name} has {facts.Engine}.", $"Choose a host with {pin.Engine}.");
        if (facts.Accelerator != pin.Accelerator)
        {
            throw Misfit("accelerator-differs",
                $"{name} was created under {pin.Accelerator}; {parts.Name} has {facts.Accelerator}.",
                $"Choose a host with {pin.Accelerator}, or create the domain anew.");
        }
        if (!facts.MachineTypes.Contains(pin.MachineType))
        {
            throw parts.Hypervisor.ExplainLack(name, parts.Name, pin.MachineType) ?? Misfit("no-such-machine-type",
                $"{name} has the machine type {pin.MachineType}, which {facts.Engine} {facts.Version} of {parts.Name} does not know.",
                $"Bring {parts.Name} to {facts.Engine} {offer.EngineVersion} or later.");
        }
        if (!facts.CpuModels.Contains(pin.CpuModel.Split(',')[0]))
            throw Misfit("no-such-cpu-model", $"{name} has the CPU model {pin.CpuModel}, which {parts.Name} cannot give.", "Choose a host that has it.");
        if (offer.Spec.MemoryMiB > availableMemoryMiB)
        {
            throw Misfit("not-enough-memory",
                $"{name} has {offer.Spec.MemoryMiB} MiB of memory; {parts.Name} has {availableMemoryMiB} MiB to give.",
                "Move another domain away from there first.");
        }
        if (offer.Disks.Length != offer.Spec.Disks.Length)
            throw Misfit("bad-offer", $"{offer.From} offers {offer.Disks.Length} disks for a specification of {offer.Spec.Disks.Length}.", null);
    }

    public static void Disk(RelocationOffer offer, OfferedDisk offered, DiskIdentity found, string host)
    {
        if (!offered.Shared || found.Kind == DiskKind.File)
        {
            throw Misfit("disk-not-shared",
                $"The disk {offered.Name} of {offer.Spec.Name} is a file of {offer.From}; {host} does not have it.",
                "Put it on a volume of the pool before the domain moves.");
        }
        if (found.Name != offered.Name || found.SizeBytes != offered.SizeBytes)
        {
            throw Misfit("disk-differs",
                $"{offer.From} has {offered.Name} with {offered.SizeBytes} bytes, {host} finds {found.Name} with {found.SizeBytes} bytes under that name.",
                "See that both hosts are given the same disk under the same name; a volume that was resized has to be known to both: repeat `godwit volume resize`.");
        }
    }

    /// <summary>A disk that has grown since is no harm: the guest has not seen its end.</summary>
    public static void SavedDisk(OfferedDisk saved, DiskIdentity found)
    {
        if (found.Name != saved.Name || found.SizeBytes < saved.SizeBytes)
        {
            throw Misfit("disk-differs",
                $"The memory was saved with {saved.Name} of {saved.SizeBytes} bytes; there is {found.Name} of {found.SizeBytes} bytes now.",
                "See that the host is given the same disk under the same name.");
        }
    }

    private static GodwitException Misfit(string code, string message, string? remedy) => new(code, message, remedy);
}
