using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Ownership;

namespace Godwit.Host;

/// <summary>A change of what a running domain has: in its engine, and in its record.</summary>
internal abstract record HardwareChange
{
    private HardwareChange()
    {
    }

    /// <exception cref="GodwitException">It is not within what the domain's configuration allows.</exception>
    public abstract void Check(DomainSpec spec);

    public abstract bool IsIn(DomainSpec spec);

    /// <summary>The change back to what a specification says.</summary>
    public abstract HardwareChange BackTo(DomainSpec spec);

    public abstract Task TellAsync(IDomainCopy copy, CancellationToken cancellationToken);

    public abstract Transition? Record(DomainRecord record, string owner, long epoch);

    public sealed record Memory(int MiB) : HardwareChange
    {
        public override void Check(DomainSpec spec)
        {
            if (MiB < DomainSpec.LeastMemoryMiB)
                throw new GodwitException("bad-size", $"{MiB} MiB is too little for {spec.Name}.", $"It takes {DomainSpec.LeastMemoryMiB} to {spec.MaxMemoryMiB} MiB.");
            if (MiB > spec.MaxMemoryMiB)
                throw BeyondMaximum(spec, $"{spec.MaxMemoryMiB} MiB of memory", $"maxmem = {MiB}");
        }

        public override bool IsIn(DomainSpec spec) => spec.MemoryMiB == MiB;

        public override HardwareChange BackTo(DomainSpec spec) => new Memory(spec.MemoryMiB);

        public override Task TellAsync(IDomainCopy copy, CancellationToken cancellationToken) => copy.SetMemoryAsync(MiB, cancellationToken);

        public override Transition? Record(DomainRecord record, string owner, long epoch) => Transitions.SetMemory(record, owner, epoch, MiB);
    }

    public sealed record Processors(int Count) : HardwareChange
    {
        public override void Check(DomainSpec spec)
        {
            if (Count < 1)
                throw new GodwitException("bad-size", $"{spec.Name} cannot do with {Count} processors.", $"It takes 1 to {spec.MaxVirtualCpus}.");
            if (Count > spec.MaxVirtualCpus)
                throw BeyondMaximum(spec, $"{spec.MaxVirtualCpus} processors", $"maxvcpus = {Count}");
        }

        public override bool IsIn(DomainSpec spec) => spec.VirtualCpus == Count;

        public override HardwareChange BackTo(DomainSpec spec) => new Processors(spec.VirtualCpus);

        public override Task TellAsync(IDomainCopy copy, CancellationToken cancellationToken) => copy.SetVirtualCpusAsync(Count, cancellationToken);

        public override Transition? Record(DomainRecord record, string owner, long epoch) => Transitions.SetVirtualCpus(record, owner, epoch, Count);
    }

    private static GodwitException BeyondMaximum(DomainSpec spec, string most, string line) => new(
        "beyond-maximum",
        $"{spec.Name} can have at most {most} while it runs.",
        $"Write {line} into its configuration file, and start it anew: godwit shutdown -w {spec.Name} && godwit create FILE.");
}
