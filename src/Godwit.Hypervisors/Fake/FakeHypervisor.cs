using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Hypervisors.Fake;

/// <summary>The driver of a <see cref="FakeEngine"/>: what a daemon has of it, while the engine goes on without.</summary>
public sealed class FakeHypervisor(FakeEngine engine) : IHypervisor
{
    public EngineFacts Facts { get; } = new("fake", "1.0", "none", ["fake-1.0"], ["fake-cpu"]) { Resizes = engine.Options.Resizes };

    public EnginePin Pin(DomainSpec spec) => new(Facts.Engine, Facts.Accelerator, Facts.MachineTypes[0], Facts.CpuModels[0]);

    public string NameDisk(int index) => $"vd{(char)('a' + index)}";

    public Task<IDomainCopy> StartAsync(CopyOrder order, CancellationToken cancellationToken) =>
        MakeAsync(order, FakePoint.Start, CopyPhase.Prepared, cancellationToken);

    public Task<IDomainCopy> PrepareReceiverAsync(CopyOrder order, CancellationToken cancellationToken) =>
        MakeAsync(order, FakePoint.PrepareReceiver, CopyPhase.Receiving, cancellationToken);

    public Task<ImmutableArray<IDomainCopy>> FindCopiesAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<ImmutableArray<IDomainCopy>>([.. engine.Processes.Select(process => new FakeDomainCopy(engine, process))]);
    }

    private async Task<IDomainCopy> MakeAsync(CopyOrder order, FakePoint point, CopyPhase phase, CancellationToken cancellationToken)
    {
        await Task.Delay(engine.Options.StartTime, engine.Time, cancellationToken);
        engine.ThrowIfFailing(point);
        var process = engine.Launch(order, phase);
        return new FakeDomainCopy(engine, process);
    }
}
