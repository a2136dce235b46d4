using System.Collections.Immutable;
using Godwit.Relocation;

namespace Godwit.Simulation.Histories;

/// <summary>The failpoints at which a relocation is in a step.</summary>
internal static class Steps
{
    public static readonly ImmutableArray<RelocationStep> All = [.. Enum.GetValues<RelocationStep>()];

    /// <summary>Points of both sides: a fault at the step comes at one of them.</summary>
    public static ImmutableArray<string> PointsOf(RelocationStep step) => step switch
    {
        RelocationStep.Check => ["source.Dial", "destination.Judge"],
        RelocationStep.Begin => ["source.RecordIntent"],
        RelocationStep.Prepare => ["source.SendPrepare", "destination.Prepare", "destination.SendPrepared"],
        RelocationStep.PreCopy => ["source.BeginSending"],
        RelocationStep.Stop => ["source.PermitSwitchover", "destination.Announce"],
        RelocationStep.HandOver => ["source.HandOver"],
        RelocationStep.Commit => ["destination.Commit"],
        RelocationStep.Fence => ["destination.Fence"],
        RelocationStep.Resume => ["destination.Resume"],
        RelocationStep.Confirm => ["destination.Confirm", "source.DestroyCopy"],
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "No such step."),
    };
}
