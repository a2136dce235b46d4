using System.Collections.Immutable;

namespace Godwit.Simulation.Histories;

/// <summary>The steps of the protocol's table.</summary>
internal enum Step
{
    Check = 1,
    Begin,
    Prepare,
    PreCopy,
    Stop,
    HandOver,
    Commit,
    Fence,
    Resume,
    Confirm,
}

/// <summary>The failpoints at which a relocation is in a step.</summary>
internal static class Steps
{
    public static readonly ImmutableArray<Step> All = [.. Enum.GetValues<Step>()];

    /// <summary>Points of both sides: a fault at the step comes at one of them.</summary>
    public static ImmutableArray<string> PointsOf(Step step) => step switch
    {
        Step.Check => ["source.Dial", "destination.Judge"],
        Step.Begin => ["source.RecordIntent"],
        Step.Prepare => ["source.SendPrepare", "destination.Prepare", "destination.SendPrepared"],
        Step.PreCopy => ["source.BeginSending"],
        Step.Stop => ["source.PermitSwitchover", "destination.Announce"],
        Step.HandOver => ["source.HandOver"],
        Step.Commit => ["destination.Commit"],
        Step.Fence => ["destination.Fence"],
        Step.Resume => ["destination.Resume"],
        Step.Confirm => ["destination.Confirm", "source.DestroyCopy"],
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "No such step."),
    };
}
