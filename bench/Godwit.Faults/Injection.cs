using System.Collections.Immutable;
using Godwit.Lab;

namespace Godwit.Faults;

/// <summary>Brings a fault about, and ends it.</summary>
internal sealed class Injection(FaultLab lab, string source, string destination)
{
    /// <summary>A host stays dark for so long after its plug was pulled.</summary>
    private static readonly TimeSpan Dark = TimeSpan.FromSeconds(3);

    /// <summary>Strikes; what is returned ends the fault, after the time that it lasts.</summary>
    /// <exception cref="InvalidOperationException">There is nothing to strike.</exception>
    public async Task<Func<CancellationToken, Task>> StrikeAsync(Fault fault, CancellationToken ct)
    {
        switch (fault)
        {
            case Fault.Kill { Victim: Victim.SourceHost or Victim.DestinationHost or Victim.StorageHost } f:
                var host = HostOf(f.Victim);
                await lab.Lab.PullPowerAsync(host, ct);
                return async token =>
                {
                    await Task.Delay(Dark, token);
                    await lab.Lab.PowerOnAsync(host, token);
                };
            case Fault.Kill f:
                foreach (var process in Find(f.Victim)) await process.KillAsync(ct);
                return _ => Task.CompletedTask;
            case Fault.Stop f:
                var stopped = Find(f.Victim);
                foreach (var process in stopped) await process.StopAsync(ct);
                return async token =>
                {
                    await Task.Delay(f.For, token);
                    foreach (var process in stopped) await process.ContinueAsync(token);
                };
            case Fault.Cut f:
                var cut = new LineCut(lab.Lab, Ends(f.Line), f.Direction);
                await cut.CutAsync(ct);
                return async token =>
                {
                    await Task.Delay(f.For, token);
                    await cut.MendAsync(token);
                };
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault, "No such fault.");
        }
    }

    private ImmutableArray<LabProcess> Find(Victim victim)
    {
        ImmutableArray<LabProcess> found = victim switch
        {
            Victim.SourceDaemon => lab.Daemons(source),
            Victim.DestinationDaemon => lab.Daemons(destination),
            Victim.Registry => lab.Daemons(FaultLab.Storage),
            Victim.SourceEngine => lab.Engines(source),
            Victim.DestinationEngine => lab.Engines(destination),
            Victim.Export => lab.AoeTools(FaultLab.Storage, "export"),
            Victim.SourceAttach => lab.AoeTools(source, "attach"),
            Victim.DestinationAttach => lab.AoeTools(destination, "attach"),
            _ => throw new ArgumentOutOfRangeException(nameof(victim), victim, "It is no process."),
        };
        return found.IsEmpty ? throw new InvalidOperationException($"there is no {Words.Of(victim)} to strike") : found;
    }

    private string HostOf(Victim victim) => victim switch
    {
        Victim.SourceHost => source,
        Victim.DestinationHost => destination,
        _ => FaultLab.Storage,
    };

    private (string From, string To, string Network) Ends(Line line) => line switch
    {
        Line.SourceDestination => (source, destination, "lan"),
        Line.SourceStorage => (source, FaultLab.Storage, "san"),
        Line.DestinationStorage => (destination, FaultLab.Storage, "san"),
        Line.DestinationRegistry => (destination, FaultLab.Storage, "lan"),
        _ => throw new ArgumentOutOfRangeException(nameof(line), line, "No such line."),
    };
}
