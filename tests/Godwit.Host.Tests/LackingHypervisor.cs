using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;

namespace Godwit.Host.Tests;

/// <summary>An engine that cannot run some machine types, and says why.</summary>
internal sealed class LackingHypervisor(IHypervisor engine) : IHypervisor
{
    public EngineFacts Facts => engine.Facts;

    public EnginePin Pin(DomainSpec spec) => throw ExplainLack(spec.Name, "this host", "pvh")!;

    public GodwitException? ExplainLack(string domain, string host, string machineType) =>
        machineType == "pvh" ? new("host-cannot-pvh", $"{domain} does not run on {host}.", "Choose a host that can.") : null;

    public string NameDisk(int index) => engine.NameDisk(index);

    public Task<IDomainCopy> StartAsync(CopyOrder order, CancellationToken cancellationToken) => engine.StartAsync(order, cancellationToken);

    public Task<IDomainCopy> PrepareReceiverAsync(CopyOrder order, CancellationToken cancellationToken) => engine.PrepareReceiverAsync(order, cancellationToken);

    public Task<ImmutableArray<IDomainCopy>> FindCopiesAsync(CancellationToken cancellationToken) => engine.FindCopiesAsync(cancellationToken);
}
